"""The family `clients`: what a mail depends on that not every mail program understands.

Asking caniemail.com's data about each feature that occurs gives hundreds of lines, nearly all about
improvements. So only what readers lose something by is looked for (see `features`), once each, and a plain
value before it or a way around makes it harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import html as lxml_html

from newsletter.check import support
from newsletter.check.documents import Document
from newsletter.check.features import ELEMENTS, IMAGES, LAYOUT, LOOK, Feature, is_spare
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import place, remark, template
from newsletter.check.proof import Proof, words_of
from newsletter.check.rule import Family
from newsletter.check.stylesheet import Declaration, declarations
from newsletter.check.template_places import MAIL
from newsletter.errors import Where
from newsletter.language import N_, _

FAMILY = Family("clients")
SOURCE = "https://www.caniemail.com/"
MANY, FEW = 15.0, 1.0
"""Per cent of the readers: from here a warning; below, not worth a word."""
_CARRYING = {"color", "background", "background-color", "display", "font-size", "font-weight", "text-align",
             "width", "float", "position", "padding"}  # fmt: skip
"""Properties without which a mail looks broken, not only plainer."""
_SHOWING = {"display", "visibility", "opacity", "max-height", "height"}
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*font-family\s*:\s*[\"']?([^\"';}]+)", re.IGNORECASE)
_IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?([^\"');]+)", re.IGNORECASE)
_PSEUDO = re.compile(r"::?(before|after)\b")
_GENERATED = re.compile(r"[\"'][^\"']*\w[^\"']*[\"']|url\(|attr\(")
_STATE = {"css-pseudo-class-checked": ":checked", "css-pseudo-class-target": ":target",
          "css-pseudo-class-hover": ":hover"}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Declarations that count for an element: of its style attribute, or of a rule that always counts."""

    element: lxml_html.HtmlElement
    declarations: Sequence[Declaration]
    inline: bool


@FAMILY.rule(
    "layout",
    Severity.WARNING,
    title=N_("The layout holds in all mail programs"),
    why=N_(
        "Outlook on Windows lays mails out as Word does, GMX and WEB.DE drop much of CSS. What keeps the "
        "parts in their places must be understood everywhere. What each program understands is "
        "caniemail.com's data of 13 May 2026 (MIT, © 2019 Rémi Parmentier); the shares are estimates that "
        "[check] programs can correct."
    ),
    source=SOURCE,
)
def layout(proof: Proof) -> Iterator[Remark]:
    """Look for ways to lay out that not everybody knows."""
    yield from _of_css(proof, LAYOUT)


@FAMILY.rule(
    "look",
    Severity.WARNING,
    title=N_("Colours and sizes come from what all mail programs know"),
    why=N_(
        "A program drops the declarations that it does not know. With a plain value before it, nothing is "
        "lost; without one, text may stand in black on a dark ground."
    ),
    source=SOURCE,
)
def look(proof: Proof) -> Iterator[Remark]:
    """Look for values that not everybody knows, and for !important in style attributes."""
    yield from _of_css(proof, LOOK)
    feature = Feature(
        slug="css-important",
        shown='style="… !important"',
        loss=N_("the style that it stands in is missing"),
        cure=N_("Leave out !important in style attributes."),
        partly=True,
    )
    for document, blocks in _mails(proof):
        for block in blocks:
            for at, one in enumerate(block.declarations):
                plainly = any(other.name == one.name for other in block.declarations[:at])
                if block.inline and one.important and one.name in _CARRYING and not plainly:
                    yield from _told(proof, document, block.element, feature, pattern="!important")
                    return


@FAMILY.rule(
    "style-sheet",
    Severity.WARNING,
    title=N_("The mail is right without its <style>"),
    why=N_(
        "GMX and WEB.DE in the browser ignore <style> altogether, and Gmail does for addresses of others. "
        "What is in it may improve the mail (phone, dark scheme), but the style attributes must be enough."
    ),
    source=SOURCE,
)
def style_sheet(proof: Proof) -> Iterator[Remark]:
    """Look for what only a style sheet says, shows or loads."""
    for document, blocks in _mails(proof):
        yield from _only_in_sheet(proof, document)
        yield from _only_in_media(proof, document)
        yield from _generated(proof, document)
        yield from _states(proof, document)
        yield from _loaded(proof, document, blocks)


@FAMILY.rule(
    "element",
    Severity.WARNING,
    title=N_("There is nothing in the mail that only browsers show"),
    why=N_("Films, forms and the like are shown by few mail programs; the others leave a gap."),
    source=SOURCE,
)
def element(proof: Proof) -> Iterator[Remark]:
    """Look for elements and attributes that few programs know."""
    for document, _blocks in _mails(proof):
        for feature in ELEMENTS:
            found = next(
                (one for one in document.tree.iter(*feature.tags) if not feature.is_spared(one)), None
            )
            if found is not None:
                pattern = "|".join(rf"<(mj-)?{tag}\b" for tag in feature.tags)
                yield from _told(proof, document, found, feature, pattern=pattern)
        yield from _attributes(proof, document)


@FAMILY.rule(
    "image-type",
    Severity.WARNING,
    title=N_("Images are of a kind that all mail programs show"),
    why=N_(
        "JPEG, PNG and GIF are shown everywhere; of other kinds some readers see only the alternative text."
    ),
    source=SOURCE,
)
def image_type(proof: Proof) -> Iterator[Remark]:
    """Look at the files, and at images that stand in the mail's text itself."""
    for document, _blocks in _mails(proof):
        known: set[str] = set()
        for image in document.tree.iterfind(".//img[@src]"):
            source, kind = image.get("src", ""), _kind(proof, image.get("src", ""))
            for slug, name, ending in IMAGES:
                if slug not in known and re.fullmatch(ending, kind):
                    known.add(slug)
                    feature = Feature(
                        slug=slug, shown=_("The image format {name}").format(name=name),
                        loss=N_("only the alternative text is there"), cure=N_("Use JPEG or PNG."),
                    )  # fmt: skip
                    alt = image.get("alt", "")
                    yield from _told(
                        proof, document, image, feature, where=place(proof, document, image, alt)
                    )
            if source.startswith("data:") and "data" not in known:
                known.add("data")
                feature = Feature(
                    slug="image-base64", shown=_("An image within the address (data:)"), partly=True,
                    loss=N_("only the alternative text is there"),
                    cure=N_("Put the image into the folder of the issue or of the theme."),
                )  # fmt: skip
                yield from _told(proof, document, image, feature, pattern="data:image")


def _mails(proof: Proof) -> Iterator[tuple[Document, list[Block]]]:
    for document in proof.documents:
        if not document.page:
            yield document, list(_blocks(document))


def _blocks(document: Document) -> Iterator[Block]:
    """Give all that counts always: each style attribute once, and the rules outside of media queries."""
    known: set[tuple[str, str]] = set()
    for one in document.body.iter("*"):
        style = one.get("style")
        if style and (str(one.tag), style) not in known:
            known.add((str(one.tag), style))
            yield Block(one, declarations(style), inline=True)
    for rule in document.sheet.rules:
        if not rule.media:
            for selector in rule.selectors:
                yield from (
                    Block(one, rule.declarations, inline=False)
                    for one in document.sheet.elements(selector)[:1]
                )


def _of_css(proof: Proof, features: Sequence[Feature]) -> Iterator[Remark]:
    """Give one remark for each feature that something depends on."""
    anything = re.compile("|".join(f"(?:{feature.css})" for feature in features))
    for document, blocks in _mails(proof):
        known: set[str] = set()
        for block in blocks:
            for at, one in enumerate(block.declarations):
                text = f"{one.name}: {one.value}"
                for feature in features if anything.match(text) else ():
                    if feature.slug not in known and _depends(feature, text, at, block):
                        known.add(feature.slug)
                        pattern = rf"{re.escape(one.name)}\s*[:=]\s*\"?{re.escape(one.value)}"
                        yield from _told(proof, document, block.element, feature, pattern=pattern)


def _depends(feature: Feature, text: str, at: int, block: Block) -> bool:
    return bool(
        re.match(feature.css, text)
        and not feature.is_spared(block.element, block.declarations)
        and not is_spare(feature, at, block.declarations)
    )


def _only_in_sheet(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for a rule that carries the look of something that its style attribute does not."""
    feature = Feature(
        slug="html-style", shown="<style>",
        loss=N_("parts of the mail lose colours, sizes or places"),
        cure=N_("Move the rule to layout/content.css.j2, from which it is written into the elements."),
    )  # fmt: skip
    for rule in document.sheet.rules:
        carried = {one.name for one in rule.declarations if one.name in _CARRYING and not _is_reset(one)}
        if rule.media or not carried:
            continue
        for selector in rule.selectors:
            for found in document.sheet.elements(selector):
                own = {one.name for one in declarations(found.get("style", ""))}
                lost = carried - own - {"background-color" for name in own if name == "background"}
                if lost and found.tag not in {"html", "body"} and words_of(found):
                    yield from _told(proof, document, found, feature, pattern=_as_written(selector))
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
                    yield from _told(proof, document, found, feature, pattern=_as_written(selector))
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
                yield from _told(proof, document, found[0], feature, pattern=_as_written(selector))
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
                    yield from _told(proof, document, found[0], feature, pattern=_as_written(selector))
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
            yield from _told(proof, document, block.element, feature, pattern=f"(?i){re.escape(alone)}")
            break
    for link in document.tree.iterfind(".//link[@href]"):
        if link.get("rel", "").lower() == "stylesheet":
            yield from _told(proof, document, link, _elsewhere("html-link", "<link>"), pattern=r"<link\b")
            break
    if _IMPORT.search(text):
        style = next(document.tree.iter("style"))
        yield from _told(proof, document, style, _elsewhere("css-at-import", "@import"), pattern="@import")


def _elsewhere(slug: str, shown: str) -> Feature:
    return Feature(
        slug=slug,
        shown=shown,
        loss=N_("the styles in that file are missing"),
        cure=N_("Put the styles into the theme itself."),
    )


def _attributes(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for attributes that few programs know."""
    for one in document.body.iterfind(".//*[@hidden]"):
        if not any(said.name == "display" for said in declarations(one.get("style", ""))):
            feature = Feature(
                slug="html-hidden", shown="hidden", loss=N_("what should be hidden is seen"),
                cure=N_('Write style="display: none" as well.'),
            )  # fmt: skip
            yield from _told(proof, document, one, feature, pattern=r"<[^>]*\shidden\b")
            break
    if next(document.body.iterfind(".//*[@popover]"), None) is not None:
        one = next(document.body.iterfind(".//*[@popover]"))
        feature = Feature(
            slug="html-popover", shown="popover", loss=N_("what it shows cannot be opened"),
            cure=N_("Show everything always."),
        )  # fmt: skip
        yield from _told(proof, document, one, feature, pattern=r"\bpopover\b")
    for one in document.body.iterfind(".//*[@background]"):
        said = declarations(one.get("style", ""))
        if not one.get("bgcolor") and not any(each.name == "background-color" for each in said):
            feature = Feature(
                slug="html-background", shown='background="…"', partly=True,
                loss=N_("there is nothing behind the text, which may be unreadable"),
                cure=N_("Give a background colour with it, on which the text can be read."),
            )  # fmt: skip
            yield from _told(proof, document, one, feature, pattern=r"background(-url)?=")
            break


def _told(
    proof: Proof,
    document: Document,
    found: lxml_html.HtmlElement,
    feature: Feature,
    *,
    pattern: str = "",
    where: Where | None = None,
) -> Iterator[Remark]:
    """Say who does not understand a feature and what they see; nothing where it is hardly anybody."""
    without = support.affected(feature.slug, partly=feature.partly, shares=proof.settings.check.programs)
    if without.share < FEW:
        return
    message = _(
        "{feature} does not work in {programs}, about {share} % of the readers (caniemail.com, {date}): "
        "{loss}."
    )
    message = message.format(
        feature=feature.shown,
        programs=", ".join(_(support.NAMES[name]) for name in without.programs),
        share=round(without.share),
        date=support.date(),
        loss=_(feature.loss),
    )
    section = proof.section(document.sections.get(found, ""))
    kind = section.type.name if section else ""
    here = where or (proof.templates.find(pattern, kind=MAIL, section_type=kind) if pattern else None)
    yield remark(
        proof,
        document,
        found,
        message,
        _(feature.cure),
        where=here or template(proof, document, found),
        severity=None if without.share >= MANY else Severity.HINT,
    )


def _kind(proof: Proof, source: str) -> str:
    """Return what kind of file an image is, as its name would end."""
    if source.startswith("data:image/"):
        return re.split(r"[+;,]", source.removeprefix("data:image/"))[0].lower()
    edition = proof.edition
    names = {address: name for name, address in edition.mail_sources.items()} if edition else {}
    name = names.get(source, source.partition("?")[0])
    return name.partition("@")[0].rpartition(".")[2].lower()


def _as_written(selector: str) -> str:
    """Return a pattern that finds a selector however its spaces are set."""
    return r"\s*".join(re.escape(part) for part in re.split(r"\s+", selector))


def _is_reset(declaration: Declaration) -> bool:
    return declaration.value in {"0", "0px", "none", "auto", "inherit", "block", "inline", "normal"}
