"""The values of CSS properties: shorthands taken apart, custom properties put in, lengths in pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from newsletter.check.css.colours import parse
from newsletter.check.css.stylesheet import View, split

ROOT_SIZE = 16.0
"""The size of text in browsers where nobody says otherwise, in CSS pixels."""
BOLD = 700
_FOLLOWED = {
    "color", "background-color", "background-image", "font-size", "font-weight", "line-height", "text-align",
    "text-decoration", "text-transform", "display", "visibility", "opacity", "max-height", "overflow",
    "padding-top", "padding-bottom", "margin-top", "margin-bottom", "border-bottom", "color-scheme",
}  # fmt: skip
"""The properties that legibility depends on."""
_SHORTHANDS = {"font", "background", "padding", "margin", "border"}
_KEYWORD_SIZES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0,
                  "x-large": 24.0, "xx-large": 32.0}  # fmt: skip
_FONT = re.compile(r"(?:^|\s)([\d.]+(?:px|pt|r?em|%))(?:\s*/\s*([\d.]+(?:px|pt|r?em|%)?))?\s")
_LENGTH = re.compile(r"([\d.]+)(px|pt|r?em|%|vw)?")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*([^()]*))?\)")


@lru_cache(maxsize=512)
def counts(name: str) -> bool:
    """Say whether a property counts here."""
    return (
        name in _FOLLOWED
        or name.startswith(("--", "text-decoration", "border-bottom"))
        or name in _SHORTHANDS
    )


@lru_cache(maxsize=2048)
def longhands(name: str, value: str) -> Mapping[str, str]:
    """Take a declaration apart into the properties that count here."""
    if name in {"padding", "margin"}:
        sides = split(value)
        return {f"{name}-top": sides[0], f"{name}-bottom": sides[2 if sides[2:] else 0]} if sides else {}
    if name.startswith("background"):
        return _background(name, value)
    if name == "font":
        return _font(value)
    if name.startswith("text-decoration"):
        lined = name in {"text-decoration", "text-decoration-line"}
        return {"text-decoration": "underline" if "underline" in value else "none"} if lined else {}
    if name in {"border", "border-bottom", "border-bottom-width", "border-bottom-style"}:
        return {"border-bottom": "none" if re.match(r"(0(px)?|none)\b", value) else value}
    return {name: value} if name in _FOLLOWED else {}


def _background(name: str, value: str) -> Mapping[str, str]:
    image = {"background-image": "url" if re.search(r"(url|gradient)\(", value) else "none"}
    if name == "background":
        colour = next((part for part in split(value) if parse(part)), "transparent")
        return {"background-color": colour, **image}
    return image if name == "background-image" else {name: value}


def _font(value: str) -> Mapping[str, str]:
    found = _FONT.search(value)
    if not found:
        return {}
    bold = re.search(r"\b(bold|[1-9]00)\b", value[: found.start(1)])
    return {
        "font-size": found[1],
        "line-height": found[2] or "normal",
        "font-weight": bold[1] if bold else "normal",
    }


def resolved(value: str, variables: Mapping[str, str]) -> str:
    """Put custom properties in; one that is not there makes the declaration void."""
    for _round in range(8):
        if "var(" not in value:
            return value
        value = _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), value)
    return ""


def font_size(value: str, parent: float, view: View) -> float:
    """Return a size of text in pixels, relative to that around it."""
    if value in _KEYWORD_SIZES:
        return _KEYWORD_SIZES[value]
    if value in {"smaller", "larger"}:
        return parent / 1.2 if value == "smaller" else parent * 1.2
    pixels = length(value, parent, view, whole=parent) if value else None
    return parent if pixels is None else pixels


def weight(value: str, inherited: int) -> int:
    """Return a font-weight as a number."""
    named = {"bold": BOLD, "normal": 400, "bolder": max(BOLD, inherited), "lighter": 400}
    return named.get(value) or (int(value) if value.isdecimal() else inherited)


def both(name: str, said: Mapping[str, str], size: float, view: View) -> float:
    """Return what a padding or a margin takes above and below together."""
    above, below = said.get(f"{name}-top"), said.get(f"{name}-bottom")
    if above is below is None:
        return 0.0
    known = [length(side, size, view, whole=0) for side in (above, below) if side]
    return sum(pixels for pixels in known if pixels)


@lru_cache(maxsize=1024)
def length(value: str, size: float, view: View, *, whole: float) -> float | None:
    """Return a length in pixels; None for what is not known here, such as calc()."""
    found = re.fullmatch(r"(clamp|min|max)\((.*)\)", value)
    if found:
        lengths = [length(part, size, view, whole=whole) for part in split(found[2], ",")]
        known = [pixels for pixels in lengths if pixels is not None]
        if len(known) < len(lengths) or not known:
            return None
        middle = sorted(known)[len(known) // 2]
        return {"clamp": middle, "min": min(known), "max": max(known)}[found[1]]
    plain = _LENGTH.fullmatch(value)
    if not plain:
        return None
    units = {"px": 1.0, "pt": 4 / 3, "em": size, "rem": ROOT_SIZE, "%": whole / 100, "vw": view.width / 100}
    return number(plain[1]) * units.get(plain[2] or "px", 1.0)


def number(text: str) -> float:
    """Read a number; 1 for what is none."""
    try:
        return float(text)
    except ValueError:
        return 1.0
