"""Dates as German and English texts write them, with the weekday that stands beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from newsletter.compose.days import WEEKDAYS
from newsletter.compose.typography import MONTHS

_FURTHER_MONTHS = {
    "Jan": 1, "Jänner": 1, "Feb": 2, "Mar": 3, "Mär": 3, "Mrz": 3, "Apr": 4, "Jun": 6, "Jul": 7, "Aug": 8,
    "Sep": 9, "Sept": 9, "Oct": 10, "Okt": 10, "Nov": 11, "Dec": 12, "Dez": 12,
}  # fmt: skip
_MONTH_NUMBERS = {
    **{name: number for names in MONTHS.values() for number, name in enumerate(names, 1)},
    **_FURTHER_MONTHS,
}
_SHORT = {
    "Mo": 0, "Di": 1, "Mi": 2, "Do": 3, "Fr": 4, "Sa": 5, "So": 6,
    "Mon": 0, "Tue": 1, "Tues": 1, "Wed": 2, "Thu": 3, "Thur": 3, "Thurs": 3, "Fri": 4, "Sat": 5, "Sun": 6,
}  # fmt: skip
_WEEKDAY_NUMBERS = {
    **{name: number for names in WEEKDAYS.values() for number, name in enumerate(names)},
    "Sonnabend": 5,
    **_SHORT,
}


def _any(names: dict[str, int]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_LONG_DAY = "|".join((*WEEKDAYS["de"], "Sonnabend", *WEEKDAYS["en"]))
_DAY_NAME = rf"(?:{_LONG_DAY}|(?:{_any(_SHORT)})(?=[.,]))"
"""A weekday; a short one (“So”) only where a dot or comma tells it from a word."""
_DAY = rf"\b(?P<weekday>{_DAY_NAME})\b\.?,?\s*\(?(?:(?:den|dem|der|am|the|on)\s+)?"
_MONTH = _any(_MONTH_NUMBERS)
_YEAR = r"(?:1[89]|20)\d\d"
_FORMS = (
    rf"(?P<d1>\d{{1,2}})(?:\.|st|nd|rd|th)?\s*(?:of\s+)?(?P<m1>{_MONTH})\b\.?,?(?:\s+(?P<y1>{_YEAR})\b)?"
    rf"|\b(?P<m2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\.?\d)(?:,?\s+(?P<y2>{_YEAR})\b)?"
    rf"|(?P<d3>\d{{1,2}})\.\s?(?P<m3>\d{{1,2}})\.(?:(?P<y3>\s?{_YEAR}|\d{{2}})(?!\d))?(?!\d)"
    r"|(?P<y4>\d{4})-(?P<m4>\d{2})-(?P<d4>\d{2})(?!\d)"
)
_DATE = re.compile(rf"(?:{_DAY})?(?<![\d./-])(?:{_FORMS})(?:,?\s*\((?P<after>{_LONG_DAY})\))?")
_PAIR = re.compile(rf"(?:{_LONG_DAY}|{_any(_SHORT)})\.?,?\s*(?:[–—/&-]|bis|und|oder|to|and|or|through)\s*$")
"""What makes a weekday the last of several: “Montag bis Freitag, 4. September”."""
_NAMED = re.compile(
    rf"\b(?:am|on|diesen|kommenden|next)\s+(?P<weekday>{_LONG_DAY})\b(?!\s*,?\s*(?:den\s+)?\d)"
)
_CENTURY = 2000
_TWO_DIGITS = 100
_FAR = 245
"""Days: a date without a year that would lie further ahead is one of the year before."""


@dataclass(frozen=True)
class Mention:
    """A date in a text."""

    quote: str
    """As it is written, with its weekday."""
    start: int
    end: int
    day: int
    month: int
    year: int | None
    weekday: int | None
    """0 is Monday; None without one, or where it is one of several."""
    in_words: bool
    """Whether the month is written out, so that nothing but a date can be meant."""

    @property
    def exact(self) -> date | None:
        """The date; None without a year, or if there is no such day."""
        return _date(self.year, self.month, self.day) if self.year else None

    def near(self, other: date) -> date | None:
        """The date; without a year, the one meant in a text of another day. None if there is no such day."""
        if self.year:
            return self.exact
        around = (_date(other.year + step, self.month, self.day) for step in (-1, 0, 1))
        days = [day for day in around if day and (day - other).days <= _FAR]
        return max(days, default=None)

    @property
    def is_impossible(self) -> bool:
        """Whether no year, or not this one, has such a day."""
        return _date(self.year or 2000, self.month, self.day) is None


def mentions(text: str) -> Iterator[Mention]:
    """Find the dates of a text, in their order."""
    for found in _DATE.finditer(text):
        form = next(number for number in "1234" if found[f"m{number}"])
        day, month = int(found[f"d{form}"]), _month(found[f"m{form}"])
        if not day or not 1 <= month <= 12:  # noqa: PLR2004 (months)
            continue
        name = found["weekday"] or found["after"]
        several = found["weekday"] and _PAIR.search(text, max(0, found.start() - 24), found.start())
        yield Mention(
            quote=found[0].strip(" ,"),
            start=found.start(),
            end=found.end(),
            day=day,
            month=month,
            year=_year(found[f"y{form}"]),
            weekday=None if several or not name else _WEEKDAY_NUMBERS[name],
            in_words=form in "12",
        )


def named_weekdays(text: str) -> list[tuple[int, str]]:
    """Return the weekdays that a text names without a date: “am Donnerstag”."""
    return [(_WEEKDAY_NUMBERS[found["weekday"]], found["weekday"]) for found in _NAMED.finditer(text)]


def _month(text: str) -> int:
    return int(text) if text.isdecimal() else _MONTH_NUMBERS[text]


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) + (_CENTURY if int(text) < _TWO_DIGITS else 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
