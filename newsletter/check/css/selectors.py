"""Which elements a selector means: by an index for the plain ones that mails are full of, else by cssselect.

A dark scheme is some fifty selectors like `.card p`. XPath looks at every element for each (4 ms on the
real issue), an index at those of the last name only (1.3 ms). A test holds the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cssselect
from lxml import etree
from lxml import html as lxml_html

_PLAIN = re.compile(r"(?:[a-z][a-z0-9]*)?(?:\.[\w-]+)*(?:(?:\s*>\s*|\s+)(?:[a-z][a-z0-9]*)?(?:\.[\w-]+)+"
                    r"|(?:\s*>\s*|\s+)[a-z][a-z0-9]*)*")  # fmt: skip
_PARTS = re.compile(r"(\s*>\s*|\s+)|([^\s>]+)")
_Names = frozenset[str]


@dataclass(frozen=True)
class Pattern:
    """A selector ready for use."""

    weight: tuple[int, int, int]
    """How specific it is (Selectors 4, 17)."""
    steps: tuple[tuple[str, _Names], ...]
    """Of a plain one, from the last name to the first: `>` or a space or nothing behind it, and its names."""
    path: etree.XPath | None
    """Of all others."""


@lru_cache(maxsize=1024)
def pattern(selector: str) -> Pattern | None:
    """Read a selector; None for what depends on the reader, generates content, or is not known."""
    try:
        (parsed,) = cssselect.parse(selector)
        if parsed.pseudo_element:
            return None
        if _PLAIN.fullmatch(selector):
            return Pattern(parsed.specificity(), _steps(selector), None)
        path = etree.XPath(cssselect.HTMLTranslator().selector_to_xpath(parsed))
    except (cssselect.SelectorError, ValueError):
        return None
    return Pattern(parsed.specificity(), (), path)


class Index:
    """The elements of a document by their names: tags, and classes with a dot before them."""

    def __init__(self, tree: lxml_html.HtmlElement) -> None:
        self._tree = tree
        self._names: dict[lxml_html.HtmlElement, _Names] = {}
        self._named: dict[str, list[lxml_html.HtmlElement]] = {}
        for element in tree.iter("*"):
            classes = element.get("class")
            names = _names(str(element.tag), classes) if classes else frozenset((str(element.tag),))
            self._names[element] = names
            for name in names:
                self._named.setdefault(name, []).append(element)

    def elements(self, selector: str) -> Sequence[lxml_html.HtmlElement]:
        """Return the elements that a selector means, in their order."""
        found = pattern(selector)
        if found is None:
            return ()
        if found.path is not None:
            return list(found.path(self._tree))
        if any(name not in self._named for _sign, names in found.steps for name in names):
            return ()
        (_sign, last), *before = found.steps
        fewest = min((self._named[name] for name in last), key=len)
        return [one for one in fewest if last <= self._names[one] and self._stands_in(one, before)]

    def _stands_in(self, element: lxml_html.HtmlElement, steps: Sequence[tuple[str, _Names]]) -> bool:
        """Say whether the elements around one fit the rest of a selector."""
        if not steps:
            return True
        (sign, names), *before = steps
        around = element.getparent()
        while around is not None:
            if names <= self._names[around] and self._stands_in(around, before):
                return True
            around = around.getparent() if sign == " " else None
        return False


def _steps(selector: str) -> tuple[tuple[str, _Names], ...]:
    steps: list[tuple[str, _Names]] = []
    sign = ""
    for found in reversed(list(_PARTS.finditer(selector.strip()))):
        if found[1]:
            sign = found[1].strip() or " "
        else:
            tag, *classes = found[2].split(".")
            steps.append((sign, frozenset((*([tag] if tag else []), *(f".{name}" for name in classes)))))
    return tuple(steps)


@lru_cache(maxsize=1024)
def _names(tag: str, classes: str) -> _Names:
    return frozenset((tag, *(f".{name}" for name in classes.split())))
