"""Dates and times in words."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from babel.dates import format_date

from newsletter.compose import days
from newsletter.compose.typography import NBSP
from newsletter.language import Phrases

FORMS = {"de": ("d. MMMM y", "EEEE, d. MMMM y"), "en": ("d MMMM y", "EEEE, d MMMM y")}


@pytest.mark.parametrize("language", ["de", "en"])
def test_dates_are_written_as_babel_writes_them(language: str) -> None:
    """Every day of a leap year, in both forms, is what the reference says, but for bound spaces."""
    for step in range(366):
        found = days.day(date(2024, 1, 1) + timedelta(step), language)
        words, full = (format_date(found.date, form, locale=language) for form in FORMS[language])

        assert found.words.replace(NBSP, " ") == words
        assert found.full.replace(NBSP, " ") == full
        assert found.iso == found.date.isoformat()


@pytest.mark.parametrize(
    ("moment", "language", "words"),
    [
        (time(14), "de", "14 Uhr"),
        (time(14, 5), "de", "14:05 Uhr"),
        (time(9, 30), "en", "9:30"),
        (time(9), "en", "9:00"),
    ],
)
def test_times_are_written_as_people_say_them(moment: time, language: str, words: str) -> None:
    """Full hours stand without minutes in German; English keeps them."""
    found = days.clock(moment, Phrases(language))

    assert found.words.replace(NBSP, " ") == words
