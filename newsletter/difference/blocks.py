"""The blocks of text, links and images of an HTML document, in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import html as lxml_html

_SOFT = re.compile("[\u00ad\u200b\u200c\u034f\u2060\ufeff]")
_SPACE = re.compile(r"[^\S\n]+|[^\S\n]*\n[^\S\n]*")
_KINDS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    "li": "item", "caption": "caption", "figcaption": "caption", "blockquote": "quote",
    "pre": "code",
}  # fmt: skip
_BLOCKS = frozenset(
    {*_KINDS, "tr", "p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "figure",
     "ul", "ol", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "hr", "body", "address"}
)  # fmt: skip
_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_CELLS = frozenset({"td", "th"})


@dataclass(frozen=True)
class Link:
    """A link: its words, and where it leads."""

    label: str
    url: str


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, an entry of a list, a row of a table."""

    kind: str
    """heading, item, row, caption, quote, code or text."""
    text: str
    """Its words; a line break is one that the editor set."""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Shown:
    """An image where it is shown; sizes in CSS pixels, 0 where none is named."""

    source: str
    alt: str
    width: int
    height: int


@dataclass
class _Gathered:
    """The words of a block so far."""

    element: lxml_html.HtmlElement
    parts: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def add(self, text: str | None) -> None:
        """Add text as a browser shows it: outside of `pre`, line breaks of the source are spaces."""
        words = _SOFT.sub("", text or "")
        self.parts.append(words if self.element.tag == "pre" else words.replace("\n", " "))

    def block(self) -> Block | None:
        """Return the block, unless it is empty; an image's link has no words of its own."""
        kinds = (_KINDS.get(str(one.tag)) for one in (self.element, *self.element.iterancestors()))
        kind = "row" if self.element.tag == "tr" else next((kind for kind in kinds if kind), "text")
        text = _trimmed("".join(self.parts))
        return Block(kind, text, tuple(self.links)) if text or self.links else None


def blocks_of(root: lxml_html.HtmlElement) -> Iterator[tuple[lxml_html.HtmlElement, Block | Shown]]:
    """Give the blocks and images below an element, each with the element it stands in; `nav` is left out.

    Blocks that a program hides from readers (a preheader's line) are left out as well.
    """
    found: list[tuple[lxml_html.HtmlElement, Block | Shown]] = []
    _walk(root, _Gathered(root), found)
    yield from found


def is_contents(element: lxml_html.HtmlElement) -> bool:
    """Say whether a block only leads to places of the same document."""
    targets = [link.get("href", "") for link in element.iter("a")]
    return element.tag == "li" and bool(targets) and all(target.startswith("#") for target in targets)


def _walk(
    element: lxml_html.HtmlElement,
    now: _Gathered,
    found: list[tuple[lxml_html.HtmlElement, Block | Shown]],
) -> _Gathered:
    """Gather an element's words; return the block that its tail belongs to."""
    now.add(element.text)
    for child in element:
        tag = child.tag
        if not isinstance(tag, str) or tag in _UNSEEN or tag == "nav" or _is_hidden(child):
            pass  # a comment, or nothing that is read
        elif tag == "img":
            found.append((child, _shown(child)))
        elif tag == "br":
            now.parts.append("\n")
        elif tag in _BLOCKS or _holds_blocks(child):
            _flush(now, found)
            _flush(_walk(child, _Gathered(child), found), found)
            now = _Gathered(element)
        else:
            now = _inline(child, now, found)
        now.add(child.tail)
    return now


def _inline(
    child: lxml_html.HtmlElement,
    now: _Gathered,
    found: list[tuple[lxml_html.HtmlElement, Block | Shown]],
) -> _Gathered:
    if child.tag in _CELLS and "".join(now.parts).strip():
        now.parts.append(" | ")
    _walk(child, now, found)
    if child.tag == "a" and child.get("href"):
        now.links.append(Link(_trimmed(str(child.text_content())) or _alts(child), child.get("href", "")))
    return now


def _flush(now: _Gathered, found: list[tuple[lxml_html.HtmlElement, Block | Shown]]) -> None:
    block = now.block()
    if block is not None:
        found.append((now.element, block))


def _holds_blocks(element: lxml_html.HtmlElement) -> bool:
    """Say whether a cell or an inline element holds blocks (the mail's layout is made of tables)."""
    return any(isinstance(one.tag, str) and one.tag in _BLOCKS for one in element.iterdescendants())


def _is_hidden(element: lxml_html.HtmlElement) -> bool:
    return "display:none" in element.get("style", "").replace(" ", "")


def _shown(image: lxml_html.HtmlElement) -> Shown:
    width, height = (_number(image.get(name, "")) for name in ("width", "height"))
    return Shown(image.get("src", ""), image.get("alt", ""), width, height)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _alts(element: lxml_html.HtmlElement) -> str:
    return " ".join(image.get("alt", "") for image in element.iter("img")).strip()


def _trimmed(text: str) -> str:
    lines = _SPACE.sub(lambda found: "\n" if "\n" in found[0] else " ", text)
    return "\n".join(line.strip() for line in lines.split("\n")).strip()
