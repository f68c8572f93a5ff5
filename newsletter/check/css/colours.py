"""Colours as CSS writes them, laid over each other, and how well they stand out (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache
from typing import NamedTuple

_NAMES = """
aliceblue=f0f8ff antiquewhite=faebd7 aqua=00ffff aquamarine=7fffd4 azure=f0ffff beige=f5f5dc
bisque=ffe4c4 black=000000 blanchedalmond=ffebcd blue=0000ff blueviolet=8a2be2 brown=a52a2a
burlywood=deb887 cadetblue=5f9ea0 chartreuse=7fff00 chocolate=d2691e coral=ff7f50
cornflowerblue=6495ed cornsilk=fff8dc crimson=dc143c cyan=00ffff darkblue=00008b darkcyan=008b8b
darkgoldenrod=b8860b darkgray=a9a9a9 darkgreen=006400 darkgrey=a9a9a9 darkkhaki=bdb76b
darkmagenta=8b008b darkolivegreen=556b2f darkorange=ff8c00 darkorchid=9932cc darkred=8b0000
darksalmon=e9967a darkseagreen=8fbc8f darkslateblue=483d8b darkslategray=2f4f4f darkslategrey=2f4f4f
darkturquoise=00ced1 darkviolet=9400d3 deeppink=ff1493 deepskyblue=00bfff dimgray=696969
dimgrey=696969 dodgerblue=1e90ff firebrick=b22222 floralwhite=fffaf0 forestgreen=228b22
fuchsia=ff00ff gainsboro=dcdcdc ghostwhite=f8f8ff gold=ffd700 goldenrod=daa520 gray=808080
green=008000 greenyellow=adff2f grey=808080 honeydew=f0fff0 hotpink=ff69b4 indianred=cd5c5c
indigo=4b0082 ivory=fffff0 khaki=f0e68c lavender=e6e6fa lavenderblush=fff0f5 lawngreen=7cfc00
lemonchiffon=fffacd lightblue=add8e6 lightcoral=f08080 lightcyan=e0ffff lightgoldenrodyellow=fafad2
lightgray=d3d3d3 lightgreen=90ee90 lightgrey=d3d3d3 lightpink=ffb6c1 lightsalmon=ffa07a
lightseagreen=20b2aa lightskyblue=87cefa lightslategray=778899 lightslategrey=778899
lightsteelblue=b0c4de lightyellow=ffffe0 lime=00ff00 limegreen=32cd32 linen=faf0e6 magenta=ff00ff
maroon=800000 mediumaquamarine=66cdaa mediumblue=0000cd mediumorchid=ba55d3 mediumpurple=9370db
mediumseagreen=3cb371 mediumslateblue=7b68ee mediumspringgreen=00fa9a mediumturquoise=48d1cc
mediumvioletred=c71585 midnightblue=191970 mintcream=f5fffa mistyrose=ffe4e1 moccasin=ffe4b5
navajowhite=ffdead navy=000080 oldlace=fdf5e6 olive=808000 olivedrab=6b8e23 orange=ffa500
orangered=ff4500 orchid=da70d6 palegoldenrod=eee8aa palegreen=98fb98 paleturquoise=afeeee
palevioletred=db7093 papayawhip=ffefd5 peachpuff=ffdab9 peru=cd853f pink=ffc0cb plum=dda0dd
powderblue=b0e0e6 purple=800080 rebeccapurple=663399 red=ff0000 rosybrown=bc8f8f royalblue=4169e1
saddlebrown=8b4513 salmon=fa8072 sandybrown=f4a460 seagreen=2e8b57 seashell=fff5ee sienna=a0522d
silver=c0c0c0 skyblue=87ceeb slateblue=6a5acd slategray=708090 slategrey=708090 snow=fffafa
springgreen=00ff7f steelblue=4682b4 tan=d2b48c teal=008080 thistle=d8bfd8 tomato=ff6347
turquoise=40e0d0 violet=ee82ee wheat=f5deb3 white=ffffff whitesmoke=f5f5f5 yellow=ffff00
yellowgreen=9acd32
"""
"""The named colours (CSS Color 4, 6.1)."""
_NAMED = dict(pair.split("=") for pair in _NAMES.split())
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")
_SEPARATOR = re.compile(r"[\s,/]+")


class Colour(NamedTuple):
    """Red, green and blue from 0 to 255, and how opaque it is from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def __str__(self) -> str:
        return f"#{round(self.red):02x}{round(self.green):02x}{round(self.blue):02x}"

    def over(self, ground: Colour) -> Colour:
        """Lay it on an opaque ground."""
        if self.alpha >= 1:
            return self
        rest = 1 - self.alpha
        return Colour(
            self.red * self.alpha + ground.red * rest,
            self.green * self.alpha + ground.green * rest,
            self.blue * self.alpha + ground.blue * rest,
        )

    def faded(self, opacity: float) -> Colour:
        """Return it seen through an opacity."""
        return self._replace(alpha=self.alpha * opacity)

    @property
    def luminance(self) -> float:
        """Relative luminance, from 0 for black to 1 for white (WCAG 2.2, “relative luminance”)."""
        red, green, blue = (_linear(value / 255) for value in self[:3])
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK, WHITE, CLEAR = Colour(0, 0, 0), Colour(255, 255, 255), Colour(0, 0, 0, 0)


@lru_cache(maxsize=512)
def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two opaque colours, from 1 to 21 (WCAG 2.2, “contrast ratio”)."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=512)
def parse(text: str) -> Colour | None:
    """Read a colour: a name, #rgb, #rrggbb (both also with alpha), rgb() or hsl(); None for all else."""
    text = text.strip().lower()
    if text == "transparent":
        return CLEAR
    if text in _NAMED:
        return _from_hex(_NAMED[text])
    if _HEX.fullmatch(text):
        return _from_hex(text[1:])
    found = _FUNCTION.fullmatch(text)
    return _from_function(found[1], _SEPARATOR.split(found[2].strip())) if found else None


def _from_hex(digits: str) -> Colour:
    if len(digits) <= 4:  # noqa: PLR2004 (#rgb, #rgba)
        digits = "".join(digit * 2 for digit in digits)
    values = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
    return Colour(values[0], values[1], values[2], values[3] / 255 if values[3:] else 1.0)


def _from_function(name: str, parts: list[str]) -> Colour | None:
    """Read the values of rgb() or hsl(), with commas or spaces."""
    try:
        alpha = _amount(parts[3], 1) if parts[3:] else 1.0
        if name == "rgb":
            red, green, blue = (_amount(part, 255) for part in parts[:3])
            return Colour(red, green, blue, alpha)
        hue = float(parts[0].removesuffix("deg")) % 360 / 360
        saturation, lightness = (_amount(part, 1) for part in parts[1:3])
    except ValueError:
        return None
    red, green, blue = (value * 255 for value in colorsys.hls_to_rgb(hue, lightness, saturation))
    return Colour(red, green, blue, alpha)


def _amount(text: str, whole: float) -> float:
    """Read a number, or a percentage of the whole, kept within bounds."""
    value = float(text[:-1]) * whole / 100 if text.endswith("%") else float(text)
    return min(max(value, 0.0), whole)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 (sRGB)
