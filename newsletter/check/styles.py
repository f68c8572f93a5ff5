"""What a document looks like to CSS: the computed style of each element, as far as legibility goes.

The cascade of browsers in small: their own defaults, the rules of `<style>`, style attributes, `!important`,
inheritance, custom properties, and which colour shows behind a text. Selectors are cssselect's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import cssselect
from lxml import etree
from lxml import html as lxml_html

from newsletter.check.colours import BLACK, CLEAR, WHITE, Colour, parse
from newsletter.check.stylesheet import Declaration, StyleRule, View, declarations, rules, split

ROOT_SIZE = 16.0
"""The size of text in browsers where nobody says otherwise, in CSS pixels."""
_DARK_CANVAS, _DARK_LINK, _LINK = Colour(18, 18, 18), Colour(158, 158, 255), Colour(0, 0, 238)
"""What browsers take where a document allows for a dark scheme but says no colour (Chromium)."""
_FOLLOWED = {
    "color", "background-color", "background-image", "font-size", "font-weight", "line-height", "text-align",
    "text-decoration", "text-transform", "display", "visibility", "opacity", "max-height", "overflow",
    "padding-top", "padding-bottom", "margin-top", "margin-bottom", "border-bottom", "color-scheme",
}  # fmt: skip
_SHORTHANDS = {"font", "background", "padding", "margin", "border"}
_LOOKS = ("bgcolor", "align", "color", "hidden", "href")
_DEFAULTS: Mapping[str, str] = {
    "h1": "font-size: 2em; font-weight: bold", "h2": "font-size: 1.5em; font-weight: bold",
    "h3": "font-size: 1.17em; font-weight: bold", "h4": "font-weight: bold",
    "h5": "font-size: .83em; font-weight: bold", "h6": "font-size: .67em; font-weight: bold",
    "b": "font-weight: bold", "strong": "font-weight: bold", "th": "font-weight: bold; text-align: center",
    "center": "text-align: center", "small": "font-size: .83em", "sub": "font-size: .83em",
    "sup": "font-size: .83em", "u": "text-decoration: underline", "ins": "text-decoration: underline",
    "head": "display: none", "script": "display: none", "style": "display: none", "title": "display: none",
    "template": "display: none",
}  # fmt: skip
"""What browsers do by themselves (HTML Standard, 15.3)."""
_INLINE = {"a", "abbr", "b", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q",
           "s", "small", "span", "strong", "sub", "sup", "time", "u", "wbr"}  # fmt: skip
_KEYWORD_SIZES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0,
                  "x-large": 24.0, "xx-large": 32.0}  # fmt: skip
_FONT = re.compile(r"(?:^|\s)([\d.]+(?:px|pt|r?em|%))(?:\s*/\s*([\d.]+(?:px|pt|r?em|%)?))?\s")
_LENGTH = re.compile(r"([\d.]+)(px|pt|r?em|%|vw)?")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*([^()]*))?\)")
_BOLD = 700


@dataclass(frozen=True, slots=True)
class Style:
    """The computed style of an element; lengths in CSS pixels."""

    colour: Colour = BLACK
    ground: Colour | None = WHITE
    """The opaque colour that shows behind its text; None when only an image would tell."""
    size: float = ROOT_SIZE
    weight: int = 400
    leading: float | None = None
    """The height of a line; None for the font's own (about 1.2)."""
    factor: float | None = None
    """The line's height as a multiple of the size, where it was said so."""
    align: str = "start"
    transform: str = "none"
    hidden: bool = False
    opacity: float = 1.0
    underlined: bool = False
    """Whether a line is drawn below its words, by text-decoration or a border."""
    block: bool = False
    """Whether it is a box of its own, not a part of a line."""
    boxed: bool = False
    """Whether it has a ground of its own, as buttons do."""
    padding: float = 0.0
    """Above and below together."""
    margin: float = 0.0
    """Above and below together."""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def heritage(self) -> tuple[object, ...]:
        """All that an element within it can tell of it."""
        return (
            self.colour, self.ground, self.size, self.weight, self.leading, self.factor, self.align,
            self.transform, self.hidden, self.opacity, id(self.variables),
        )  # fmt: skip

    @property
    def line(self) -> float:
        """The height of a line in pixels, also where the font decides."""
        return self.leading or self.size * 1.2

    @property
    def large(self) -> bool:
        """Whether its text counts as large: 24 px, or 18.66 px and bold (WCAG 2.2, “large scale”)."""
        return self.size >= 24 or (self.size >= 18.66 and self.weight >= _BOLD)  # noqa: PLR2004 (14 and 18 pt)


class Sheet:
    """The style sheets of a document, and which elements each rule is about."""

    def __init__(self, tree: lxml_html.HtmlElement) -> None:
        self._tree = tree
        self._found: dict[str, Sequence[lxml_html.HtmlElement]] = {}

    @cached_property
    def rules(self) -> tuple[StyleRule, ...]:
        """All rules of all `<style>` elements, in their order."""
        return tuple(
            StyleRule(rule.selectors, rule.declarations, (media, *rule.media)) if media else rule
            for style in self._tree.iter("style")
            for media in [style.get("media")]
            for rule in rules(style.text or "")
        )

    @cached_property
    def _names(self) -> set[str]:
        """The tags and classes that occur."""
        elements = list(self._tree.iter("*"))
        classes = {name for element in elements for name in element.get("class", "").split()}
        return classes | {str(element.tag) for element in elements}

    def elements(self, selector: str) -> Sequence[lxml_html.HtmlElement]:
        """Return the elements that a selector means; none for one that depends on what a reader does."""
        if selector not in self._found:
            pattern = _pattern(selector)
            known = pattern is not None and pattern.names <= self._names
            self._found[selector] = pattern.path(self._tree) if pattern and known else ()
        return self._found[selector]

    def matches(self, view: View) -> Mapping[lxml_html.HtmlElement, Sequence[Match]]:
        """Return the rules that count for each element under a view, the weakest first."""
        found: dict[lxml_html.HtmlElement, list[Match]] = {}
        for number, rule in enumerate(self.rules):
            if not (view.shows(rule.media) and any(_kept(one.name) for one in rule.declarations)):
                continue
            for selector in rule.selectors:
                if elements := self.elements(selector):
                    match = Match(weight_of(selector), number, rule)
                    for element in elements:
                        found.setdefault(element, []).append(match)
        for matched in found.values():
            if len(matched) > 1:
                matched.sort(key=_strength)
        return found


class Match(NamedTuple):
    """A rule that counts for an element."""

    weight: tuple[int, int, int]
    """The specificity of the selector (Selectors 4, 17)."""
    number: int
    """The place of the rule among all."""
    rule: StyleRule


def _strength(match: Match) -> tuple[tuple[int, int, int], int]:
    return match.weight, match.number


class Styles:
    """The computed styles of a document under one view."""

    def __init__(self, tree: lxml_html.HtmlElement, sheet: Sheet | None, view: View) -> None:
        """Take no sheet to see what a program shows that ignores `<style>`."""
        self._matches = sheet.matches(view) if sheet else {}
        self._view = view
        self._dark = view.dark and _allows_dark(tree, sheet)
        self._made: dict[tuple[object, ...], tuple[Style, int]] = {}
        self._kin: dict[tuple[object, ...], int] = {}
        base = Style(colour=WHITE, ground=_DARK_CANVAS) if self._dark else Style()
        self._found: dict[lxml_html.HtmlElement | None, tuple[Style, int]] = {None: (base, -1)}
        for element in tree.iter("*"):
            self._found[element] = self._style(element, *self._found[element.getparent()])

    def __getitem__(self, element: lxml_html.HtmlElement) -> Style:
        return self._found[element][0]

    def _style(self, element: lxml_html.HtmlElement, parent: Style, kin: int) -> tuple[Style, int]:
        """Compute a style once for all elements that are styled alike: mails repeat themselves.

        Returns it with a number that all styles share which hand on the same.
        """
        get, tag, matched = element.get, str(element.tag), self._matches.get(element, ())
        looks, inline = tuple([get(name) for name in _LOOKS]), get("style", "")
        key = (tag, kin, inline, looks, *[match.number for match in matched])
        if key not in self._made:
            said, variables = self._said(tag, _attributes(tag, looks), matched, inline, parent.variables)
            style = _computed(tag, said, parent, variables, self._view)
            self._made[key] = style, self._kin.setdefault(style.heritage, len(self._kin))
        return self._made[key]

    def _said(
        self,
        tag: str,
        attributes: Mapping[str, str],
        matched: Sequence[Match],
        inline: str,
        variables: Mapping[str, str],
    ) -> tuple[dict[str, str], Mapping[str, str]]:
        """Return the strongest declaration of each property, and the custom properties."""
        said = {**_default(tag), **attributes}
        if self._dark and said.get("color") == str(_LINK):
            said["color"] = str(_DARK_LINK)
        ruled = [one for match in matched for one in match.rule.declarations]
        everything = [*ruled, *declarations(inline)]
        everything = [one for one in everything if not one.important] + [
            *(one for one in ruled if one.important),
            *(one for one in declarations(inline) if one.important),
        ]
        own = {one.name: one.value for one in everything if one.name.startswith("--")}
        variables = {**variables, **own} if own else variables
        for one in everything:
            if _kept(one.name) and not one.name.startswith("--"):
                said.update(_longhands(one.name, _resolved(one.value, variables)))
        return said, variables


@dataclass(frozen=True)
class _Pattern:
    """A selector ready for use."""

    path: etree.XPath
    weight: tuple[int, int, int]
    names: frozenset[str]
    """Tags and classes without which it means nothing in a document."""


def weight_of(selector: str) -> tuple[int, int, int]:
    """Return how specific a selector is (Selectors 4, 17); nothing for one that is not known here."""
    pattern = _pattern(selector)
    return pattern.weight if pattern else (0, 0, 0)


@lru_cache(maxsize=1024)
def _pattern(selector: str) -> _Pattern | None:
    try:
        (parsed,) = cssselect.parse(selector)
        if parsed.pseudo_element:
            return None
        path = etree.XPath(cssselect.HTMLTranslator().selector_to_xpath(parsed))
    except (cssselect.SelectorError, ValueError):
        return None
    bare = re.sub(r"\[[^\]]*\]|:[\w-]+(\([^)]*\))?|#[\w-]+", "", selector)
    return _Pattern(path, parsed.specificity(), frozenset(re.findall(r"[A-Za-z][\w-]*", bare)))


@lru_cache(maxsize=512)
def _kept(name: str) -> bool:
    """Say whether a property counts here."""
    return (
        name in _FOLLOWED
        or name.startswith(("--", "text-decoration", "border-bottom"))
        or name in _SHORTHANDS
    )


@lru_cache(maxsize=256)
def _default(tag: str) -> Mapping[str, str]:
    return {one.name: one.value for one in declarations(_DEFAULTS.get(tag, ""))}


@lru_cache(maxsize=1024)
def _attributes(tag: str, looks: tuple[str | None, ...]) -> Mapping[str, str]:
    """Return what attributes say about the look (those of `_LOOKS`)."""
    ground, align, colour, hidden, href = looks
    said = {}
    if ground:
        said["background-color"] = ground
    if align and tag not in {"table", "img"}:
        said["text-align"] = align
    if colour and tag == "font":
        said["color"] = colour
    if hidden is not None:
        said["display"] = "none"
    if href and tag == "a":
        said |= {"color": str(_LINK), "text-decoration": "underline"}
    return said


@lru_cache(maxsize=2048)
def _longhands(name: str, value: str) -> Mapping[str, str]:
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


def _resolved(value: str, variables: Mapping[str, str]) -> str:
    """Put custom properties in; one that is not there makes the declaration void."""
    for _round in range(8):
        if "var(" not in value:
            return value
        value = _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), value)
    return ""


def _computed(
    tag: str, said: Mapping[str, str], parent: Style, variables: Mapping[str, str], view: View
) -> Style:
    size = _size(said.get("font-size", ""), parent.size, view)
    leading, factor = _leading(said.get("line-height", ""), size, parent, view)
    opacity = parent.opacity * _number(said.get("opacity", "1"))
    own = parse(said["background-color"]) or CLEAR if "background-color" in said else CLEAR
    own = own if opacity == 1 else own.faded(opacity)
    display = said.get("display", "inline" if tag in _INLINE else "block")
    return Style(
        colour=_colour(said.get("color", ""), parent.colour),
        ground=_ground(own, said.get("background-image", "none"), parent.ground),
        size=size,
        weight=_weight(said.get("font-weight", ""), parent.weight),
        leading=leading,
        factor=factor,
        align=said.get("text-align", parent.align),
        transform=said.get("text-transform", parent.transform),
        hidden=parent.hidden or display == "none" or said.get("visibility") == "hidden" or _shut(said),
        opacity=opacity,
        underlined=said.get("text-decoration") == "underline" or said.get("border-bottom", "none") != "none",
        block=display != "inline",
        boxed=own.alpha > 0 and own.over(parent.ground or WHITE) != parent.ground,
        padding=_both("padding", said, size, view),
        margin=_both("margin", said, size, view),
        variables=variables,
    )


def _ground(own: Colour, image: str, behind: Colour | None) -> Colour | None:
    """Return what shows behind the text; an image is taken to be as dark as the colour given with it."""
    if own.alpha >= 1:
        return own
    if image != "none" or behind is None:
        return None
    return own.over(behind) if own.alpha else behind


def _colour(value: str, inherited: Colour) -> Colour:
    return parse(value) or inherited if value else inherited


def _size(value: str, parent: float, view: View) -> float:
    if value in _KEYWORD_SIZES:
        return _KEYWORD_SIZES[value]
    if value in {"smaller", "larger"}:
        return parent / 1.2 if value == "smaller" else parent * 1.2
    length = _length(value, parent, view, whole=parent) if value else None
    return parent if length is None else length


def _leading(value: str, size: float, parent: Style, view: View) -> tuple[float | None, float | None]:
    """Return the height of a line, and the factor that is inherited in its place."""
    if not value or value == "inherit":
        return (parent.factor * size, parent.factor) if parent.factor else (parent.leading, None)
    if value == "normal":
        return None, None
    if re.fullmatch(r"[\d.]+", value):
        return _number(value) * size, _number(value)
    return _length(value, size, view, whole=size), None


def _weight(value: str, inherited: int) -> int:
    named = {"bold": _BOLD, "normal": 400, "bolder": max(_BOLD, inherited), "lighter": 400}
    return named.get(value) or (int(value) if value.isdecimal() else inherited)


def _both(name: str, said: Mapping[str, str], size: float, view: View) -> float:
    """Return what a padding or a margin takes above and below together."""
    above, below = said.get(f"{name}-top"), said.get(f"{name}-bottom")
    if above is below is None:
        return 0.0
    known = [_length(side, size, view, whole=0) for side in (above, below) if side]
    return sum(length for length in known if length)


def _shut(said: Mapping[str, str]) -> bool:
    """Say whether it is folded to nothing, as preview texts are."""
    return said.get("max-height", "").startswith("0") and said.get("overflow") == "hidden"


@lru_cache(maxsize=1024)
def _length(value: str, size: float, view: View, *, whole: float) -> float | None:
    """Return a length in pixels; None for what is not known here, such as calc()."""
    found = re.fullmatch(r"(clamp|min|max)\((.*)\)", value)
    if found:
        lengths = [_length(part, size, view, whole=whole) for part in split(found[2], ",")]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths) or not known:
            return None
        middle = sorted(known)[len(known) // 2]
        return {"clamp": middle, "min": min(known), "max": max(known)}[found[1]]
    plain = _LENGTH.fullmatch(value)
    if not plain:
        return None
    units = {"px": 1.0, "pt": 4 / 3, "em": size, "rem": ROOT_SIZE, "%": whole / 100, "vw": view.width / 100}
    return _number(plain[1]) * units.get(plain[2] or "px", 1.0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def _allows_dark(tree: lxml_html.HtmlElement, sheet: Sheet | None) -> bool:
    """Say whether the document tells programs that it has a dark scheme (CSS Color Adjustment 1, 2.1)."""
    metas = tree.iterfind(".//meta[@name='color-scheme']")
    if any("dark" in meta.get("content", "") for meta in metas):
        return True
    said: Iterable[Declaration] = (
        one for rule in (sheet.rules if sheet else ()) for one in rule.declarations
    )
    return any(one.name == "color-scheme" and "dark" in one.value for one in said)
