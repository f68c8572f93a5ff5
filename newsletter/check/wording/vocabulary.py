"""Words that are right though dictionaries lack them: names, the office's own, and those that come with us.

`words-de.txt` and `words-en.txt` hold what offices write: the language of administration, and places.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Self

from newsletter.check.proof import Proof
from newsletter.settings_model import Settings

NAMES = frozenset({"name", "organisation", "address", "place", "credit", "source"})
"""Keys under which names stand: of people, of offices, of places."""
NO_WORDS = frozenset({"file", "link", "url", "email", "phone"})
"""Keys and kinds of what is no text."""
_LETTERS = re.compile(r"[^\W\d_]+")
_BREAK = re.compile(r"[\s\[\]()<>]+")
_ADDRESS = re.compile(r"@|://|\w\.\w")
_TITLED = re.compile(
    r"\b(?:Herrn?|Frau|Dr\.|Prof\.|Mr\.?|Mrs\.?|Ms\.?)\s+(?:(?:Dr|Prof|Dipl|Ing|h|c|med|jur|rer|nat|phil)\.[\s-]*)*"
    r"((?:[A-ZÄÖÜ][\w’'-]+\s?|(?:von|van|der|de|zu|und)\s){1,4})"
)
_ENDINGS = ("", "s", "es", "e", "en", "n", "er", "ern", "em", "r")
"""How a listed word may end beside its own form: Webinare, Soester, doppischen."""
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
"""How umlauts are written in addresses."""


@dataclass(frozen=True)
class Vocabulary:
    """Words that are taken to be right, whatever their case and ending."""

    words: frozenset[str]
    """As `folded` writes them."""

    @classmethod
    def of_settings(cls, language: str, settings: Settings) -> Self:
        """Take what comes with the program, and the words of newsletter.toml."""
        sender, legal = settings.sender, settings.legal
        own = [*settings.check.words, *settings.newsletter.hyphenation, settings.newsletter.title]
        own += [sender.name, sender.block, legal.imprint, sender.address]
        return cls(_shipped(language) | _folded(own))

    @property
    def digest(self) -> str:
        """Name these words and no others."""
        return _digest(self.words)

    def with_names(self, proof: Proof) -> Vocabulary:
        """Add the names of an issue: under its keys for names, in addresses, and behind a title or “Frau”."""
        return Vocabulary(self.words | _folded(_names(proof)))

    def __contains__(self, word: object) -> bool:
        """Say whether a word is listed, in this or another of its forms."""
        wanted = folded(str(word))
        return any(
            wanted.endswith(end) and wanted[: len(wanted) - len(end)] in self.words for end in _ENDINGS
        )


@lru_cache(maxsize=8)
def _digest(words: frozenset[str]) -> str:
    return hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()


def folded(word: str) -> str:
    """Return a word as it is compared: small letters, umlauts written as in addresses."""
    return word.casefold().translate(_FOLDED)


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(folded(word) for text in texts for word in _LETTERS.findall(text))


def _names(proof: Proof) -> Iterator[str]:
    for one in proof.written:
        if one.name in NAMES | NO_WORDS or one.text.kind in NO_WORDS:
            yield one.text.value
        yield from filter(_ADDRESS.search, _BREAK.split(one.text.value))
        yield from _TITLED.findall(one.text.value)


@cache
def _shipped(language: str) -> frozenset[str]:
    text = Path(__file__).with_name(f"words-{language}.txt").read_text(encoding="utf-8")
    return _folded(line for line in text.splitlines() if not line.startswith("#"))
