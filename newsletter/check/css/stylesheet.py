"""Style sheets and style attributes as CSS reads them: declarations, rules, and when a media query counts.

Only what mails use: no namespaces, no layers. A broken declaration is passed over, as browsers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[(){};,]|\s+|[^\s(){};,\"']+")
_CONDITIONAL = ("@media", "@supports")
_FEATURE = re.compile(r"\(\s*([\w-]+)\s*(?::\s*([^)]+?))?\s*\)")
_PIXELS = {"px": 1.0, "em": 16.0, "rem": 16.0}


class Declaration(NamedTuple):
    """A property with its value, as written; names are in lower case but for custom properties."""

    name: str
    value: str
    important: bool = False


@dataclass(frozen=True)
class StyleRule:
    """A rule of a style sheet."""

    selectors: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    media: tuple[str, ...]
    """The media queries it stands in, the outermost first; none for one that always counts."""


@dataclass(frozen=True)
class View:
    """How somebody looks at a document."""

    dark: bool = False
    width: int = 1024
    """In CSS pixels."""

    def shows(self, media: tuple[str, ...]) -> bool:
        """Say whether rules inside of these media queries count."""
        return all(_holds(query, self) for query in media)


DESK, DARK, PHONE = View(), View(dark=True), View(width=375)


@lru_cache(maxsize=2048)
def declarations(text: str) -> tuple[Declaration, ...]:
    """Read what stands in a style attribute or between the braces of a rule."""
    return tuple(_declarations(_COMMENT.sub("", text)))


@lru_cache(maxsize=32)
def rules(text: str) -> tuple[StyleRule, ...]:
    """Read a style sheet; at-rules other than @media and @supports are left out."""
    return tuple(_rules(_COMMENT.sub("", text), ()))


@lru_cache(maxsize=2048)
def split(text: str, at: str = " ") -> tuple[str, ...]:
    """Cut a value at spaces or commas, but not within parentheses and quotes.

    >>> split("0 calc(1px + 2px) red")
    ('0', 'calc(1px + 2px)', 'red')
    """
    parts, depth = [""], 0
    for piece in _TOKEN.findall(text):
        depth += (piece == "(") - (piece == ")")
        if not depth and (piece == at or (at == " " and piece.isspace())):
            parts.append("")
        else:
            parts[-1] += piece
    return tuple(part.strip() for part in parts if part.strip())


def _declarations(text: str) -> Iterator[Declaration]:
    for part in split(text, ";"):
        name, colon, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if not (colon and name and value):
            continue
        important = value.lower().endswith("!important")
        if important:
            value = value[: value.rindex("!")].rstrip()
        yield Declaration(name if name.startswith("--") else name.lower(), value, important)


def _rules(text: str, media: tuple[str, ...]) -> Iterator[StyleRule]:
    for prelude, body in _blocks(text):
        if prelude.startswith(_CONDITIONAL):
            query = prelude.removeprefix("@media").strip() if prelude.startswith("@media") else ""
            yield from _rules(body, (*media, query) if query else media)
        elif prelude and not prelude.startswith("@"):
            yield StyleRule(split(prelude, ","), declarations(body), media)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Give each block with what stands before it; statements without a block (@import) are left out."""
    begin = depth = opened = 0
    for found in re.finditer(r"[{};]", text):
        at, sign = found.start(), found[0]
        if sign == "{":
            opened = at if not depth else opened
            depth += 1
        elif sign == "}" and depth:
            depth -= 1
            if not depth:
                yield " ".join(text[begin:opened].split()), text[opened + 1 : at]
                begin = at + 1
        elif sign == ";" and not depth:
            begin = at + 1


@lru_cache(maxsize=128)
def _holds(query: str, view: View) -> bool:
    """Say whether one of the queries in a list fits a screen; what is not known here does not count."""
    return any(_fits(part.lower().strip(), view) for part in split(query, ","))


def _fits(query: str, view: View) -> bool:
    kind = query.partition("(")[0].replace("and", " ").replace("only", " ").split()
    if "not" in kind or any(name not in {"screen", "all"} for name in kind):
        return False
    return all(_feature(name, value or "", view) for name, value in _FEATURE.findall(query))


def _feature(name: str, value: str, view: View) -> bool:
    if name == "prefers-color-scheme":
        return value == ("dark" if view.dark else "light")
    found = re.fullmatch(r"([\d.]+)(px|em|rem)", value)
    if name in {"min-width", "max-width"} and found:
        pixels = float(found[1]) * _PIXELS[found[2]]
        return view.width >= pixels if name == "min-width" else view.width <= pixels
    return False
