"""Prose: the sentences and words of what an editor wrote, bare of Markdown, each sentence with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from newsletter.check.proof import bare
from newsletter.errors import Where
from newsletter.issue.model import Text

PROSE = frozenset({"markdown", "inline"})
"""Kinds of text that consist of sentences; headings, names and captions of buttons do not."""
_PLACE = re.compile(r"\{\{[^{}]*\}\}")
_ADDRESS = re.compile(r"<?\b(?:https?://|mailto:|www\.)[^\s<>)]+>?|[\w.+-]+@[\w.-]+\w")
_NEW_BLOCK = re.compile(r"\s*(?:[-*+]|\d+[.)]|#+|>|\|)\s")
_END = re.compile(r"[.!?…]+[)\]\"”“’»*_]*\s+(?=[„“\"‚‘«»(\[*_]*[A-ZÄÖÜ0-9])")
_NO_END = re.compile(
    r"(?:\b\d{1,2}|\b[^\W\d_]"
    r"|\b(?:Abb|Abs|Abt|Anm|Art|Aufl|Az|Bd|ca|Dipl|Dr|evtl|geb|gem|ggf|Hrsg|inkl|Ing|Jan|Feb|Apr|Aug|Sept|Okt"
    r"|Nov|Dez|Kap|lfd|Mio|Mrd|Nr|Prof|rd|Ref|Rn|sog|St|Std|Str|Tel|Tsd|vgl|Ziff|zzgl|bzw|e\.V"
    r"|approx|e\.g|i\.e|Fig|Inc|Ltd|Mr|Mrs|Ms|No|vs))\.$",
    re.IGNORECASE,
)
"""What ends in a full stop without ending a sentence: `2. August`, `z. B.`, `Abs.`"""
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_SYLLABLES = {
    "de": re.compile(r"aa|ee|oo|ie|[ae][iy]|au|[eä]u|o[iy]|[aeiouyäöüéèáàóêîô]"),
    "en": re.compile(r"[aeiouyéèáàóêîô]+"),
}
_SILENT = re.compile(r"(?<=[^aeiouy])(?:e|es|ed)$")
"""The English ending that is written and not spoken; `-le`, `-ted` and `-ses` are."""
_SPOKEN = re.compile(r"(?:[^aeiouyl]le|[td]ed|(?:[sxz]|ch|sh|g|c)es)$")


@dataclass(frozen=True)
class Sentence:
    """A sentence as it is read."""

    text: str
    where: Where
    """The line in which it begins."""

    @property
    def length(self) -> int:
        """How many words and numbers it has."""
        return sum(any(map(str.isalnum, chunk)) for chunk in self.text.split())

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words, without numbers."""
        return tuple(_WORD.findall(self.text))

    def beginning(self, count: int = 6) -> str:
        """Return its first words."""
        return " ".join(self.text.split()[:count])


@lru_cache(maxsize=4096)
def readable(line: str) -> str:
    """Return a line as it is read: without Markdown, web addresses and personal places."""
    return bare(_ADDRESS.sub(" ", _PLACE.sub(" ", bare(line))))


@lru_cache(maxsize=1024)
def sentences(text: Text) -> tuple[Sentence, ...]:
    """Cut a text into its sentences; a list's entry and a table's line end one as well.

    What was cut is remembered: a preview checks an issue again and again, and two rules ask.
    """
    return tuple(sentence for block in _blocks(text) for sentence in _of_block(block))


def _of_block(block: list[tuple[str, Where]]) -> Iterator[Sentence]:
    text, starts = "", []
    for line, where in block:
        starts.append((len(text), where))
        text += " ".join(line.split()) + " "
    for begin, end in _spans(text):
        if any(map(str.isalpha, text[begin:end])):
            where = next(where for offset, where in reversed(starts) if offset <= begin)
            yield Sentence(text[begin:end].strip(), where)


def syllables(word: str, language: str) -> int:
    """Count the syllables of a word by its groups of vowels; a word has one at least."""
    word = word.casefold()
    if language == "en" and not _SPOKEN.search(word):
        word = _SILENT.sub("", word)
    return max(1, len(_SYLLABLES[language].findall(word)))


def _blocks(text: Text) -> Iterator[list[tuple[str, Where]]]:
    block: list[tuple[str, Where]] = []
    for number, line in enumerate(text.value.split("\n")):
        if not line.strip() or _NEW_BLOCK.match(line):
            yield block
            block = []
        block.append((readable(line.strip()), text.line(number)))
    yield block


def _spans(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for found in _END.finditer(text):
        if not _NO_END.search(text, begin, found.start() + 1):
            yield begin, found.end()
            begin = found.end()
    yield begin, len(text)
