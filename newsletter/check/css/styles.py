"""What a document looks like to CSS: the computed style of each element, as far as legibility goes.

The cascade of browsers in small: their own defaults, the rules of `<style>`, style attributes, `!important`,
inheritance, custom properties, and which colour shows behind a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import html as lxml_html

from newsletter.check.css import values
from newsletter.check.css.colours import BLACK, CLEAR, WHITE, Colour, parse
from newsletter.check.css.sheets import Match, Sheet
from newsletter.check.css.stylesheet import Declaration, View, declarations

_DARK_CANVAS, _DARK_LINK, _LINK = Colour(18, 18, 18), Colour(158, 158, 255), Colour(0, 0, 238)
"""What browsers take where a document allows for a dark scheme but says no colour (Chromium)."""
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


@dataclass(frozen=True, slots=True)
class Style:
    """The computed style of an element; lengths in CSS pixels."""

    colour: Colour = BLACK
    ground: Colour | None = WHITE
    """The opaque colour that shows behind its text; None when only an image would tell."""
    size: float = values.ROOT_SIZE
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
        return self.size >= 24 or (self.size >= 18.66 and self.weight >= values.BOLD)  # noqa: PLR2004 (14 and 18 pt)


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
            if values.counts(one.name) and not one.name.startswith("--"):
                said.update(values.longhands(one.name, values.resolved(one.value, variables)))
        return said, variables


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


def _computed(
    tag: str, said: Mapping[str, str], parent: Style, variables: Mapping[str, str], view: View
) -> Style:
    size = values.font_size(said.get("font-size", ""), parent.size, view)
    leading, factor = _leading(said.get("line-height", ""), size, parent, view)
    opacity = parent.opacity * values.number(said.get("opacity", "1"))
    own = parse(said["background-color"]) or CLEAR if "background-color" in said else CLEAR
    own = own if opacity == 1 else own.faded(opacity)
    display = said.get("display", "inline" if tag in _INLINE else "block")
    return Style(
        colour=_colour(said.get("color", ""), parent.colour),
        ground=_ground(own, said.get("background-image", "none"), parent.ground),
        size=size,
        weight=values.weight(said.get("font-weight", ""), parent.weight),
        leading=leading,
        factor=factor,
        align=said.get("text-align", parent.align),
        transform=said.get("text-transform", parent.transform),
        hidden=parent.hidden or display == "none" or said.get("visibility") == "hidden" or _shut(said),
        opacity=opacity,
        underlined=said.get("text-decoration") == "underline" or said.get("border-bottom", "none") != "none",
        block=display != "inline",
        boxed=own.alpha > 0 and own.over(parent.ground or WHITE) != parent.ground,
        padding=values.both("padding", said, size, view),
        margin=values.both("margin", said, size, view),
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


def _leading(value: str, size: float, parent: Style, view: View) -> tuple[float | None, float | None]:
    """Return the height of a line, and the factor that is inherited in its place."""
    if not value or value == "inherit":
        return (parent.factor * size, parent.factor) if parent.factor else (parent.leading, None)
    if value == "normal":
        return None, None
    if re.fullmatch(r"[\d.]+", value):
        return values.number(value) * size, values.number(value)
    return values.length(value, size, view, whole=size), None


def _shut(said: Mapping[str, str]) -> bool:
    """Say whether it is folded to nothing, as preview texts are."""
    return said.get("max-height", "").startswith("0") and said.get("overflow") == "hidden"


def _allows_dark(tree: lxml_html.HtmlElement, sheet: Sheet | None) -> bool:
    """Say whether the document tells programs that it has a dark scheme (CSS Color Adjustment 1, 2.1)."""
    metas = tree.iterfind(".//meta[@name='color-scheme']")
    if any("dark" in meta.get("content", "") for meta in metas):
        return True
    said: Iterable[Declaration] = (
        one for rule in (sheet.rules if sheet else ()) for one in rule.declarations
    )
    return any(one.name == "color-scheme" and "dark" in one.value for one in said)
