"""What a medium says, as a stream of words, links and images in their order.

The three readers know nothing of how the media are made: HTML is read by lxml, plain text is put back
into paragraphs by the rules of RFC 3676 and then rid of the marks that plain text has for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html as lxml_html
from lxml.html import HtmlElement

INLINE = {"a", "b", "code", "em", "i", "s", "span", "strong", "time"}
"""Elements that do not end a word."""


@dataclass(frozen=True)
class Link:
    """Where the words before it lead."""

    target: str


@dataclass(frozen=True)
class Picture:
    """An image, by what it shows; an empty text for one that tells nothing."""

    alt: str


Token = str | Link | Picture


def of_html(document: str, *, inner: bool) -> list[Token]:
    """Read what is visible in an HTML document; with `inner` links on the document itself as well."""
    (body,) = lxml_html.document_fromstring(document).iter("body")
    return list(_words(list(_html(body, inner=inner))))


def hidden(document: str) -> list[str]:
    """Read what an HTML document holds without showing it."""
    found = lxml_html.document_fromstring(document).xpath('//body//*[contains(@style, "display:none")]')
    return [str(element.text_content()) for element in found]


def _html(element: HtmlElement, *, inner: bool) -> Iterator[Token]:
    if (
        not isinstance(element.tag, str)
        or element.tag == "style"
        or "display:none" in element.get("style", "")
    ):
        return
    boundary = "" if element.tag in INLINE else " "
    yield boundary
    yield element.text or ""
    if element.tag == "img":
        yield Picture(_plain(element.get("alt", "")))
    for child in element:
        yield from _html(child, inner=inner)
        yield child.tail or ""
    target = element.get("href", "")
    own = _is_own_label(_plain(element.text_content()), target)
    if element.tag == "a" and not own and (inner or not target.startswith("#")):
        yield Link(target)
    yield boundary


def _is_own_label(label: str, target: str) -> bool:
    """Say whether the label tells the target: it is then no more than its words, in every medium."""
    dialled = re.sub(r"[^+\d]", "", label.replace("(0)", "") if label.startswith("+") else label)
    return target in {label, f"mailto:{label}"} or (
        target == f"tel:{dialled}" and not re.search("[a-z]", label)
    )


def of_text(document: str) -> list[Token]:
    """Read a plain-text part; links that are numbered are looked up in the list at its end."""
    targets = dict(re.findall(r"^\[(\d+)\] (\S+)$", document, re.MULTILINE))
    document = re.sub(r"^Links\n\n(?:\[\d+\] \S+\n)+", "", document, flags=re.MULTILINE)
    text = " ".join(_without_marks(paragraphs(document)))
    marks = r"\[(?:Bild|Image): ([^\]]*)\]|\[(\d+)\]|:? *<((?:https?|mailto|tel):[^\s<>]+)>"
    tokens: list[Token] = []
    end = 0
    for found in re.finditer(marks, text):
        alt, number, target = found.groups()
        shown: Token = Picture(_plain(alt)) if alt else Link(targets[number] if number else target)
        tokens += [text[end : found.start()], shown]
        end = found.end()
    return list(_words([*tokens, text[end:]]))


def paragraphs(document: str) -> list[str]:
    """Put flowed lines together again (RFC 3676 §4): each entry is a paragraph, or a fixed line."""
    result: list[str] = []
    goes_on: int | None = None
    for line in document.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        text = line[depth:].removeprefix(" ") if line[depth:].startswith(" ") else line[depth:]
        if goes_on == depth:
            result[-1] += text
        else:
            result.append(text)
        goes_on = depth if text.endswith(" ") and text != "-- " else None
    return result


def _without_marks(lines: list[str]) -> Iterator[str]:
    """Leave out what plain text draws with letters: underlines, rules, bullets, numbers, quote marks."""
    for line in lines:
        words = re.sub(r"^(?:\s*(?:>+|\*|\d+\.)(?: +|$))+", "", line)
        if not re.fullmatch(r"\s*(?:=+|-+(?:  -+)*)", words):
            yield words


def _words(pieces: list[Token]) -> Iterator[Token]:
    """Join pieces of text to words; a link or an image ends a word."""
    text = ""
    for piece in [*pieces, Link("")]:
        if isinstance(piece, str):
            text += piece
            continue
        yield from (word for word in _plain(text).split() if word != "·")  # a mark between links or cells
        text = ""
        if piece != Link(""):
            yield piece


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\u00ad", "").replace("\u00a0", " "))
