"""Days, months and years as people write them, as stretches of time from a first moment to the one after."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.clock import stamp
from newsletter.language import _

_WRITTEN = re.compile(
    r"(?P<year>[12]\d{3})(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?))?)?"
    r"|(?:(?P<day_>\d\d?)\.)?(?P<month_>\d\d?)\.(?P<year_>[12]\d{3})",
    re.ASCII,
)


def days(text: str) -> tuple[date, date]:
    """Read `2024`, `2024-05`, `2024-05-01`, `05.2024`, `1.5.2024`: the first day, the day after the last.

    Raises:
        ValueError: it is none of them.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(_("“{text}” is no date such as 2024-05-01, 2024-05 or 2024").format(text=text))
    year = int(found["year"] or found["year_"])
    month, day = found["month"] or found["month_"], found["day"] or found["day_"]
    try:
        first = date(year, int(month or 1), int(day or 1))
    except ValueError as err:
        raise ValueError(_("there is no day “{text}”").format(text=text)) from err
    if day:
        return first, first + timedelta(days=1)
    return first, next_month(first) if month else date(year + 1, 1, 1)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def moments(first: date, last: date, timezone: str) -> tuple[str, str]:
    """Return the beginnings of two days in a time zone, as the database writes moments."""
    zone = ZoneInfo(timezone)
    start, end = (stamp(datetime.combine(day, time(), zone)) for day in (first, last))
    return start, end


def month_of(hour: str, zone: ZoneInfo) -> date:
    """Return the month, in a time zone, of an hour in UTC (`2023-08-02T12`)."""
    moment = datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC).astimezone(zone)
    return date(moment.year, moment.month, 1)
