"""The family `size`: what mail programs cut off, leave out, or load for long."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Mail, Proof
from newsletter.check.rule import EDITORIAL, Family
from newsletter.check.shown import Shown
from newsletter.compose.edition import Edition
from newsletter.config import FILENAME
from newsletter.errors import Where
from newsletter.issue.model import Section, Text
from newsletter.language import N_, Phrases, _, number
from newsletter.mail.salutation import FORMS, Reader, values
from newsletter.mail.tokens import STAND_IN
from newsletter.mail.ways_out import PLACE, WaysOut
from newsletter.settings_model import Settings

FAMILY = Family("size")

LARGE_HTML, MOST_HTML = 80_000, 100_000
"""Bytes of the HTML: told, and refused. Gmail cuts at about 102,000; nobody knows exactly what it counts."""
MOST_STYLE = 16_384
"""Characters in all `<style>` together."""
LARGE_IMAGE, MOST_IMAGE = 200_000, 1_000_000
"""Bytes of one image: told, and refused."""
LARGE_IMAGES = 800_000
"""Bytes of all images of a mail."""
_C1 = re.compile("[\x80-\x9f]")
_STYLES = "layout/mail.css.j2"


@FAMILY.rule(
    "html",
    Severity.WARNING,
    title=N_("The HTML is small enough to be shown whole"),
    why=N_(
        "Gmail cuts a mail off at about 102 KB of HTML: what follows, and with it the way to unsubscribe, is "
        "hidden behind a link. What counts is the finished mail with its personal places filled; images "
        "don't count."
    ),
    source="https://github.com/hteumeuleu/email-bugs/issues/41",
)
def html_size(proof: Proof) -> Iterator[Remark]:
    """Weigh the largest variant for a reader with long names."""
    if proof.edition is None:
        return
    size, mail = max(((personal_size(proof, mail), mail) for mail in proof.mails), key=lambda pair: pair[0])
    if size < LARGE_HTML:
        return
    message = _("The HTML of the mail has {size} KB; Gmail cuts a mail off at about 102 KB.")
    if len(proof.mails) > 1:
        message = _("The HTML for “{variant}” has {size} KB; Gmail cuts a mail off at about 102 KB.")
    message = message.format(variant=mail.variant.name, size=_kilobytes(size))
    anchor, share = _longest_section(mail)
    section = proof.section(anchor)
    cure = _("Shorten it: the section “{name}” alone has {size} KB; put its text on the web and link to it.")
    yield Remark(
        section.where if section else Where(proof.file),
        message,
        cure.format(name=_heading(section) or anchor, size=_kilobytes(share)),
        anchor,
        severity=Severity.ERROR if size >= MOST_HTML else Severity.WARNING,
    )


def personal_size(proof: Proof, mail: Mail) -> int:
    """Return how many bytes a variant's HTML has, as it is sent, for a reader with long personal values."""
    if proof.edition is None:
        return len(mail.html.encode())
    filled = proof.edition.fill(mail.variant.html, _long_values(proof.edition, proof.settings), html.escape)
    return len(filled.replace("\n", "\r\n").encode())


def _long_values(edition: Edition, settings: Settings) -> Mapping[str, str]:
    """Return for each personal place the longest of what plausibly stands in it."""
    phrases = Phrases(edition.language)
    found: dict[str, str] = {PLACE: STAND_IN.join(WaysOut.of(settings).url)}
    for form in FORMS.values():
        reader = Reader(
            form=form,
            title="Prof. Dr. Dr. h. c.",
            first_name="Maximiliane Alexandra",
            last_name="von Müller-Lüdenscheidt-Großenbröde",
            organisation="Zweckverband für die Abfallwirtschaft der Städte und Gemeinden im Kreis Musterland",
            fields=dict.fromkeys(settings.fields, "Regierungsbezirk Nordrhein-Westfalen"),
        )
        for name, value in values(reader, phrases).items():
            found[name] = max(found.get(name, ""), value, key=len)
    fallbacks = {place.name: place.fallback for place in edition.places}
    return {name: max(value, fallbacks.get(name, ""), key=len) for name, value in found.items()}


def _heading(section: Section | None) -> str:
    heading = section.values.get("heading") if section else None
    return heading.value if isinstance(heading, Text) else ""


def _longest_section(mail: Mail) -> tuple[str, int]:
    """Return the anchor of a variant's longest section, and about how many bytes it has."""
    text = mail.variant.html
    places = {anchor: text.find(f'id="{anchor}"') for anchor in mail.variant.sections}
    begins = sorted((place, anchor) for anchor, place in places.items() if place >= 0)
    if not begins:
        return "", 0
    spans = pairwise([*begins, (len(text), "")])
    sizes = [(len(text[begin:end].encode()), anchor) for (begin, anchor), (end, _next) in spans]
    size, anchor = max(sizes)
    return anchor, size


@FAMILY.rule(
    "style",
    Severity.ERROR,
    title=N_("The styles in the head are small enough for Gmail"),
    why=N_(
        "Gmail takes 16,384 characters of <style> in all and drops what goes beyond, by some reports "
        "everything: then phones get the layout of the desktop."
    ),
    source="https://www.caniemail.com/features/html-style/",
)
def style_size(proof: Proof) -> Iterator[Remark]:
    """Count the characters of all styles together; Outlook's are in comments, which Gmail leaves out."""
    for mail in proof.mails:
        size = sum(len(style.text or "") for style in mail.tree.iter("style"))
        if size > MOST_STYLE:
            message = _("The styles in the mail's head have {size} characters; Gmail takes {most}.")
            cure = _("Shorten the theme's {file}; what is used in one place can stand there inline.")
            files = [folder / _STYLES for folder in proof.folders]
            where = Where(next((file for file in files if file.is_file()), files[0]), 1, 1)
            yield Remark(where, message.format(size=size, most=MOST_STYLE), cure.format(file=_STYLES))
            return


@FAMILY.rule(
    "image",
    Severity.WARNING,
    title=N_("Each image is light"),
    why=N_(
        "Many read on the road: an image of 1 MB takes 8 seconds at 1 Mbit/s, and it costs. What counts is "
        "the image as it is sent, made smaller by the program already."
    ),
    source="https://github.com/resend/react-email",
)
def image_size(proof: Proof) -> Iterator[Remark]:
    """Weigh each image once."""
    for one in {image.asset.name: image for image in reversed(proof.shown)}.values():
        size = len(one.asset.data)
        if size > LARGE_IMAGE:
            message = _("The image “{file}” has {size} KB in the mail.").format(
                file=one.file, size=_kilobytes(size)
            )
            yield Remark(
                one.where,
                message,
                _lighter(one),
                one.anchor,
                one.file,
                Severity.ERROR if size > MOST_IMAGE else Severity.WARNING,
            )


def _lighter(one: Shown) -> str:
    if one.asset.media_type == "image/png":
        return _("Save it as JPEG if it is a photo; a drawing gets lighter with fewer colours.")
    return _("Crop it to what matters, or save it with a stronger compression.")


@FAMILY.rule(
    "images",
    Severity.WARNING,
    title=N_("All images together are light"),
    why=N_(
        "Images that travel in the mail make it heavy for every mailbox and mail server (as text, they grow "
        "by a third); images on the web make it slow to open."
    ),
    source=EDITORIAL,
)
def images_size(proof: Proof) -> Iterator[Remark]:
    """Weigh the images of the variant that has the heaviest."""
    images = {image.source: image for image in proof.shown}
    if not images or proof.edition is None:
        return
    sums = (
        [one for source, one in images.items() if source in variant.html]
        for variant in proof.edition.variants
    )
    heaviest = max(sums, key=_weight)
    if _weight(heaviest) > LARGE_IMAGES:
        first = max(heaviest, key=lambda one: len(one.asset.data))
        message = _("The images of the mail have {size} KB together; {most} are enough.")
        cure = _("Leave one out or save it lighter; “{file}” is the heaviest with {size} KB.")
        yield Remark(
            first.where,
            message.format(size=_kilobytes(_weight(heaviest)), most=_kilobytes(LARGE_IMAGES)),
            cure.format(file=first.file, size=_kilobytes(len(first.asset.data))),
            first.anchor,
            first.file,
        )


def _weight(images: list[Shown]) -> int:
    return sum(len(one.asset.data) for one in images)


@FAMILY.rule(
    "control-characters",
    Severity.ERROR,
    title=N_("No invisible control characters in the HTML"),
    why=N_(
        "The characters U+0080 to U+009F come from texts whose encoding was read wrongly (a “smart quote” of "
        "old Windows). Nobody sees them, but Gmail then calls even a short mail cut off."
    ),
    source="https://github.com/hteumeuleu/email-bugs/issues/41",
)
def control_characters(proof: Proof) -> Iterator[Remark]:
    """Look for them; an issue cannot hold them, so the theme or the settings do."""
    for found in dict.fromkeys(_C1.findall("".join(mail.html for mail in proof.mails))):
        message = _("The HTML holds the control character U+{code:04X}.").format(code=ord(found))
        cure = _("Type the passage anew; most likely a quotation mark or a dash belongs there.")
        yield Remark(_place_of(found, proof), message, cure)


def _place_of(wanted: str, proof: Proof) -> Where:
    files = [proof.file, proof.root / FILENAME]
    files += [path for folder in proof.folders for path in sorted(folder.rglob("*.j2"))]
    for file in files:
        for number_, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
            if wanted in line:
                return Where(file, number_, line.index(wanted) + 1)
    return Where(proof.file)


def _kilobytes(size: int) -> str:
    return number(size / 1000, 0)
