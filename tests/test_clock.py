"""Moments as text: one form, in UTC, sorted by time."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.clock import after, boot_id, stamp

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


def test_a_start_of_the_machine_has_a_name() -> None:
    """The same one for every process, as the kernel gives it."""
    ask = "from newsletter.clock import boot_id; print(boot_id())"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert said.strip() == boot_id()
    assert re.fullmatch(r"[0-9a-f-]{36}", boot_id())
