"""The style sheets of a document, and which elements each rule is about (cssselect's only home)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import cssselect
from lxml import etree
from lxml import html as lxml_html

from newsletter.check import values
from newsletter.check.stylesheet import StyleRule, View, rules


class Match(NamedTuple):
    """A rule that counts for an element."""

    weight: tuple[int, int, int]
    """The specificity of the selector (Selectors 4, 17)."""
    number: int
    """The place of the rule among all."""
    rule: StyleRule


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
            if not (view.shows(rule.media) and any(values.counts(one.name) for one in rule.declarations)):
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


def _strength(match: Match) -> tuple[tuple[int, int, int], int]:
    return match.weight, match.number


def weight_of(selector: str) -> tuple[int, int, int]:
    """Return how specific a selector is (Selectors 4, 17); nothing for one that is not known here."""
    pattern = _pattern(selector)
    return pattern.weight if pattern else (0, 0, 0)


@dataclass(frozen=True)
class _Pattern:
    """A selector ready for use."""

    path: etree.XPath
    weight: tuple[int, int, int]
    names: frozenset[str]
    """Tags and classes without which it means nothing in a document."""


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
