"""Dates and times in words, in the reader's language.

Two forms in two languages: Babel, which knows all of them, took a tenth of a build's time to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from newsletter.compose.typography import MONTHS, NBSP, bind
from newsletter.language import Phrases

WEEKDAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


@dataclass(frozen=True)
class Day:
    """A date: `words` is “2. August 2023”, `full` “Mittwoch, 2. August 2023”."""

    date: date
    words: str
    full: str

    @property
    def iso(self) -> str:
        """The date for machines."""
        return self.date.isoformat()

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Clock:
    """A time of day: `14 Uhr`, `14:30 Uhr`; `2 pm`-less English: `14:30`."""

    time: time
    words: str

    @property
    def iso(self) -> str:
        """The time for machines."""
        return self.time.strftime("%H:%M")

    def __str__(self) -> str:
        return self.words


def in_words(value: date | time, phrases: Phrases) -> Day | Clock:
    """Write a date or a time of day in words."""
    return day(value, phrases.language) if isinstance(value, date) else clock(value, phrases)


def day(value: date, language: str) -> Day:
    """Write a date in words (DIN 5008: month in letters, no leading zero)."""
    dot = "." if language == "de" else ""
    words = bind(f"{value.day}{dot} {MONTHS[language][value.month - 1]} {value.year}", language)
    return Day(value, words, f"{WEEKDAYS[language][value.weekday()]}, {words}")


def clock(value: time, phrases: Phrases) -> Clock:
    """Write a time of day; full hours stand without minutes in German."""
    if phrases.language == "de":
        digits = str(value.hour) if not value.minute else f"{value.hour}:{value.minute:02}"
        return Clock(value, f"{digits}{NBSP}Uhr")
    return Clock(value, f"{value.hour}:{value.minute:02}")
