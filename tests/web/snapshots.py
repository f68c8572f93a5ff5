"""Snapshots: pictures that stand in the repository, and whether a new one looks the same.

Two machines never draw the same letters. With other fonts they do not even break lines at the same words, so
that no tolerance can tell another font from a paragraph that is missing (measured: a font as common moved the
end of the mail by 2 %, and a machine that rounds the widths of letters to pixels by 0.8 %, which is a line of
text). So the font is pinned: one that lies beside the tests, set without rounding.

What is left is how edges are drawn. At an eighth of the size, in brightness and colour, that is at most 10
of 255 in any place (measured: coloured edges, full hinting against grey ones, none), and the palette of a
snapshot makes 5 more at most. A part that is missing moves what follows; links in black, or short rules in
another colour, are more than that in twenty places and more.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops

HERE = Path(__file__).parent
FOLDER = HERE / "snapshots"
UPDATE = "NEWSLETTER_SNAPSHOTS"
"""Set to `update` in the environment, the snapshots are made anew instead of being compared."""
KEPT = 2
"""Snapshots are kept at this part of their size: enough to see what they show."""
SEEN = 4
"""And compared at this part of that."""
COLOURS = 256
STEP = 16
"""Difference in brightness or colour (YCbCr), of 255, from which a place looks different."""
SHARE = 0.0002
"""Of all places that may look different: 7 of the 39,700 of a mail 800 pixels wide."""
HEIGHT = 2
"""Pixels of a snapshot by which the height may differ: a sixth of a line."""


@dataclass(frozen=True)
class Verdict:
    """How a picture compares with its snapshot."""

    share: float
    """Of the places that look different, from 0 to 1."""
    heights: tuple[int, int]
    """Of the snapshot and of the picture, in their pixels."""
    sheet: Image.Image
    """Snapshot, picture, and in red where they differ."""

    @property
    def is_same(self) -> bool:
        """Whether nobody would see a difference."""
        before, after = self.heights
        return self.share <= SHARE and abs(before - after) <= HEIGHT

    def __str__(self) -> str:
        """Tell it in a sentence."""
        before, after = self.heights
        return f"{self.share:.2%} look different, {after} pixels high instead of {before}"


def pinned(document: str) -> str:
    """Let a document be set in the font that lies beside the tests, on every machine alike."""
    faces = "".join(
        f"@font-face {{ font-family: 'Snapshot Sans'; font-weight: {weight};"
        f" src: url(data:font/woff2;base64,{_font(name)}) }}"
        for name, weight in (("snapshot-sans", 400), ("snapshot-sans-bold", 700))
    )
    rule = "* { font-family: 'Snapshot Sans' !important; text-rendering: geometricPrecision !important }"
    assert "</head>" in document
    return document.replace("</head>", f"<style>{faces} {rule}</style></head>", 1)


def opened(png: bytes) -> Image.Image:
    """Return a picture as it is kept."""
    image = Image.open(BytesIO(png)).convert("RGB").reduce(KEPT)
    return image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def is_update() -> bool:
    """Say whether the snapshots are to be made anew."""
    return os.environ.get(UPDATE) == "update"


def load(name: str) -> Image.Image:
    """Return a snapshot.

    Raises:
        FileNotFoundError: it was never made.
    """
    with Image.open(FOLDER / f"{name}.png") as image:
        image.load()
        return image


def save(name: str, picture: Image.Image) -> None:
    """Keep a picture as a snapshot."""
    FOLDER.mkdir(exist_ok=True)
    picture.save(FOLDER / f"{name}.png", optimize=True)


def compared(snapshot: Image.Image, picture: Image.Image) -> Verdict:
    """Compare a picture with its snapshot; where one is longer, the other has nothing."""
    before, after = (image.convert("RGB") for image in (snapshot, picture))
    size = (max(before.width, after.width), max(before.height, after.height))
    sides = [_on_ground(image, size) for image in (before, after)]
    bands = ImageChops.difference(*(image.convert("YCbCr").reduce(SEEN) for image in sides)).split()
    furthest = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    mask = furthest.point(lambda value: 255 if value > STEP else 0)
    places = mask.width * mask.height
    return Verdict(mask.histogram()[255] / places, (before.height, after.height), _sheet(sides, mask))


def _font(name: str) -> str:
    return base64.b64encode((HERE / "fonts" / f"{name}.woff2").read_bytes()).decode()


def _on_ground(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    ground = Image.new("RGB", size, "magenta")
    ground.paste(image)
    return ground


def _sheet(sides: list[Image.Image], mask: Image.Image) -> Image.Image:
    """Put both pictures side by side, and the differences over the paled second one."""
    width, height = sides[0].size
    paled = Image.blend(sides[1], Image.new("RGB", (width, height), "white"), 0.7)
    red = Image.new("RGB", (width, height), "red")
    marked = Image.composite(red, paled, mask.resize((width, height), Image.Resampling.NEAREST))
    sheet = Image.new("RGB", (3 * width + 32, height), "grey")
    for place, image in enumerate((*sides, marked)):
        sheet.paste(image, (place * (width + 16), 0))
    return sheet
