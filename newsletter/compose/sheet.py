"""The plain-text part while it is written: paragraphs, lists, tables, and links numbered at its end.

Made from the structure, not from HTML: tables, lists and quotes keep their sense, and the words, links
and images stand in the same order as in the mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from newsletter.compose.flowed import WIDTH, Row, columns, fill, hang, written
from newsletter.compose.links import is_own_label
from newsletter.compose.markdown import Prose
from newsletter.compose.typography import SHY
from newsletter.language import Phrases

RULE = "-" * 24


@dataclass
class Sheet:
    """One plain-text part while it is written; the numbers of its links run through it."""

    phrases: Phrases
    links: dict[str, int] = field(default_factory=dict)

    def paragraph(self, text: object) -> str:
        """Set a paragraph; line breaks in it stay."""
        return written(_paragraph(str(text), WIDTH, soft=True))

    def heading(self, text: object, level: int = 2) -> str:
        """Set a heading, underlined by its rank."""
        return written(_heading(str(text), level, WIDTH))

    def item(self, text: object, mark: str = "*") -> str:
        """Set an entry of a list."""
        return written(_item(str(text), mark))

    def ref(self, label: object, url: str) -> str:
        """Name a link in running text: `the portal [2]`; an address that is its own label stands alone."""
        if is_own_label(str(label), url):
            return str(label)
        return f"{label} [{self.links.setdefault(url, len(self.links) + 1)}]"

    def button(self, label: object, url: str) -> str:
        """Set a button: its label, and the address on a line of its own."""
        if is_own_label(str(label), url):
            return self.paragraph(label)
        colon = "" if str(label).endswith((".", ":", "!", "?", "…")) else ":"
        return written([*fill(f"{label}{colon}", soft=False), Row(f"<{url}>")])

    def image(self, alt: object, url: str | None = None) -> str:
        """Stand in for an image that tells something."""
        if not alt:
            return ""
        words = f"[{self.phrases('Image')}: {alt}]"
        return self.paragraph(self.ref(words, url) if url else words)

    def line(self, tokens: Sequence[Token]) -> str:
        """Return one line of Markdown as text."""
        return _inline(self, tokens[0]) if tokens else ""

    def prose(self, tokens: Sequence[Token]) -> str:
        """Set paragraphs, lists, quotes, tables and code from Markdown tokens."""
        return written(_Blocks(self).rows(tokens))

    def quote(self, tokens: Sequence[Token]) -> str:
        """Set a text as prose that is quoted."""
        return written(_quoted(_Blocks(self).rows(tokens, WIDTH - 2)))

    def table(self, head: Sequence[object], rows: Sequence[Sequence[Prose]]) -> str:
        """Set a table section: its head, and a row of Markdown cells for each entry."""
        cells = [list(map(str, head)), *([self.line(cell.tokens) for cell in row] for row in rows)]
        return written(_table(cells, WIDTH))

    def references(self) -> str:
        """Set the list of the numbered links."""
        return "\n".join(f"[{number}] {url}" for url, number in self.links.items())


class _Blocks:
    """Writes the blocks of a text."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def rows(self, tokens: Sequence[Token], width: int = WIDTH) -> list[Row]:
        return self._stacked(SyntaxTreeNode(tokens).children, width, soft=True)

    def _stacked(
        self, nodes: Sequence[SyntaxTreeNode], width: int, *, soft: bool, tight: bool = False
    ) -> list[Row]:
        """Set blocks one below the other, with an empty line between them unless a list is tight."""
        rows: list[Row] = []
        for node in nodes:
            if rows and not tight:
                rows.append(Row(""))
            rows += self._block(node, width, soft=soft)
        return rows

    def _block(self, node: SyntaxTreeNode, width: int, *, soft: bool) -> list[Row]:
        match node.type:
            case "blockquote":
                return _quoted(self._stacked(node.children, width - 2, soft=soft))
            case "bullet_list" | "ordered_list":
                return self._list(node, width)
            case "table":
                return _table(self._cells(node), width)
            case "heading":
                return _heading(self._text(node), 3, width)
            case "paragraph" | "inline":
                return _paragraph(self._text(node), width, soft=soft)
        text = RULE if node.type == "hr" else node.content.rstrip("\n")
        return [Row(line) for line in text.split("\n")]

    def _list(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        first = int(node.attrs.get("start", 1))
        blocks = [block for item in node.children for block in item.children]
        tight = all(block.hidden for block in blocks if block.type == "paragraph")
        rows: list[Row] = []
        for number, item in enumerate(node.children, first):
            mark = "* " if node.type == "bullet_list" else f"{number}. "
            if rows and not tight:
                rows.append(Row(""))
            rows += hang(self._stacked(item.children, width - len(mark), soft=False, tight=tight), mark)
        return rows

    def _cells(self, table: SyntaxTreeNode) -> list[list[str]]:
        return [
            [self._text(cell) for cell in row.children] for part in table.children for row in part.children
        ]

    def _text(self, node: SyntaxTreeNode) -> str:
        """Write the inline token of a paragraph, heading or cell."""
        return "".join(_inline(self._sheet, part.token) for part in node.walk() if part.token)


_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


def _inline(sheet: Sheet, token: Token) -> str:
    """Write the inside of a paragraph."""
    parts: list[str] = []
    starts: list[tuple[int, str]] = []
    for child in token.children or ():
        if child.type == "link_open":
            starts.append((len(parts), str(child.attrs["href"])))
        elif child.type == "link_close":
            start, url = starts.pop()
            parts[start:] = [sheet.ref("".join(parts[start:]), url)]
        else:
            parts.append(_BREAKS.get(child.type, child.content))
    return "".join(parts).replace(SHY, "")


def _paragraph(text: str, width: int, *, soft: bool) -> list[Row]:
    return [row for part in text.split("\n") for row in fill(part, width=width, soft=soft)]


def _heading(text: str, level: int, width: int) -> list[Row]:
    rows = _paragraph(text, width, soft=False)
    longest = max(columns(row.text) for row in rows)
    return [*rows, Row("=-"[level > 1] * min(longest, width))]


def _item(text: str, mark: str) -> list[Row]:
    return hang(_paragraph(text, WIDTH - columns(mark) - 1, soft=False), f"{mark} ")


def _quoted(rows: Sequence[Row]) -> list[Row]:
    return [replace(row, quotes=row.quotes + 1) for row in rows]


def _table(rows: Sequence[Sequence[str]], width: int) -> list[Row]:
    """Set a table: in columns where they fit, else a list entry for each row, its cells in their order."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        return [line for row in rows for line in _item(" · ".join(row), "*")]
    lines = ["  ".join(map(_padded, row, widths)) for row in rows]
    return [Row(line) for line in (lines[0], "  ".join("-" * width for width in widths), *lines[1:])]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - columns(cell))
