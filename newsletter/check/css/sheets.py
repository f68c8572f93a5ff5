"""The style sheets of a document, and which elements each rule is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from lxml import html as lxml_html

from newsletter.check.css import values
from newsletter.check.css.selectors import Index, pattern
from newsletter.check.css.stylesheet import StyleRule, View, rules


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
    def _index(self) -> Index:
        return Index(self._tree)

    def elements(self, selector: str) -> Sequence[lxml_html.HtmlElement]:
        """Return the elements that a selector means; none for one that depends on what a reader does."""
        if selector not in self._found:
            self._found[selector] = self._index.elements(selector)
        return self._found[selector]

    def matches(self, view: View) -> Mapping[lxml_html.HtmlElement, Sequence[Match]]:
        """Return the rules that count for each element under a view, the weakest first."""
        found: dict[lxml_html.HtmlElement, list[Match]] = {}
        for number, rule in enumerate(self.rules):
            if not (view.shows(rule.media) and any(values.counts(one.name) for one in rule.declarations)):
                continue
            for selector in rule.selectors:
                read = pattern(selector)
                if read is None:
                    continue
                match = Match(read.weight, number, rule)
                for element in self.elements(selector):
                    found.setdefault(element, []).append(match)
        for matched in found.values():
            if len(matched) > 1:
                matched.sort(key=_strength)
        return found


def _strength(match: Match) -> tuple[tuple[int, int, int], int]:
    return match.weight, match.number
