"""The family `clients`: what a mail depends on that not every mail program understands.

Asking caniemail.com's data about each feature that occurs gives hundreds of lines, nearly all about
improvements. So only what readers lose something by is looked for (see `features`), once each, and a plain
value before it or a way around makes it harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsletter.check.clients.depending import CARRYING, Block, mails, told
from newsletter.check.clients.features import ELEMENTS, IMAGES, LAYOUT, LOOK, Feature, is_spare
from newsletter.check.css.stylesheet import declarations
from newsletter.check.documents import Document
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import place
from newsletter.check.proof import Proof
from newsletter.check.rule import Family
from newsletter.language import N_, _

FAMILY = Family("clients")
SOURCE = "https://www.caniemail.com/"


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
    for document, blocks in mails(proof):
        for block in blocks:
            for at, one in enumerate(block.declarations):
                plainly = any(other.name == one.name for other in block.declarations[:at])
                if block.inline and one.important and one.name in CARRYING and not plainly:
                    yield from told(proof, document, block.element, feature, pattern="!important")
                    return


@FAMILY.rule(
    "element",
    Severity.WARNING,
    title=N_("There is nothing in the mail that only browsers show"),
    why=N_("Films, forms and the like are shown by few mail programs; the others leave a gap."),
    source=SOURCE,
)
def element(proof: Proof) -> Iterator[Remark]:
    """Look for elements and attributes that few programs know."""
    for document, _blocks in mails(proof):
        for feature in ELEMENTS:
            found = next(
                (one for one in document.tree.iter(*feature.tags) if not feature.is_spared(one)), None
            )
            if found is not None:
                pattern = "|".join(rf"<(mj-)?{tag}\b" for tag in feature.tags)
                yield from told(proof, document, found, feature, pattern=pattern)
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
    for document, _blocks in mails(proof):
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
                    yield from told(proof, document, image, feature, where=place(proof, document, image, alt))
            if source.startswith("data:") and "data" not in known:
                known.add("data")
                feature = Feature(
                    slug="image-base64", shown=_("An image within the address (data:)"), partly=True,
                    loss=N_("only the alternative text is there"),
                    cure=N_("Put the image into the folder of the issue or of the theme."),
                )  # fmt: skip
                yield from told(proof, document, image, feature, pattern="data:image")


def _of_css(proof: Proof, features: Sequence[Feature]) -> Iterator[Remark]:
    """Give one remark for each feature that something depends on."""
    anything = re.compile("|".join(f"(?:{feature.css})" for feature in features))
    for document, blocks in mails(proof):
        known: set[str] = set()
        for block in blocks:
            for at, one in enumerate(block.declarations):
                text = f"{one.name}: {one.value}"
                for feature in features if anything.match(text) else ():
                    if feature.slug not in known and _depends(feature, text, at, block):
                        known.add(feature.slug)
                        pattern = rf"{re.escape(one.name)}\s*[:=]\s*\"?{re.escape(one.value)}"
                        yield from told(proof, document, block.element, feature, pattern=pattern)


def _depends(feature: Feature, text: str, at: int, block: Block) -> bool:
    return bool(
        re.match(feature.css, text)
        and not feature.is_spared(block.element, block.declarations)
        and not is_spare(feature, at, block.declarations)
    )


def _attributes(proof: Proof, document: Document) -> Iterator[Remark]:
    """Look for attributes that few programs know."""
    for one in document.body.iterfind(".//*[@hidden]"):
        if not any(said.name == "display" for said in declarations(one.get("style", ""))):
            feature = Feature(
                slug="html-hidden", shown="hidden", loss=N_("what should be hidden is seen"),
                cure=N_('Write style="display: none" as well.'),
            )  # fmt: skip
            yield from told(proof, document, one, feature, pattern=r"<[^>]*\shidden\b")
            break
    if next(document.body.iterfind(".//*[@popover]"), None) is not None:
        one = next(document.body.iterfind(".//*[@popover]"))
        feature = Feature(
            slug="html-popover", shown="popover", loss=N_("what it shows cannot be opened"),
            cure=N_("Show everything always."),
        )  # fmt: skip
        yield from told(proof, document, one, feature, pattern=r"\bpopover\b")
    for one in document.body.iterfind(".//*[@background]"):
        said = declarations(one.get("style", ""))
        if not one.get("bgcolor") and not any(each.name == "background-color" for each in said):
            feature = Feature(
                slug="html-background", shown='background="…"', partly=True,
                loss=N_("there is nothing behind the text, which may be unreadable"),
                cure=N_("Give a background colour with it, on which the text can be read."),
            )  # fmt: skip
            yield from told(proof, document, one, feature, pattern=r"background(-url)?=")
            break


def _kind(proof: Proof, source: str) -> str:
    """Return what kind of file an image is, as its name would end."""
    if source.startswith("data:image/"):
        return re.split(r"[+;,]", source.removeprefix("data:image/"))[0].lower()
    edition = proof.edition
    names = {address: name for name, address in edition.mail_sources.items()} if edition else {}
    name = names.get(source, source.partition("?")[0])
    return name.partition("@")[0].rpartition(".")[2].lower()
