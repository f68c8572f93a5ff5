"""The family `clients`, as far as it is about `<style>`: what is lost where nobody looks into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsletter.check.clients.depending import CARRYING, Block, mails, told
from newsletter.check.clients.features import Feature
from newsletter.check.css.stylesheet import Declaration, declarations
from newsletter.check.documents import Document
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof, words_of
from newsletter.check.rule import Family
from newsletter.language import N_

FAMILY = Family("clients")
_SHOWING = {"display", "visibility", "opacity", "max-height", "height"}
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*font-family\s*:\s*[\"']?([^\"';}]+)", re.IGNORECASE)
_IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?([^\"');]+)", re.IGNORECASE)
_PSEUDO = re.compile(r"::?(before|after)\b")
_GENERATED = re.compile(r"[\"'][^\"']*\w[^\"']*[\"']|url\(|attr\(")
_STATE = {"css-pseudo-class-checked": ":checked", "css-pseudo-class-target": ":target",
          "css-pseudo-class-hover": ":hover"}  # fmt: skip


@FAMILY.rule(
    "style-sheet",
    Severity.WARNING,
    title=N_("The mail is right without its <style>"),
    why=N_(
        "GMX and WEB.DE in the browser ignore <style> altogether, and Gmail does for addresses of others. "
        "What is in it may improve the mail (phone, dark scheme), but the style attributes must be enough."
    ),
    source="https://www.caniemail.com/",
)
def style_sheet(proof: Proof) -> Iterator[Remark]:
    """Look for what only a style sheet says, shows or loads."""
    for document, blocks in mails(proof):
        yield from _only_in_sheet(proof, document)
        yield from _only_in_media(proof, document)
        yield from _generated(proof, document)
        yield from _states(proof, document)
        yield from _loaded(proof, document, blocks)


def _only_in_sheet(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for a rule that carries the look of something that its style attribute does not."""
    feature = Feature(
        slug="html-style", shown="<style>",
        loss=N_("parts of the mail lose colours, sizes or places"),
        cure=N_("Move the rule to layout/content.css.j2, from which it is written into the elements."),
    )  # fmt: skip
    for rule in document.sheet.rules:
        carried = {one.name for one in rule.declarations if one.name in CARRYING and not _is_reset(one)}
        if rule.media or not carried:
            continue
        for selector in rule.selectors:
            for found in document.sheet.elements(selector):
                own = {one.name for one in declarations(found.get("style", ""))}
                lost = carried - own - {"background-color" for name in own if name == "background"}
                if lost and found.tag not in {"html", "body"} and words_of(found):
                    yield from told(proof, document, found, feature, pattern=_as_written(selector))
                    return


def _only_in_media(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for words that are hidden until a media query shows them."""
    feature = Feature(
        slug="css-at-media", shown="@media",
        loss=N_("words that only a media query shows are never seen"),
        cure=N_("Show these words always."),
    )  # fmt: skip
    for rule in document.sheet.rules:
        shows = any(one.name == "display" and one.value != "none" for one in rule.declarations)
        if not (rule.media and shows):
            continue
        for selector in rule.selectors:
            for found in document.sheet.elements(selector):
                inline = declarations(found.get("style", ""))
                if any(one.name == "display" and one.value == "none" for one in inline) and words_of(found):
                    yield from told(proof, document, found, feature, pattern=_as_written(selector))
                    return


def _generated(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for text or images that ::before and ::after add."""
    for rule in document.sheet.rules:
        if not any(one.name == "content" and _GENERATED.search(one.value) for one in rule.declarations):
            continue
        for selector in rule.selectors:
            kind = _PSEUDO.search(selector)
            found = document.sheet.elements(_PSEUDO.sub("", selector)) if kind else ()
            if kind and found:
                feature = Feature(
                    slug=f"css-pseudo-element-{kind[1]}", shown=f"::{kind[1]}",
                    loss=N_("the text or image that it adds is missing"),
                    cure=N_("Write it into the text itself."),
                )  # fmt: skip
                yield from told(proof, document, found[0], feature, pattern=_as_written(selector))
                return


def _states(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for parts that appear when a reader does something."""
    for slug, state in _STATE.items():
        for rule in document.sheet.rules:
            if not any(one.name in _SHOWING for one in rule.declarations):
                continue
            for selector in rule.selectors:
                found = document.sheet.elements(selector.replace(state, "")) if state in selector else ()
                if found:
                    feature = Feature(
                        slug=slug, shown=state,
                        loss=N_("what it shows or hides cannot be opened"),
                        cure=N_("Show everything always."),
                    )  # fmt: skip
                    yield from told(proof, document, found[0], feature, pattern=_as_written(selector))
                    return


def _loaded(proof: Proof, document: Document, blocks: Sequence[Block]) -> Iterator[Remark]:
    """Look for fonts without another in their place, and for style sheets that are somewhere else."""
    text = "\n".join(style.text or "" for style in document.tree.iter("style"))
    fonts = {name.strip().lower() for name in _FONT_FACE.findall(text)}
    for block in blocks:
        families = [
            one.value.strip("\"' ").lower() for one in block.declarations if one.name == "font-family"
        ]
        if alone := next((family for family in families if family in fonts), None):
            feature = Feature(
                slug="css-at-font-face", shown="@font-face", partly=True,
                loss=N_("text is set in Times"),
                cure=N_("Name another font behind it, such as Arial, sans-serif."),
            )  # fmt: skip
            yield from told(proof, document, block.element, feature, pattern=f"(?i){re.escape(alone)}")
            break
    for link in document.tree.iterfind(".//link[@href]"):
        if link.get("rel", "").lower() == "stylesheet":
            yield from told(proof, document, link, _elsewhere("html-link", "<link>"), pattern=r"<link\b")
            break
    if _IMPORT.search(text):
        style = next(document.tree.iter("style"))
        yield from told(proof, document, style, _elsewhere("css-at-import", "@import"), pattern="@import")


def _elsewhere(slug: str, shown: str) -> Feature:
    return Feature(
        slug=slug,
        shown=shown,
        loss=N_("the styles in that file are missing"),
        cure=N_("Put the styles into the theme itself."),
    )


def _as_written(selector: str) -> str:
    """Return a pattern that finds a selector however its spaces are set."""
    return r"\s*".join(re.escape(part) for part in re.split(r"\s+", selector))


def _is_reset(declaration: Declaration) -> bool:
    return declaration.value in {"0", "0px", "none", "auto", "inherit", "block", "inline", "normal"}
