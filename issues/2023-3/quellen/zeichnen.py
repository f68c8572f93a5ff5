"""Draw the pictures of this issue: the map of Nordrhein-Westfalen and the mark of the masthead.

    python zeichnen.py            # the map beside issue.yaml, the mark into templates/images/
    python zeichnen.py DIR        # both into DIR, to look at them first

Needs Pillow and the file ``nrw.geojson`` beside this script, no system font and no network. What is in the
data and where it comes from stands in ``README.md``. Everything is drawn larger than it is kept and scaled
down, since Pillow's lines are not anti-aliased.
"""
# ruff: noqa: INP001 -- a script in an issue's folder, not a package

from __future__ import annotations

import argparse
import json
import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

Point = tuple[float, float]

HERE = Path(__file__).resolve().parent
DATA = HERE / "nrw.geojson"
MAP = HERE.parent / "karte-nrw.png"
MARK = HERE.parents[2] / "templates" / "images" / "mark.png"

SIZE = (1200, 1060)
OVERSAMPLING = 3
COLOURS = 64

CENTRE = (7.662, 51.424)  # degrees; the middle of the state's extent
PIXELS_PER_KM = 3.9
KM_PER_DEGREE = 111.2

ABROAD = "#f4efe4"
NEIGHBOUR = "#e9e2d2"
BORDER = "#cfc6b1"
RIVER_OUTSIDE = "#b4d0d2"
GLOW = "#faf7f0"
LOWLAND = "#cbdfc9"
OUTLINE = "#0e6b7a"
RIVER = "#3d93a6"
LABEL = "#063640"
HALO = "#dcebd9"

# Height in the schematic relief from which a tint is used, and the tint: plains to hills.
RELIEF = ((24, "#bcd5b5"), (56, "#adc79f"), (92, "#a9bd8e"), (132, "#b2b587"), (175, "#b9b088"))
RELIEF_SMOOTHING = 5  # pixels; an 8-bit relief has ragged contours otherwise

RIVER_WIDTHS = {"Rhein": 10.0, "Weser": 6.5, "Maas": 6.0}
OTHER_RIVER_WIDTH = 5.0

LABEL_SIZE = 47
LABEL_LEADING = 46
DIAERESIS = "\N{COMBINING DIAERESIS}"


@dataclass(frozen=True)
class Label:
    """A landscape's name, one string a line, and where its middle stands (degrees east and north)."""

    lines: tuple[str, ...]
    place: Point


LABELS = (
    Label(("Niederrhein",), (6.51, 51.735)),
    Label(("Münsterland",), (7.38, 51.99)),
    Label(("Ruhrgebiet",), (7.22, 51.545)),
    Label(("Teutoburger", "Wald"), (8.63, 51.97)),
    Label(("Sauerland",), (8.12, 51.26)),
    Label(("Bergisches", "Land"), (7.305, 51.105)),
    Label(("Kölner", "Bucht"), (6.62, 50.89)),
    Label(("Siegerland",), (7.99, 51.0)),
    Label(("Eifel",), (6.49, 50.52)),
)


def main() -> None:
    """Draw both pictures, into their places or into the folder given."""
    parser = argparse.ArgumentParser(description="Draw the map and the mark of this issue.")
    parser.add_argument(
        "folder", nargs="?", type=Path, help="write both pictures here instead of into their places"
    )
    folder: Path | None = parser.parse_args().folder
    for picture, home in ((draw_map(), MAP), (draw_mark(), MARK)):
        target = folder / home.name if folder else home
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target, optimize=True)


def draw_map() -> Image.Image:
    """The map as a picture of ``SIZE`` with a palette of at most ``COLOURS`` colours."""
    features: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))["features"]
    picture = Image.new("RGB", scaled_size(), NEIGHBOUR)
    state = state_mask(features)
    draw_surroundings(picture, features)
    draw_state(picture, state, features)
    draw_rivers(picture, state, features)
    draw_labels(picture)
    small = picture.resize(SIZE, Image.Resampling.LANCZOS)
    return small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)


def draw_surroundings(picture: Image.Image, features: list[dict[str, Any]]) -> None:
    """Neighbouring states and countries with their borders and rivers, all pale."""
    pen = ImageDraw.Draw(picture)
    abroad = of_kind(features, "abroad")
    for feature in abroad:
        pen.polygon(outline_of(feature), fill=ABROAD)
    for feature in of_kind(features, "river"):
        stroke(pen, line_of(feature), RIVER_OUTSIDE, river_width(feature))
    for feature in (*of_kind(features, "neighbour"), *abroad):
        stroke(pen, outline_of(feature), BORDER, 2.5)


def draw_state(picture: Image.Image, state: Image.Image, features: list[dict[str, Any]]) -> None:
    """The state itself: a light rim, the lowland, the tints of the hills, the outline."""
    pen = ImageDraw.Draw(picture)
    for feature in of_kind(features, "state"):
        stroke(pen, outline_of(feature), GLOW, 20)
    picture.paste(LOWLAND, mask=state)
    relief = relief_of(features)
    for height, tint in RELIEF:
        band = at_least(relief, height).filter(ImageFilter.GaussianBlur(RELIEF_SMOOTHING * OVERSAMPLING))
        picture.paste(tint, mask=ImageChops.multiply(state, at_least(band, 128)))


def draw_rivers(picture: Image.Image, state: Image.Image, features: list[dict[str, Any]]) -> None:
    """The rivers inside the state, and over their ends the state's outline."""
    water = Image.new("L", picture.size)
    pen = ImageDraw.Draw(water)
    for feature in of_kind(features, "river"):
        stroke(pen, line_of(feature), 255, river_width(feature))
    picture.paste(RIVER, mask=ImageChops.multiply(state, water))
    for feature in of_kind(features, "state"):
        stroke(ImageDraw.Draw(picture), outline_of(feature), OUTLINE, 5)


def draw_labels(picture: Image.Image) -> None:
    """Every label twice: first all halos, then all letters, so that no halo cuts a neighbour's letters."""
    pen = ImageDraw.Draw(picture)
    font = shipped_font(LABEL_SIZE * OVERSAMPLING)
    for colour, width in ((HALO, 5 * OVERSAMPLING), (LABEL, 2)):
        for label in LABELS:
            x, y = project(label.place)
            top = (
                y
                - (len(label.lines) - 1) * LABEL_LEADING * OVERSAMPLING / 2
                + LABEL_SIZE * OVERSAMPLING * 0.35
            )
            for number, line in enumerate(label.lines):
                baseline = top + number * LABEL_LEADING * OVERSAMPLING
                write(pen, (x, baseline), line, font=font, colour=colour, width=width)


def draw_mark() -> Image.Image:
    """The mark, 160 by 160 pixels, transparent: three linked dots and a fourth, warm one, that joins them."""
    side, factor = 160, 8
    hub, others = (68.0, 90.0), ((31.0, 34.0), (127.0, 52.0), (92.0, 137.0))
    picture = Image.new("RGBA", (side * factor, side * factor), (247, 251, 251, 0))
    pen = ImageDraw.Draw(picture)
    for x, y in others:
        pen.line(
            [hub[0] * factor, hub[1] * factor, x * factor, y * factor], fill="#f7fbfb", width=11 * factor
        )
    for (x, y), radius, colour in (*((place, 20, "#f7fbfb") for place in others), (hub, 27, "#f2b84b")):
        pen.circle((x * factor, y * factor), radius * factor, fill=colour)
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def relief_of(features: list[dict[str, Any]]) -> Image.Image:
    """The schematic relief: every ridge a blurred line, all of them added up; 0 is plain, 255 highest."""
    relief = Image.new("L", SIZE)
    for feature in of_kind(features, "ridge"):
        width = feature["properties"]["width_km"] * PIXELS_PER_KM
        layer = Image.new("L", SIZE)
        line = [(x / OVERSAMPLING, y / OVERSAMPLING) for x, y in line_of(feature)]
        stroke(ImageDraw.Draw(layer), line, feature["properties"]["height"], width * 1.5 / OVERSAMPLING)
        relief = ImageChops.add(relief, layer.filter(ImageFilter.GaussianBlur(width * 0.5)))
    return relief.resize(scaled_size(), Image.Resampling.BICUBIC)


def at_least(grey: Image.Image, value: int) -> Image.Image:
    """White where the picture has at least this value, black elsewhere."""
    return grey.point([0] * value + [255] * (256 - value))


def state_mask(features: list[dict[str, Any]]) -> Image.Image:
    """White where the state is."""
    mask = Image.new("L", scaled_size())
    for feature in of_kind(features, "state"):
        ImageDraw.Draw(mask).polygon(outline_of(feature), fill=255)
    return mask


def of_kind(features: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The features of one kind: state, neighbour, abroad, river or ridge."""
    return [feature for feature in features if feature["properties"]["kind"] == kind]


def outline_of(feature: dict[str, Any]) -> list[Point]:
    """The outer ring of a polygon, in pixels of the large picture."""
    return [project(place) for place in feature["geometry"]["coordinates"][0]]


def line_of(feature: dict[str, Any]) -> list[Point]:
    """A line in pixels of the large picture; lines drawn by hand are rounded."""
    line = [project(place) for place in feature["geometry"]["coordinates"]]
    return rounded(line) if feature["properties"]["source"] == "schematic" else line


def rounded(line: list[Point], *, times: int = 3) -> list[Point]:
    """The line with its corners cut (Chaikin 1974) at a quarter and three quarters of every piece."""
    for _ in range(times):
        pieces = [
            ((1 - t) * ax + t * bx, (1 - t) * ay + t * by)
            for (ax, ay), (bx, by) in pairwise(line)
            for t in (0.25, 0.75)
        ]
        line = [line[0], *pieces, line[-1]]
    return line


def project(place: Iterable[float]) -> Point:
    """Degrees to pixels of the large picture: equirectangular, true to scale in the middle of the map."""
    longitude, latitude = place
    scale = KM_PER_DEGREE * PIXELS_PER_KM * OVERSAMPLING
    width, height = scaled_size()
    x = width / 2 + (longitude - CENTRE[0]) * math.cos(math.radians(CENTRE[1])) * scale
    return x, height / 2 - (latitude - CENTRE[1]) * scale


def stroke(pen: ImageDraw.ImageDraw, line: list[Point], colour: str | int, width: float) -> None:
    """A line with round joints and ends; ``width`` in pixels of the finished picture."""
    thick = round(width * OVERSAMPLING)
    pen.line(line, fill=colour, width=thick, joint="curve")
    for end in (line[0], line[-1]):
        pen.circle(end, thick / 2, fill=colour)


def river_width(feature: dict[str, Any]) -> float:
    """How wide a river is drawn, in pixels of the finished picture."""
    return RIVER_WIDTHS.get(feature["properties"]["name"], OTHER_RIVER_WIDTH)


def scaled_size() -> tuple[int, int]:
    """Width and height of the large picture that is scaled down at the end."""
    return SIZE[0] * OVERSAMPLING, SIZE[1] * OVERSAMPLING


def shipped_font(size: int) -> ImageFont.FreeTypeFont:
    """The font inside Pillow (Aileron), laid out by Pillow itself, so that every machine draws the same."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("This Pillow was built without FreeType: install a wheel of Pillow 10.1 or newer.")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def write(
    pen: ImageDraw.ImageDraw,
    middle: Point,
    text: str,
    *,
    font: ImageFont.FreeTypeFont,
    colour: str,
    width: int,
) -> None:
    """Text centred on a baseline. The font inside Pillow has no umlauts, so their dots are drawn here."""
    letters = unicodedata.normalize("NFD", text)
    base = letters.replace(DIAERESIS, "")
    x, y = middle[0] - font.getlength(base) / 2, middle[1]
    pen.text((x, y), base, colour, font, anchor="ls", stroke_width=width, stroke_fill=colour)
    _, top, _, bottom = font.getbbox(".", anchor="ls")
    radius = (bottom - top) / 2
    height = y + font.getbbox("i", anchor="ls")[1] + radius
    for index in (i for i, letter in enumerate(letters) if letter == DIAERESIS):
        before = letters[:index].replace(DIAERESIS, "")
        centre = x + (font.getlength(before[:-1]) + font.getlength(before)) / 2
        for dot in (centre - 1.8 * radius, centre + 1.8 * radius):
            pen.circle((dot, height), radius + width, fill=colour)


if __name__ == "__main__":
    main()
