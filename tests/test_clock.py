"""Moments as text: one form, in UTC, sorted by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.clock import after, stamp

ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=ZONES)  # noqa: DTZ001 (zones)


def test_a_moment_is_written_in_utc() -> None:
    """Berlin's noon in summer is ten o'clock in UTC; parts of a second are left out."""
    noon = datetime(2023, 8, 2, 12, 0, 0, 999_999, timezone(timedelta(hours=2)))
    assert stamp(noon) == "2023-08-02T10:00:00+00:00"


def test_days_are_added_as_days_of_24_hours() -> None:
    """A span crosses the end of a year."""
    assert after(datetime(2023, 12, 30, 8, tzinfo=UTC), 14) == "2024-01-13T08:00:00+00:00"


def test_a_moment_without_a_zone_is_refused() -> None:
    """Nobody guesses which noon is meant."""
    naive = datetime(2023, 8, 2)  # noqa: DTZ001 (that is what is refused)
    with pytest.raises(ValueError, match="time zone"):
        stamp(naive)
    with pytest.raises(ValueError, match="time zone"):
        after(naive, 1)


@given(MOMENTS, MOMENTS)
def test_texts_sort_like_moments(first: datetime, second: datetime) -> None:
    """Of two moments the earlier one has the smaller text, or the same within a second."""
    earlier, later = sorted([first, second])
    assert stamp(earlier) <= stamp(later)


@given(MOMENTS)
def test_a_text_is_read_back_as_the_moment(moment: datetime) -> None:
    """The text is ISO 8601 and tells the moment to the second."""
    read = datetime.fromisoformat(stamp(moment))
    assert timedelta(0) <= moment - read < timedelta(seconds=1)
