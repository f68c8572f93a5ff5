"""The features a mail may depend on, what is lost without each, and when nothing is.

Only what hurts is here: rounded corners, shadows, hover colours, media queries and the like are improvements
that may be missing. Slugs are caniemail's; which programs lack them is in `support`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import html as lxml_html

from newsletter.check.css.colours import parse
from newsletter.check.css.stylesheet import Declaration, split
from newsletter.language import N_

Spared = Callable[[lxml_html.HtmlElement, Sequence[Declaration]], bool]
"""Says of an element and its declarations whether it stays as it should without the feature."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Something of HTML or CSS that not every program understands."""

    slug: str
    shown: str
    """How it is written in messages."""
    loss: str
    """What readers see instead, as a clause."""
    cure: str
    css: str = ""
    """A regular expression for a declaration as `name: value`."""
    tags: tuple[str, ...] = ()
    """Elements that are it."""
    partly: bool = False
    """Whether it is lost as well where caniemail says that it is understood in part."""
    spared: Spared | None = None

    def is_spared(self, element: lxml_html.HtmlElement, block: Sequence[Declaration] = ()) -> bool:
        """Say whether an element stays as it should without it."""
        return self.spared is not None and self.spared(element, block)


def _hidden_anyway(_element: lxml_html.HtmlElement, block: Sequence[Declaration]) -> bool:
    return any(one.name == "display" and one.value == "none" for one in block)


def _coloured(element: lxml_html.HtmlElement, block: Sequence[Declaration]) -> bool:
    """A colour behind it is there as well."""
    values = [part for one in block if one.name.startswith("background") for part in split(one.value)]
    return bool(element.get("bgcolor")) or any(parse(value) for value in values)


def _aligned(element: lxml_html.HtmlElement, _block: Sequence[Declaration]) -> bool:
    return bool(element.get("align"))


def _sized(element: lxml_html.HtmlElement, block: Sequence[Declaration]) -> bool:
    """Only images without a width of their own are shown too wide."""
    return element.tag != "img" or bool(element.get("width")) or any(one.name == "width" for one in block)


def _has_image(element: lxml_html.HtmlElement, _block: Sequence[Declaration]) -> bool:
    return element.find(".//img[@src]") is not None


def _has_words(element: lxml_html.HtmlElement, _block: Sequence[Declaration]) -> bool:
    return bool("".join(element.itertext()).strip())


_COLUMNS = N_("Lay it out with columns (mj-column) or with a table.")
_PLAIN_COLOUR = N_("Give a plain colour as #rrggbb before it, for programs that do not know it.")
_PLAIN_VALUE = N_("Give a plain value in px before it, for programs that do not know it.")
_LEFT_OUT = N_("Leave it out, and link to a page that has it.")
_TOGETHER = N_("parts stand one below the other")
_NO_COLOUR = N_("the colour is missing, and text may be unreadable")
_NO_SIZE = N_("sizes and spaces are wrong")
_NO_SPACE = N_("the space around it is missing")
_UNSEEN = N_("it is not shown, or does not work")
_OVERLAID = N_("parts stand somewhere else")
_BACK = N_("Give a background colour with it, on which the text can be read.")

LAYOUT = (
    Feature(slug="css-display-flex", shown="display: flex", css=r"display: (inline-)?flex",
            loss=_TOGETHER, cure=_COLUMNS),
    Feature(slug="css-display-grid", shown="display: grid", css=r"display: (inline-)?grid",
            loss=_TOGETHER, cure=_COLUMNS),
    Feature(slug="css-float", shown="float", css=r"float: (left|right)", spared=_aligned,
            loss=_TOGETHER, cure=N_('Write align="left" or align="right" into the element as well.')),
    Feature(slug="css-column-count", shown="columns", css=r"column(-count|s): \d", loss=_TOGETHER,
            cure=_COLUMNS),
    Feature(slug="css-position", shown="position", css=r"position: (absolute|fixed|sticky)",
            loss=_OVERLAID, cure=N_("Put it where it belongs in the order of the mail.")),
    Feature(slug="css-transform", shown="transform", css=r"(transform|rotate|scale|translate): (?!none)",
            loss=_OVERLAID, cure=N_("Leave it out, or show it in an image.")),
    Feature(slug="css-writing-mode", shown="writing-mode", css=r"writing-mode: (vertical|sideways)",
            loss=N_("text runs horizontally"), cure=N_("Let text run horizontally, or show it in an image.")),
    Feature(slug="css-max-width", shown="max-width", css=r"max-width: \d", spared=_sized, partly=True,
            loss=N_("images are as wide as their file"), cure=N_('Write width="…" into the image as well.')),
    Feature(slug="css-object-fit", shown="object-fit", css=r"object-fit: (?!fill)",
            loss=N_("images are distorted"), cure=N_("Cut the image to the size that it is shown in.")),
    Feature(slug="css-aspect-ratio", shown="aspect-ratio", css=r"aspect-ratio: \d",
            loss=N_("heights are wrong"), cure=N_("Give width and height in px.")),
    Feature(slug="css-margin-inline-block", shown="margin-inline, margin-block", css=r"margin-(inline|block)",
            loss=_NO_SPACE, cure=N_("Write margin-left, margin-top and so on.")),
    Feature(slug="css-padding-inline-block", shown="padding-inline, padding-block",
            css=r"padding-(inline|block)", loss=_NO_SPACE,
            cure=N_("Write padding-left, padding-top and so on.")),
    Feature(slug="css-inset", shown="inset", css=r"inset: ", loss=_OVERLAID,
            cure=N_("Put it where it belongs in the order of the mail.")),
)  # fmt: skip
"""What holds the parts of a mail in their places."""

LOOK = (
    Feature(slug="css-background-image", shown="background-image", css=r"background(-image)?: .*url\(",
            spared=_coloured, loss=N_("there is nothing behind the text, which may be unreadable"),
            cure=_BACK),
    Feature(slug="css-linear-gradient", shown="linear-gradient()", css=r"[\w-]+: .*linear-gradient\(",
            spared=_coloured, loss=_NO_COLOUR, cure=_BACK),
    Feature(slug="css-radial-gradient", shown="radial-gradient()", css=r"[\w-]+: .*radial-gradient\(",
            spared=_coloured, loss=_NO_COLOUR, cure=_BACK),
    Feature(slug="css-conic-gradient", shown="conic-gradient()", css=r"[\w-]+: .*conic-gradient\(",
            spared=_coloured, loss=_NO_COLOUR, cure=_BACK),
    Feature(slug="css-background-clip", shown="background-clip: text",
            css=r"(-webkit-)?background-clip: text",
            loss=N_("the text is a coloured box, or cannot be seen"),
            cure=N_("Give the text a plain colour.")),
    Feature(slug="css-mix-blend-mode", shown="mix-blend-mode", css=r"mix-blend-mode: (?!normal)",
            loss=_NO_COLOUR, cure=N_("Show it in an image.")),
    Feature(slug="css-filter", shown="filter", css=r"filter: (?!none)", loss=N_("images look otherwise"),
            cure=N_("Change the image file itself.")),
    Feature(slug="css-clip-path", shown="clip-path", css=r"clip-path: (?!none)",
            loss=N_("images are not cut"), cure=N_("Cut the image file itself.")),
    Feature(slug="css-mask-image", shown="mask", css=r"(-webkit-)?mask(-image)?: (?!none)",
            loss=N_("images are not cut"), cure=N_("Cut the image file itself.")),
    Feature(slug="css-opacity", shown="opacity: 0", css=r"opacity: 0*(\.0+)?$", spared=_hidden_anyway,
            loss=N_("what should be hidden is seen"), cure=N_("Hide it with display: none.")),
    Feature(slug="css-visibility", shown="visibility: hidden", css=r"visibility: (hidden|collapse)",
            spared=_hidden_anyway, loss=N_("what should be hidden is seen"),
            cure=N_("Hide it with display: none.")),
    Feature(slug="css-rgba", shown="rgba()", css=r"(color|background(-color)?): .*(rgba\(|hsla\(|#\w{8}\b)",
            loss=_NO_COLOUR, cure=_PLAIN_COLOUR),
    Feature(slug="css-modern-color", shown="oklch(), lab() …", css=r"[\w-]+: .*\b(ok)?(lch|lab)\(",
            loss=_NO_COLOUR, cure=_PLAIN_COLOUR),
    Feature(slug="css-function-light-dark", shown="light-dark()", css=r"[\w-]+: .*light-dark\(",
            loss=_NO_COLOUR, cure=_PLAIN_COLOUR),
    Feature(slug="css-variables", shown="var()", css=r"[\w-]+: .*var\(",
            loss=N_("the style that it stands in is missing"),
            cure=N_("Write the value itself; in templates, {{ theme.… }} does that.")),
    Feature(slug="css-unit-calc", shown="calc()", css=r"[\w-]+: .*calc\(", loss=_NO_SIZE, cure=_PLAIN_VALUE),
    Feature(slug="css-function-clamp", shown="clamp()", css=r"[\w-]+: .*clamp\(", loss=_NO_SIZE,
            cure=_PLAIN_VALUE),
    Feature(slug="css-function-min", shown="min()", css=r"[\w-]+: .*\bmin\(", loss=_NO_SIZE,
            cure=_PLAIN_VALUE),
    Feature(slug="css-function-max", shown="max()", css=r"[\w-]+: .*\bmax\(", loss=_NO_SIZE,
            cure=_PLAIN_VALUE),
    Feature(slug="css-unit-vw", shown="vw", css=r"[\w-]+: .*\b[\d.]+vw\b", loss=_NO_SIZE, cure=_PLAIN_VALUE),
    Feature(slug="css-unit-vh", shown="vh", css=r"[\w-]+: .*\b[\d.]+vh\b", loss=_NO_SIZE, cure=_PLAIN_VALUE),
    Feature(slug="css-unit-rem", shown="rem", css=r"[\w-]+: .*\b[\d.]+rem\b", loss=_NO_SIZE,
            cure=_PLAIN_VALUE),
    Feature(slug="css-list-style-image", shown="list-style-image", css=r"list-style(-image)?: .*url\(",
            loss=N_("lists have plain dots"), cure=N_("Do without images in lists.")),
)  # fmt: skip
"""What colours, sizes and pictures depend on."""

ELEMENTS = (
    Feature(slug="html-video", shown="<video>", tags=("video",), loss=_UNSEEN,
            cure=N_("Show an image that links to the video.")),
    Feature(slug="html-audio", shown="<audio>", tags=("audio",), loss=_UNSEEN, cure=_LEFT_OUT),
    Feature(slug="html-form", shown="<form>", tags=("form", "input", "select", "textarea", "button"),
            loss=_UNSEEN, cure=_LEFT_OUT),
    Feature(slug="html-svg", shown="<svg>", tags=("svg",), loss=_UNSEEN, cure=N_("Use a PNG image.")),
    Feature(slug="html-object", shown="<object>, <embed>, <iframe>", tags=("object", "embed", "iframe"),
            loss=_UNSEEN, cure=_LEFT_OUT),
    Feature(slug="html-dialog", shown="<dialog>", tags=("dialog",), loss=_UNSEEN, cure=_LEFT_OUT),
    Feature(slug="html-marquee", shown="<marquee>", tags=("marquee",), loss=N_("nothing moves"),
            cure=N_("Let text stand still.")),
    Feature(slug="html-meter", shown="<meter>", tags=("meter",), spared=_has_words,
            loss=_UNSEEN, cure=N_("Say the value in words.")),
    Feature(slug="html-progress", shown="<progress>", tags=("progress",),
            spared=_has_words,
            loss=_UNSEEN, cure=N_("Say the value in words.")),
    Feature(slug="html-ruby", shown="<ruby>", tags=("ruby",), loss=N_("the notes run into the text"),
            cure=N_("Write the note in brackets.")),
    Feature(slug="html-picture", shown="<picture>", tags=("picture",), spared=_has_image, loss=_UNSEEN,
            cure=N_("Put an image (img) into it.")),
    Feature(slug="html-base", shown="<base>", tags=("base",), loss=N_("links lead nowhere"), partly=True,
            cure=N_("Write whole web addresses.")),
)  # fmt: skip
"""Elements that are more than text, and what is in their place."""

IMAGES = (
    ("image-webp", "WebP", "webp"), ("image-avif", "AVIF", "avif"), ("image-svg", "SVG", "svg"),
    ("image-heif", "HEIF", "hei[cf]"), ("image-tiff", "TIFF", "tiff?"),
    ("image-ico", "ICO", "ico"), ("image-apng", "APNG", "apng"), ("image-hdr", "HDR", "hdr"),
    ("image-mp4", "MP4", "mp4"),
)  # fmt: skip
"""Kinds of images that are not shown everywhere: slug, name, and what their files end in."""


def is_spare(feature: Feature, at: int, block: Sequence[Declaration]) -> bool:
    """Say whether an earlier declaration of the block gives the same property in a plain way."""
    name = block[at].name.removesuffix("-color").removesuffix("-image")
    return any(
        one.name.removesuffix("-color").removesuffix("-image") == name
        and not re.match(feature.css, f"{one.name}: {one.value}")
        for one in block[:at]
    )
