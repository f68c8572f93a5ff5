"""What readers read, paragraph by paragraph, and where its lines were written; links are marked in it.

From the issue, or (for a frozen edition whose sources have changed since) from the mail itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html as lxml_html

from newsletter.check.proof import Mail, Proof, Written
from newsletter.errors import Where

WEB, ADDRESS, END = "\x02", "\x03", "\x04"
"""Where a link to the web, or one to an address or number, begins, and where it ends."""
LINK = re.compile(
    r"!?\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]"
    r"\(\s*<?(?P<url>(?:[^()\s<>]|\([^()\s]*\))*)>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
    r"|<(?P<auto>(?:https?://|mailto:)[^>\s]+|[^>\s@<]+@[^>\s@<]+)>"
)
"""A link in Markdown, with its text and where it leads, or one that is its own text."""
_MARKED = re.compile(f"[{WEB}{ADDRESS}{END}]")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n|\n(?=[^\S\n]*(?:[-*+]|\d+[.)]|#+|\|)\s)")
"""What separates paragraphs, items of lists and headings."""
_SIGNS = re.compile(r"\*\*|__|[*`~]|(?<!\w)_|_(?!\w)|\\(?=\W)|^[^\S\n]*(?:[>#]+|[-+])[^\S\n]+", re.MULTILINE)
"""What Markdown writes beside the words. Brackets that make no link, and numbers, are words."""
_NOT_READ = frozenset({"file", "link"})
_NOT_PROSE = frozenset({"url", "email", "phone"})
_BLOCKS = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "caption", "div", "a")


@dataclass(frozen=True)
class Passage:
    """A paragraph, an item, a heading or a line of the issue."""

    marked: str
    """Bare of Markdown, its line breaks kept, links between WEB or ADDRESS and END."""
    anchor: str
    name: str
    """The key it stands at, or the element."""
    written: Written | None = None
    first: int = 0
    """Its first line within what was written, from 0."""

    @property
    def text(self) -> str:
        """What a reader sees."""
        return _MARKED.sub("", self.marked)

    def where(self, proof: Proof, quote: str, before: str) -> Where:
        """Return where words of it were written, with so much of it `before` them."""
        if self.written is None:
            return Where(proof.file)
        return proof.point(self.written.text.line(self.first + before.count("\n")), quote)


def passages(proof: Proof) -> Iterator[Passage]:
    """Give everything that is read, in its order."""
    if proof.issue is None and proof.edition is not None:
        yield Passage(proof.edition.subject, "", "subject")
        yield Passage(proof.edition.preheader, "", "preheader")
        for mail in proof.mails:
            yield from _of_mail(mail)
    for written in proof.written:
        if written.name not in _NOT_READ and written.text.kind not in _NOT_PROSE:
            yield from _of_text(written)


def _of_text(written: Written) -> Iterator[Passage]:
    value = written.text.value
    is_markdown = written.text.kind in {"markdown", "inline"}
    if is_markdown:
        value = LINK.sub(_mark, value)
    start = 0
    for found in (*_PARAGRAPH.finditer(value), None):
        end = found.start() if found else len(value)
        part, first = value[start:end], value.count("\n", 0, start)
        first += len(part) - len(part.lstrip("\n"))
        if part.strip():
            part = _SIGNS.sub("", part) if is_markdown else part
            yield Passage(part.strip("\n"), written.anchor, written.name, written, first)
        start = end


def _mark(found: re.Match[str]) -> str:
    """Mark a link, keeping the line breaks there are in it."""
    url = found["auto"] or found["url"]
    sign = ADDRESS if url.startswith(("mailto:", "tel:")) or (found["auto"] and "://" not in url) else WEB
    label = found["label"] if found["auto"] is None else url.removeprefix("mailto:")
    return f"{sign}{label}{END}" + "\n" * (found[0].count("\n") - label.count("\n"))


def _of_mail(mail: Mail) -> Iterator[Passage]:
    for element in mail.tree.iter(*_BLOCKS):
        if element.tag == "a" or any(True for _block in element.iterdescendants(*_BLOCKS[:-1])):
            continue
        marked = _walk(element).strip()
        if marked:
            yield Passage(marked, mail.sections[element], str(element.tag))


def _walk(element: lxml_html.HtmlElement) -> str:
    text = (element.text or "") if isinstance(element.tag, str) else ""
    for child in element:
        text += _walk(child) + (child.tail or "")
    if element.tag != "a" or not element.get("href"):
        return text
    sign = ADDRESS if element.get("href", "").startswith(("mailto:", "tel:")) else WEB
    return f"{sign}{text}{END}"
