"""Reading the documents: their blocks of code, the code in their sentences, their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
_PUNCTUATION = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """A block of code: ```` ```toml file=templates/theme.toml ```` has the language `toml` and a note."""

    path: Path
    line: int
    language: str
    note: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that the block shows, where it says so."""
        return self.note.removeprefix("file=") if self.note.startswith("file=") else None

    def __str__(self) -> str:
        """Where it stands, for the names of tests."""
        return f"{self.path.name}:{self.line}"


def documents() -> list[Path]:
    """Every document of the repository."""
    return [README, CHANGELOG, *sorted(DOCS.rglob("*.md"))]


def blocks(path: Path, language: str = "", note: str | None = None) -> list[Block]:
    """The blocks of code in a document, of one language and with one note."""
    found = (_block(path, token) for token in _tokens(path) if token.type == "fence")
    return [
        block
        for block in found
        if language in ("", block.language) and (note is None or block.note.startswith(note))
    ]


def code_spans(path: Path) -> list[str]:
    """The code that stands in sentences."""
    return [child.content for child in _children(path) if child.type == "code_inline"]


def links(path: Path) -> list[str]:
    """The targets of links and images."""
    targets = (child.attrs.get("href") or child.attrs.get("src") for child in _children(path))
    return [str(target) for target in targets if target]


def anchors(path: Path) -> set[str]:
    """The places of a document that links can lead to, as GitHub names them."""
    tokens = _tokens(path)
    heads = (tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open")
    return {_PUNCTUATION.sub("", head.lower()).strip().replace(" ", "-") for head in heads}


def between(text: str, name: str) -> tuple[str, str, str]:
    """Cut a text at the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->`, which stay outside."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    inside, _, after = rest.partition(end)
    return before + begin, inside, end + after


@cache
def _tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def _children(path: Path) -> Iterator[Token]:
    for token in _tokens(path):
        yield from token.children or ()


def _block(path: Path, token: Token) -> Block:
    language, _, note = token.info.strip().partition(" ")
    line = token.map[0] + 1 if token.map else 0
    return Block(path, line, language, note, token.content)
