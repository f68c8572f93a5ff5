"""The family `pictures`: images that are blurred, or that vanish on a dark ground, or are described badly."""
# ruff: noqa: PLC0415 (Pillow is imported only for an image that is not known yet, as in compose/images)

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from lxml import html as lxml_html

from newsletter.check.css.colours import WHITE, Colour, parse
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from newsletter.check.rule import Family
from newsletter.check.shown import Shown
from newsletter.compose.cache import Drawer
from newsletter.compose.edition import Asset
from newsletter.compose.images import DENSITY
from newsletter.compose.theme import Theme
from newsletter.language import N_, Phrases, _

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

FAMILY = Family("pictures")

RECIPE = 1
"""Raise it whenever the same image would be judged otherwise; kept judgements are then made anew."""
MUCH_CLEAR = 0.25
"""The share of clear pixels from which an image is a logo or a drawing; a portrait in a circle has 0.21."""
FAINT = 2.0
"""The contrast below which an outline is hardly seen; WCAG 1.4.11 wants 3, but exempts logos."""
MOST_FAINT = 0.5
"""The share of a shape's outline that may be faint."""
_SOLID = 128
"""Opacity (of 255) from which a pixel is taken to be seen."""
_GROUNDS = {"card": "card", "tint": "tint", "panel": "tint", "band": "band", "foot": "canvas"}
"""The theme's ground behind what lies in an element of a class."""
_IDLE = re.compile(
    r"(?:(?:das|ein|eine|the|an?)\s+)?(?:bild|foto|fotografie|abbildung|grafik|image|picture|photo|graphic)"
    r"(?:\s+(?:von|vom|einer|eines|der|des|of)\b|\s+(?:zeigt|shows)\b|\s*:)",
    re.IGNORECASE,
)


@FAMILY.rule(
    "type",
    Severity.ERROR,
    title=N_("Images are of a kind that every mail program shows"),
    why=N_(
        "PNG and JPEG are shown everywhere; Outlook shows only the first picture of an animation, Gmail no "
        "SVG, many no TIFF or HEIC. GIF and WebP are taken as well, and sent as PNG or JPEG."
    ),
    source="https://www.caniemail.com/search/?s=image",
)
def image_type(proof: Proof) -> Iterator[Remark]:
    """Pass on what the composer refused."""
    for fault in proof.faults:
        if fault.rule == "pictures.type":
            yield Remark(fault.where, fault.message, fault.cure)


@FAMILY.rule(
    "resolution",
    Severity.HINT,
    title=N_("Images have two pixels for each one that is shown"),
    why=N_(
        "Phones and newer screens show two pixels where the layout counts one: an image without them looks "
        "blurred beside the sharp text, which is seen most at logos, maps and writing."
    ),
    source="https://developer.mozilla.org/docs/Web/API/Window/devicePixelRatio",
)
def resolution(proof: Proof) -> Iterator[Remark]:
    """Compare the pixels there are with the room that the section gives the image."""
    with_facts = _Judge(proof)
    for one in proof.shown:
        pixels, wanted = with_facts.of(one).pixels, DENSITY * one.room
        if pixels >= wanted:
            continue
        message = _(
            "“{file}” is {pixels} pixels wide, where it is shown {room} wide: it looks blurred on phones."
        )
        severity = Severity.HINT
        if pixels < one.room:
            message = _("“{file}” is only {pixels} pixels wide, less than its place in the mail ({room}).")
            severity = Severity.WARNING
        cure = _("Use a larger original of at least {wanted} pixels; enlarging this one does not help.")
        yield Remark(
            one.where,
            message.format(file=one.file, pixels=pixels, room=one.room),
            cure.format(wanted=wanted),
            one.anchor,
            one.file,
            severity,
        )


@FAMILY.rule(
    "vanishing",
    Severity.WARNING,
    title=N_("Transparent images can be seen on light and on dark ground"),
    why=N_(
        "A logo without a ground of its own lies on whatever the mail program puts behind it: dark writing "
        "vanishes in dark mode, white writing in light mode."
    ),
    source="https://www.caniemail.com/features/css-at-media-prefers-color-scheme/",
)
def vanishing(proof: Proof) -> Iterator[Remark]:
    """Compare the outline of what is seen of an image with the ground that it lies on."""
    judge = _Judge(proof)
    for one in proof.shown:
        facts = judge.of(one)
        for dark, ground in judge.grounds(one) if facts.outline else ():
            if facts.is_faint_on(ground):
                message = _("“{file}” is transparent and light: on light ground it can hardly be seen.")
                cure = _("Give it a dark ground or a dark outline, or use a version in a middle tone.")
                if dark:
                    message = _("“{file}” is transparent and dark: in dark mode it can hardly be seen.")
                    cure = _("Give it a light ground or a light outline, or use a version in a middle tone.")
                yield Remark(one.where, message.format(file=one.file), cure, one.anchor, one.file)


@FAMILY.rule(
    "idle-words",
    Severity.WARNING,
    title=N_("Alternative texts come to the point"),
    why=N_(
        "A screen reader says “image” before each alternative text already; who listens hears it twice, and "
        "what is to be seen only after it."
    ),
    source="https://www.w3.org/WAI/tutorials/images/tips/",
)
def idle_words(proof: Proof) -> Iterator[Remark]:
    """Look for “Bild von …” and the like at the beginning of alternative texts."""
    for one in proof.written:
        if one.name == "alt" and (found := _IDLE.match(one.text.value)):
            message = _("The alternative text begins with “{words}”.").format(words=found[0])
            cure = _("Leave that out and say at once what is to be seen.")
            yield Remark(proof.point(one.text.where, found[0]), message, cure, one.anchor, one.text.value)


_Tones = tuple[tuple[float, float], ...]
"""Relative luminances (0 for black to 1 for white), each with its share of the pixels."""


@dataclass(frozen=True)
class _Facts:
    """What is to be known of a finished image."""

    pixels: int
    """Its width."""
    outline: _Tones = ()
    """Of what is seen of a transparent drawing, at its edge; empty for all other images."""
    whole: _Tones = ()
    """Of all that is seen of it."""

    def is_faint_on(self, ground: Colour) -> bool:
        """Say whether neither its outline nor its inside stands out from a ground."""
        base = ground.luminance
        return all(
            sum(share for tone, share in tones if _ratio(tone, base) < FAINT) > MOST_FAINT
            for tones in (self.outline, self.whole)
        )


class _Judge:
    """Looks at images, and remembers in the builds' cache what it saw."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        file = proof.cache / f"pictures-{proof.edition.id}.json" if proof.cache and proof.edition else None
        self._drawer = Drawer(file)

    def of(self, one: Shown) -> _Facts:
        """Return the facts of an image."""
        key = f"{RECIPE} {one.asset.name}"
        kept = self._drawer.get(key)
        if kept is None:
            facts = _facts(one.asset)
            self._drawer.put(key, json.dumps(asdict(facts)))
            self._drawer.save()
            return facts
        return _Facts(**json.loads(kept))

    def grounds(self, one: Shown) -> tuple[tuple[bool, Colour], ...]:
        """Return the theme's colours behind an image: in the light scheme, and (True) in the dark one."""
        name = self._ground_names.get(one.source, "card")
        schemes = ((False, self._theme["light"]), (True, self._theme["dark"]))
        return tuple((dark, parse(values[name]) or WHITE) for dark, values in schemes)

    @cached_property
    def _ground_names(self) -> Mapping[str, str]:
        images = (image for mail in self._proof.mails for image in mail.images)
        return {image.get("src", ""): _ground(image) for image in images}

    @cached_property
    def _theme(self) -> Mapping[str, Mapping[str, str]]:
        return Theme(self._proof.folders, Phrases("en")).values


def _ground(image: lxml_html.HtmlElement) -> str:
    for element in image.iterancestors("*"):
        for name in element.get("class", "").split():
            if name in _GROUNDS:
                return _GROUNDS[name]
    return "card"


def _ratio(one: float, other: float) -> float:
    """Return the contrast of two luminances (WCAG 2.2, “contrast ratio”)."""
    darker, lighter = sorted((one, other))
    return (lighter + 0.05) / (darker + 0.05)


def _facts(asset: Asset) -> _Facts:
    """Look at what is seen of an image, and at its outline: the pixels that have a clear one beside them."""
    from PIL import Image, ImageChops, ImageFilter

    with Image.open(BytesIO(asset.data)) as file:
        if not file.has_transparency_data:
            return _Facts(file.width)
        image = file.convert("RGBA")
    seen = image.getchannel("A").point(lambda opacity: 255 * (opacity >= _SOLID))
    if seen.histogram()[0] < MUCH_CLEAR * image.width * image.height:
        return _Facts(image.width)
    outline = ImageChops.subtract(seen, seen.filter(ImageFilter.MinFilter(3)))
    return _Facts(image.width, _tones(image, outline), _tones(image, seen))


def _tones(image: PillowImage, mask: PillowImage) -> _Tones:
    """Count the luminances of the pixels that a mask lets through, of colours rounded to 4 bits a channel."""
    from PIL import ImageOps

    rounded = ImageOps.posterize(image.convert("RGB"), 4)
    rounded.putalpha(mask)
    found: Counter[float] = Counter()
    colours: list[tuple[int, tuple[int, ...]]] = rounded.getcolors(2 * 16**3) or []  # type: ignore[assignment] # RGBA
    for count, (red, green, blue, opacity) in colours:
        if opacity:
            found[round(Colour(red + 8, green + 8, blue + 8).luminance, 2)] += count
    return tuple((tone, round(count / found.total(), 3)) for tone, count in sorted(found.items()))
