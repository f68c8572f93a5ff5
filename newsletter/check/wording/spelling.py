"""Spelling: which words of an issue no dictionary knows, and what may be meant.

What was asked once is kept in the builds' cache: an issue that is checked again costs no run of the program,
and a changed sentence one for its new words.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from newsletter.check.rule import CannotTell
from newsletter.check.wording.hunspell import Hunspell
from newsletter.check.wording.vocabulary import Vocabulary
from newsletter.compose.cache import Drawer

RECIPE = "1"
"""Raise it whenever the same dictionaries and words would give another answer."""
RIGHT, FOREIGN, WRONG = "right", "foreign", "wrong"
MIN_LENGTH = 3
"""Letters of a word that is looked at; shorter ones are mostly abbreviations."""
MIN_PART = 4
"""Letters of a compound's part that may be joined to another one."""
MIN_FOREIGN = 5
"""Letters of an English word that may stand in German text; shorter ones are often typing errors (“fur”)."""
MOSTLY = 0.4
"""The share of English words from which a text is English."""
_ADDRESS = re.compile(r"@|://|\w\.\w|\w/\w*/|\d")
_GENDERED = re.compile(r"(?<=[^\W\d_])[*:_·](?=(?:innen|in|r|n|e)\b)")
_WORD = {
    "de": re.compile(r"-?[^\W\d_]+-?"),
    "en": re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?"),
}
_INFIX = re.compile(r"(?<=[a-zäöüß]{2})zu(?=[a-zäöüß]+n$)")
_CAPITALS = re.compile(r"[A-ZÄÖÜ]{2}|[a-zäöüß][A-ZÄÖÜ]")
"""Abbreviations (NRW, PDFs) and names such as WebGIS."""
_JOINTS = ("", "s", "es", "n", "en", "er")
"""What stands between the parts of a German compound."""
_SHORT_TAILS = frozenset({"amt", "bus", "hof", "see", "weg"})
"""Shorter words that compounds end in: Mühlenweg."""
_BRITISH = (
    ("our", "or"), ("tre", "ter"), ("is", "iz"), ("ys", "yz"), ("ogue", "og"), ("ll", "l"), ("ence", "ense"),
    ("mme", "m"), ("grey", "gray"), ("ae", "e"), ("que", "ck"),
)  # fmt: skip
"""How British and American words differ, for where only an American dictionary is installed."""


def words_in(text: str, language: str) -> Iterator[str]:
    """Give the words of a text whose spelling can be looked up.

    A hyphen at the end belongs to a word of which another part follows: `Bildungs-`.
    """
    for chunk in text.split():
        yield from _words_of(chunk, language)


@lru_cache(maxsize=16384)
def _words_of(chunk: str, language: str) -> tuple[str, ...]:
    """Return the words of what stands between two spaces; remembered, as these come again and again."""
    if _ADDRESS.search(chunk):
        return ()
    words = _WORD[language].findall(_GENDERED.sub("", chunk.replace("’", "'")))
    # A hyphen before a word is that of “Stromerzeugung und -verkauf”: the noun has its capital elsewhere.
    words = [word[1:].capitalize() if word.startswith("-") else word for word in words]
    return tuple(word for word in words if len(stem(word)) >= MIN_LENGTH and not _CAPITALS.search(word))


@dataclass(frozen=True)
class Spelling:
    """The spelling of one language."""

    language: str
    program: Hunspell
    foreign: Hunspell | None
    """English for German text, where that is installed."""
    vocabulary: Vocabulary
    """Of which parts of compounds may be made as well."""
    drawer: Drawer
    seal: str
    """Names all that an answer depends on, before each key of the drawer."""

    @classmethod
    def of(cls, language: str, vocabulary: Vocabulary, kept: Path | None) -> Self:
        """Find the program; `kept` is the file of what was asked before.

        Raises:
            CannotTell: program or dictionary are not installed.
        """
        program, foreign = Hunspell.of(language), None
        if language != "en":
            try:
                foreign = Hunspell.of("en")
            except CannotTell:  # then English words are told as unknown ones
                foreign = None
        facts = (RECIPE, program.seal, foreign and foreign.seal, vocabulary.digest)
        seal = hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
        return cls(language, program, foreign, vocabulary, Drawer(kept), seal)

    def unknown(self, texts: Sequence[Sequence[str]], known: Container[str]) -> dict[str, tuple[str, ...]]:
        """Return the words of some texts that no dictionary knows, with what may be meant.

        Args:
            texts: the words of each.
            known: further words that are right.

        Raises:
            CannotTell: the program gave no answer.
        """
        verdicts = self._verdicts({word for text in texts for word in text})
        found = (word for text in texts for word in self._wrong(text, verdicts))
        proposals = self._proposals([word for word in dict.fromkeys(found) if stem(word) not in known])
        self.drawer.save()
        return proposals

    def _wrong(self, text: Sequence[str], verdicts: Mapping[str, str]) -> Iterator[str]:
        """Give the wrong words of a text; short English ones are right where the text is English."""
        english = sum(verdicts[word] == FOREIGN for word in text)
        shortest = 0 if english > MOSTLY * len(text) else MIN_FOREIGN
        for word in text:
            verdict = verdicts[word]
            if verdict == WRONG or (verdict == FOREIGN and len(stem(word)) < shortest):
                yield word

    def _verdicts(self, words: Iterable[str]) -> dict[str, str]:
        found = {word: self.drawer.get(f"{self.seal} {word}") or "" for word in sorted(words)}
        if new := [word for word, verdict in found.items() if not verdict]:
            wrong = self._not_in_dictionary(new)
            nowhere = self.foreign.wrong(map(stem, wrong)) if self.foreign else set(map(stem, wrong))
            for word in new:
                found[word] = RIGHT if word not in wrong else WRONG if stem(word) in nowhere else FOREIGN
                self.drawer.put(f"{self.seal} {word}", found[word])
        return found

    def _not_in_dictionary(self, words: Iterable[str]) -> list[str]:
        """Return the words that the dictionary knows neither whole nor by their parts or in another form."""
        wrong = self.program.wrong(map(stem, words))
        left = [word for word in words if stem(word) in wrong]
        ways = {word: list(_WAYS[self.language](word)) for word in left}
        parts = {part for several in ways.values() for way in several for part in way}
        unknown = {part for part in self.program.wrong(sorted(parts)) if part not in self.vocabulary}
        return [word for word in left if not any(unknown.isdisjoint(way) for way in ways[word])]

    def _proposals(self, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
        kept = {word: self.drawer.get(f"{self.seal} {word}?") for word in words}
        told = self.program.proposals(stem(word) for word, proposals in kept.items() if proposals is None)
        found = {}
        for word, proposals in kept.items():
            found[word] = told[stem(word)] if proposals is None else tuple(proposals.split("\n"))
            self.drawer.put(f"{self.seal} {word}?", "\n".join(found[word]))
        return {word: tuple(filter(None, several)) for word, several in found.items()}


def stem(word: str) -> str:
    """Return a word without the hyphen that says that another part follows."""
    return word.rstrip("-")


def _english_ways(word: str) -> Iterator[tuple[str, ...]]:
    """Give other forms of an English word: American, and without accents (café)."""
    for british, american in _BRITISH:
        if british in word.lower():
            yield (word.lower().replace(british, american),)
    bare = "".join(filter(str.isascii, unicodedata.normalize("NFD", word)))
    if bare != word:
        yield (bare,)


def _german_ways(word: str) -> Iterator[tuple[str, ...]]:
    """Give the ways in which a German word may be made of others; nouns are asked for with their capital."""
    whole = stem(word)
    if whole != word:
        yield (word,)
        yield from ((whole.removesuffix(joint),) for joint in _JOINTS if joint and whole.endswith(joint))
    for infix in _INFIX.finditer(whole):  # zurückzuholen
        yield (whole[: infix.start()] + whole[infix.end() :],)
    for cut in range(MIN_PART, len(whole) - 2):
        if len(whole) - cut < MIN_PART and whole[cut:] not in _SHORT_TAILS:
            continue
        tail = whole[cut:].capitalize()
        for joint in _JOINTS:
            head = whole[:cut].removesuffix(joint)
            if whole[:cut].endswith(joint) and len(head) >= MIN_PART:
                yield head.capitalize(), tail


_WAYS: Mapping[str, Callable[[str], Iterator[tuple[str, ...]]]] = {"de": _german_ways, "en": _english_ways}
