"""Forced inversion: what mail programs do that make a mail dark though it never asked for it.

An emulation. Gmail on iPhones and Outlook's apps turn the colours of a mail round, each in its own way that
none of them documents; images they leave alone. Here each colour that the mail writes down keeps its hue, and
its lightness is turned round (OKLab, Ottosson 2020), so that white becomes a dark grey and black white.
"""

from __future__ import annotations

import re
from functools import cache

GROUND = "#181818"
"""What white becomes, and so the ground of what has no colour."""
INK = "#ffffff"
_DARKEST = 0.21
"""Lightness of that ground."""
_NAMES = {
    "aqua": "#00ffff", "black": "#000000", "blue": "#0000ff", "fuchsia": "#ff00ff", "gray": "#808080",
    "green": "#008000", "grey": "#808080", "lime": "#00ff00", "maroon": "#800000", "navy": "#000080",
    "olive": "#808000", "orange": "#ffa500", "purple": "#800080", "red": "#ff0000", "silver": "#c0c0c0",
    "teal": "#008080", "white": "#ffffff", "yellow": "#ffff00",
}  # fmt: skip
"""The names of CSS 2.1; the others are rare in mails and stay as they are."""
_STYLES = re.compile(r"""(<style\b[^>]*>)(.*?)(</style>)|(\sstyle=")([^"]*)(")""", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(\s(?:bgcolor|color)=")([^"]*)(")""", re.IGNORECASE)
_DECLARATION = re.compile(
    r"((?:^|[;{\s])(?:color|background|background-color|border|border-[a-z-]+|outline|outline-color|box-shadow"
    r"|text-decoration|text-decoration-color|fill|stroke)\s*:)([^;}]+)",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    rf"#(?:[0-9a-f]{{6}}|[0-9a-f]{{3}})\b|rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)|\b(?:{'|'.join(_NAMES)})\b",
    re.IGNORECASE,
)

Triple = tuple[float, float, float]


def inverted(page: str) -> str:
    """Turn the colours round that an HTML document writes down, in styles and attributes."""
    page = _STYLES.sub(_style, page)
    return _ATTRIBUTE.sub(lambda found: found[1] + _colours(found[2]) + found[3], page)


def _style(found: re.Match[str]) -> str:
    before, css, after = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
    return before + _DECLARATION.sub(lambda one: one[1] + _colours(one[2]), css) + after


def _colours(value: str) -> str:
    return _COLOUR.sub(_colour, value)


def _colour(found: re.Match[str]) -> str:
    if found[1]:  # the alpha of rgba(…) stands behind it and stays
        turned = turn("#" + "".join(f"{min(int(part), 255):02x}" for part in found.group(1, 2, 3)))
        opening = found[0].split("(")[0]
        return f"{opening}({', '.join(str(int(turned[at : at + 2], 16)) for at in (1, 3, 5))}"
    return turn(_NAMES.get(found[0].lower(), found[0].lower()))


@cache
def turn(colour: str) -> str:
    """Turn a colour's lightness round: `#ffffff` becomes `#181818`; the hue stays, and chroma if it can."""
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)  # noqa: PLR2004 (#rrggbb)
    lightness, a, b = _lab(_parts(digits))
    turned = 1 - (1 - _DARKEST) * lightness
    # What no screen can show loses chroma until one can; a grey always can.
    tries = (_rgb((turned, a * step / 20, b * step / 20)) for step in range(20, -1, -1))
    shown = next((rgb for rgb in tries if all(-0.002 <= part <= 1.002 for part in rgb)), (turned,) * 3)  # noqa: PLR2004 (rounding)
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in shown)


def _parts(digits: str) -> Triple:
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _lab(rgb: Triple) -> Triple:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)  # noqa: PLR2004 (IEC 61966-2-1)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _rgb(lab: Triple) -> Triple:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055  # noqa: PLR2004 (as above)
