"""Content CSS written into style attributes, by premailer, on the editor's content only.

GMX and WEB.DE on the desktop ignore `<style>` altogether, so what is inlined is all there is. The whole
mail never goes through premailer: it takes ten times as long there, strips `!important`, loses a
lowercase doctype and rewrites MJML's own styles (measured; see docs/performance.md).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any

from newsletter.compose.cache import Drawer

RECIPE = 2
"""Raise it whenever the same fragment would come out otherwise: kept ones are then made anew."""
_CUT = "<!--zqC-->"


class Inliner:
    """Inlines one stylesheet into fragments, all new ones in a single run."""

    def __init__(self, css: str, drawer: Drawer) -> None:
        self.css = css
        self._drawer = drawer
        self._seal = hashlib.sha256(f"{_versions()}\n{css}".encode()).hexdigest()

    def inlined(self, fragments: Sequence[str]) -> list[str]:
        """Return each fragment with its styles, in the same order."""
        keys = [hashlib.sha256(f"{self._seal}\n{fragment}".encode()).hexdigest() for fragment in fragments]
        new = {key: part for key, part in zip(keys, fragments, strict=True) if self._drawer.get(key) is None}
        if new:
            for key, styled in zip(new, _run(self.css, list(new.values())), strict=True):
                self._drawer.put(key, styled)
        return [self._drawer.get(key) or "" for key in keys]


def _run(css: str, fragments: Sequence[str]) -> list[str]:
    body = "".join(f"<div>{_CUT}{fragment}{_CUT}</div>" for fragment in fragments)
    styled = _premailer()(
        f"<html><head></head><body>{body}</body></html>",
        css_text=[css],
        keep_style_tags=False,
        disable_leftover_css=True,
        strip_important=False,
        remove_classes=False,
        disable_validation=True,
        allow_network=False,
        allow_loading_external_files=False,
        align_floating_images=False,
        disable_basic_attributes=["width", "height", "bgcolor", "align", "valign"],
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    return str(styled).split(_CUT)[1::2]


@cache
def _versions() -> str:
    return f"{RECIPE} " + " ".join(version(name) for name in ("premailer", "cssutils", "cssselect", "lxml"))


@cache
def _premailer() -> Any:
    """Give premailer's class, taught to read a stylesheet once.

    It serialises every rule anew for each document, which is most of its time (87 %, measured on the real
    issue); and it looks for every rule's elements, though most name a class that does not occur.
    `_parse_style_rules` is not public: the dependency is bounded, and a test compares the result with the
    untaught class.
    """
    from premailer import Premailer  # noqa: PLC0415 (300 ms, spent only when a text is new)

    class Taught(Premailer):  # type: ignore[misc] # premailer is Any to mypy
        def _parse_style_rules(self, css: str, index: int) -> tuple[list[Any], list[Any]]:
            rules, leftover = _rules(css, index)
            html = self.html
            return [rule for classes, rule in rules if all(name in html for name in classes)], list(leftover)

    @lru_cache(maxsize=8)
    def _rules(css: str, index: int) -> tuple[list[tuple[list[str], Any]], list[Any]]:
        parser = Premailer("", disable_validation=True, strip_important=False)
        rules, leftover = parser._parse_style_rules(css, index)  # noqa: SLF001 (see above)
        return [(re.findall(r"\.([\w-]+)", rule[1]), rule) for rule in rules], leftover

    return Taught
