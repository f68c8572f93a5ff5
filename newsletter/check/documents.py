"""What a reader gets, a mail or the page, as the rules about its look and its order see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lxml import html as lxml_html

from newsletter.check.css.sheets import Sheet
from newsletter.check.css.styles import Styles
from newsletter.check.css.stylesheet import DESK, View

_UNSEEN = re.compile(r"[\s\u00ad\u034f\u115f\u2007\u200b-\u200f\u2060\u2800\ufeff]+")
"""Spaces and characters that show nothing: what fills the preview line."""
_LONGEST = 60
BLOCKS = ("p", "li", "td", "th", "dd", "dt", "blockquote", "caption", "figcaption", "div", "body",
          "h1", "h2", "h3", "h4", "h5", "h6")  # fmt: skip
"""What holds lines of text."""


@dataclass(frozen=True, eq=False)
class Document:
    """One document, parsed."""

    tree: lxml_html.HtmlElement
    sections: Mapping[lxml_html.HtmlElement, str]
    """The anchor of the section that each element belongs to; empty before the first."""
    page: bool
    """Whether it is the page of the archive; a mail otherwise."""

    @cached_property
    def sheet(self) -> Sheet:
        """Its style sheets."""
        return Sheet(self.tree)

    @cached_property
    def body(self) -> lxml_html.HtmlElement:
        """The element that holds all that is shown."""
        found: lxml_html.HtmlElement | None = self.tree.find("body")
        return self.tree if found is None else found

    @cached_property
    def bare(self) -> Styles:
        """What programs show that ignore `<style>`: GMX and WEB.DE in the browser."""
        return Styles(self.tree, None, DESK)

    @cached_property
    def bare_differs(self) -> bool:
        """Whether `<style>` gives colours to anything in the scheme that all begin with."""
        return any(
            declaration.name == "color" or declaration.name.startswith("background")
            for matched in self.sheet.matches(DESK).values()
            for match in matched
            for declaration in match.rule.declarations
        )

    def styles(self, view: View) -> Styles:
        """Return the computed styles under a view."""
        if view not in self._styles:
            self._styles[view] = Styles(self.tree, self.sheet, view)
        return self._styles[view]

    @cached_property
    def _styles(self) -> dict[View, Styles]:
        return {}

    @cached_property
    def texts(self) -> tuple[tuple[lxml_html.HtmlElement, str], ...]:
        """Every text that is shown, in pieces, with the element that it stands in."""
        desk = self.styles(DESK)
        return tuple(
            (element, text) for element, text in _pieces(self.body) if seen(text) and not desk[element].hidden
        )

    def shown(self, *tags: str) -> Iterator[lxml_html.HtmlElement]:
        """Give the elements of these tags that are not hidden."""
        desk = self.styles(DESK)
        return (element for element in self.body.iter(*tags) if not desk[element].hidden)


def seen(text: str) -> str:
    """Return a text with nothing but what shows, and single spaces."""
    return _UNSEEN.sub(" ", text).strip()


def block_around(element: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    """Return the block of text that something stands in."""
    return next(element.iterancestors(*BLOCKS), None)


def own_text(block: lxml_html.HtmlElement) -> str:
    """Return the letters of a block that are not in links nor in blocks within it."""
    return "".join(letter for text in _beside(block) for letter in text if letter.isalpha())


def is_nested(block: lxml_html.HtmlElement) -> bool:
    """Say whether a block holds other blocks, which are looked at themselves."""
    return next(block.iterdescendants(*BLOCKS, "table", "ul", "ol"), None) is not None


def short(text: str) -> str:
    """Cut a text to what is quoted of it in a message."""
    text = text.replace("\u00ad", "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"


def _pieces(body: lxml_html.HtmlElement) -> Iterator[tuple[lxml_html.HtmlElement, str]]:
    for element in body.iter("*"):
        if element.text:
            yield element, element.text
        parent = element.getparent()
        if element.tail and parent is not None and element is not body:
            yield parent, element.tail


def _beside(block: lxml_html.HtmlElement) -> Iterator[str]:
    yield block.text or ""
    for child in block.iterchildren("*"):
        if child.tag not in ("a", *BLOCKS, "table", "ul", "ol"):
            yield from _beside(child)
        yield child.tail or ""
