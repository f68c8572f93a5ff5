"""What a typesetter does to a text: quotes of its language, bound spaces, divided long words.

Rules from DIN 5008 (numbers, units, abbreviations, dates) and Duden; soft hyphens go only into HTML.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

NBSP = "\u00a0"
SHY = "\u00ad"
QUOTES: Mapping[str, str] = MappingProxyType({"de": "„“‚‘", "en": "“”‘’"})
MARGIN = 4
"""Letters that stay together at a word's beginning and end."""
MIN_PART = 2
LONG_WORD = 14
"""Letters from which a word is divided: shorter ones fit a phone's line at every size we use."""
_BOUND_SIGN = re.compile(r"[\d.§–]|Satz|Herr|Frau|Dr|Mr|Ms")
"""Without one of these there is nothing to bind: most texts, and seven searches saved."""
_VOWEL = re.compile(r"[aeiouyäöüáéíóúàèâêî]", re.IGNORECASE)
_LONG_CHUNK = re.compile(rf"\S{{{LONG_WORD},}}")
_LONG_LETTERS = re.compile(rf"[^\W\d_]{{{LONG_WORD},}}")
_UNITS = (
    r"Uhr|km²|km|m²|m³|cm|mm|m|kg|t|ha|kWh|MWh|MB|GB|°C|%|‰|€|Euro|EUR|Mio\.|Mrd\."
    r"|Prozent|Minuten|Stunden|Tage"
)
MONTHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "de": (
            "Januar", "Februar", "März", "April", "Mai", "Juni",
            "Juli", "August", "September", "Oktober", "November", "Dezember",
        ),
        "en": (
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ),
    }
)  # fmt: skip
_BEFORE = {
    "de": r"§§|§|Nr\.|Art\.|Abs\.|Satz|Kap\.|Bd\.|ca\.|Dr\.|Prof\.|Tel\.|Herrn?|Frau",
    "en": r"No\.|Art\.|Fig\.|Dr|Mr|Ms|Mrs|Prof\.|approx\.",
}


class Shelf(Protocol):
    """Where divided words are kept between builds (loading the dictionary takes most of a second)."""

    def get(self, key: str) -> str | None:
        """Return what is kept under a key."""

    def put(self, key: str, value: str) -> None:
        """Keep a value."""


@cache
def _bindings(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    months, before = "|".join(MONTHS[language]), _BEFORE[language]
    return (
        (re.compile(rf"(?<=\d) (?=(?:{_UNITS})(?!\w))"), NBSP),
        (re.compile(rf"(?<![\w§])({before}) (?=[\w„“])"), rf"\1{NBSP}"),
        (re.compile(rf"(?<!\d)(\d{{1,2}}\.?) (?=(?:{months})\b)"), rf"\1{NBSP}"),
        (re.compile(r"\b([A-Za-zÄÖÜäöü]\.) (?=[A-Za-zÄÖÜäöü]\.)"), rf"\1{NBSP}"),
        (re.compile(r"(?<=\d) : (?=\d)"), f"{NBSP}:{NBSP}"),
        (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), NBSP),
        (re.compile(r" (?=–(?:\s|$))"), NBSP),
    )


def bind(text: str, language: str) -> str:
    """Replace spaces at which a line must not break by no-break spaces: `z. B.`, `19 Uhr`, `2. August`.

    The text keeps its length and words.
    """
    if not _BOUND_SIGN.search(text):
        return text
    for pattern, replacement in _bindings(language):
        text = pattern.sub(replacement, text)
    return text


class Hyphenator:
    """Puts soft hyphens into long words; addresses and host names stay as they are."""

    def __init__(self, language: str, exceptions: Mapping[str, str], shelf: Shelf | None = None) -> None:
        self._language = {"de": "de_DE", "en": "en_GB"}[language]
        self._exceptions = {word.casefold(): parts for word, parts in exceptions.items()}
        self._shelf = shelf
        self._seal = f"{self._language} {version('pyphen')} {MARGIN}"

    def __call__(self, text: str) -> str:
        """Return the text with soft hyphens."""
        return _LONG_CHUNK.sub(lambda chunk: self._chunk(chunk[0]), text)

    def _chunk(self, chunk: str) -> str:
        if "@" in chunk or "://" in chunk or re.search(r"\w\.\w", chunk) or SHY in chunk:
            return chunk
        return _LONG_LETTERS.sub(lambda word: self._word(word[0]), chunk)

    def _word(self, word: str) -> str:
        if parts := self._exceptions.get(word.casefold()):
            return _divided_like(word, parts)
        key = f"{self._seal}:{word}"
        kept = self._shelf.get(key) if self._shelf else None
        if kept is None:
            kept = SHY.join(_syllables(_dictionary(self._language).inserted(word, SHY).split(SHY)))
            if self._shelf:
                self._shelf.put(key, kept)
        return kept


def _divided_like(word: str, parts: str) -> str:
    """Divide a word as an exception shows with hyphens, keeping the word's own capitals."""
    result, position = "", 0
    for letter in parts:
        if letter == "-" and word[position : position + 1] != "-":
            result += SHY
        else:
            result += word[position : position + 1]
            position += 1
    return result + word[position:]


def _syllables(parts: list[str]) -> list[str]:
    """Join what the patterns cut too finely (`Zusam-me-n-a-r-beit`): a part has a vowel and two letters."""
    result = parts[:1]
    for part in parts[1:]:
        if not _VOWEL.search(part) or not _VOWEL.search(result[-1]) or len(result[-1]) < MIN_PART:
            result[-1] += part
        else:
            result.append(part)
    return result


class _Dictionary(Protocol):
    def inserted(self, word: str, hyphen: str) -> str: ...


@cache
def _dictionary(language: str) -> _Dictionary:
    """Load the patterns of a language, the second level of the file where it has two.

    The first level of LibreOffice's German file (69,000 compounds) is meant for another algorithm than
    pyphen's: mixed in, it takes 0.9 s more to load and finds the same divisions.
    """
    import pyphen  # noqa: PLC0415 (rarely needed: divided words are kept between builds)

    path = Path(pyphen.LANGUAGES[language])
    charset, _newline, patterns = path.read_bytes().partition(b"\n")
    _first, level, second = patterns.partition(b"NEXTLEVEL")
    if not level:
        plain: _Dictionary = pyphen.Pyphen(filename=path, left=MARGIN, right=MARGIN)
        return plain
    with tempfile.TemporaryDirectory() as folder:
        reduced = Path(folder) / path.name
        reduced.write_bytes(charset + b"\n" + second)
        dictionary: _Dictionary = pyphen.Pyphen(filename=reduced, left=MARGIN, right=MARGIN)
    return dictionary
