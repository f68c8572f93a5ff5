"""The source of a mail for people: what each part weighs, and the HTML in colours, a tag a line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from newsletter import pages
from newsletter.build import GMAIL_LIMIT
from newsletter.compose.edition import Edition
from newsletter.language import _, number

_TOKEN = re.compile(r"(<!--.*?-->|<style\b[^>]*>.*?</style>|<[^>]+>)", re.DOTALL)
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_STYLE_ATTRIBUTE = re.compile(r'\sstyle="[^"]*"')
_ALONE = frozenset(
    {
        "a", "blockquote", "body", "div", "h1", "h2", "h3", "h4", "head", "hr", "img", "li", "meta", "ol",
        "p", "span", "table", "tbody", "td", "title", "tr", "ul",
    }
)  # fmt: skip
"""Elements that begin a line."""


class Part(NamedTuple):
    """What something weighs."""

    name: str
    size: int
    """In bytes."""
    inner: bool = False
    """Whether it is a part of the one above."""

    @property
    def told(self) -> str:
        """The size as people read it."""
        return _("{size} KB").format(size=number(self.size / 1000))


def sizes(edition: Edition, page: str, text: str) -> list[Part]:
    """Weigh the parts of a mail and, within the HTML, what makes it heavy."""
    whole = _bytes(page)
    style, outlook = _all(_STYLE, _COMMENT.sub("", page)), _all(_COMMENT, page)
    attributes = _all(_STYLE_ATTRIBUTE, _COMMENT.sub("", page))
    shown = [asset for asset in edition.assets if edition.mail_sources.get(asset.name, "\0") in page]
    return [
        Part(_("HTML part"), whole),
        Part(_("<style>"), style, inner=True),
        Part(_("style attributes"), attributes, inner=True),
        Part(_("for Outlook alone"), outlook, inner=True),
        Part(_("words and tags"), whole - style - attributes - outlook, inner=True),
        Part(_("Text part"), _bytes(text)),
        Part(_("Images together"), sum(len(asset.data) for asset in shown)),
        *(Part(asset.name, len(asset.data), inner=True) for asset in shown),
    ]


def document(edition: Edition, page: str, text: str) -> str:
    """Show sizes and source."""
    context = {
        "parts": sizes(edition, page, text),
        "share": number(100 * _bytes(page) / GMAIL_LIMIT, 0),
        "source": Markup("".join(_coloured(page))),  # noqa: S704 (each piece is escaped)
    }
    return pages.render("source.html.j2", context)


def _coloured(page: str) -> Iterator[str]:
    for piece in _TOKEN.split(page):
        if not piece.startswith("<"):
            yield html.escape(piece)
            continue
        name = re.match(r"</?([a-z0-9]+)", piece, re.IGNORECASE)
        if piece.startswith("<!--"):
            yield f'<span class="o l">{html.escape(piece)}</span>'
        elif name and name[1].lower() == "style":
            yield f'<span class="s l">{html.escape(piece)}</span>'
        else:
            line = " l" if name and name[1].lower() in _ALONE and not piece.startswith("</") else ""
            yield f'<span class="t{line}">{html.escape(piece)}</span>'


def _bytes(text: str) -> int:
    return len(text.encode())


def _all(pattern: re.Pattern[str], page: str) -> int:
    return sum(_bytes(found[0]) for found in pattern.finditer(page))
