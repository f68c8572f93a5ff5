"""The list in numbers: growth by month, status, domains, tags, languages; counted by SQLite.

Growth comes from the event log, so people who were erased since are counted too. Who joins becomes active;
who leaves was active and unsubscribes, bounces, complains or is erased. The sums fit: those active at the end
of the last month are those active now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.model import Status
from newsletter.subscribers.periods import month_of, next_month

TOP = 10
_STEPS = """
SELECT person, substr(at, 1, 13), kind, iif(kind IN ('imported', 'added'), detail ->> '$.status', kind)
FROM event
WHERE kind IN ('imported', 'added', 'active', 'pending', 'unsubscribed', 'bounced', 'complained',
               'erased', 'removed', 'expired')
ORDER BY person, seq
"""
"""Each person's steps; the same with window functions takes three times as long (measured)."""


@dataclass(frozen=True)
class Month:
    """What happened in a month, and how many were active at its end."""

    month: str
    """`2024-05`, in the newsletter's time zone."""
    joined: int
    left: int
    active: int


@dataclass(frozen=True)
class Share:
    """How many active people have something in common."""

    name: str
    """A domain, a tag, a language; empty where none is given."""
    count: int


@dataclass(frozen=True, kw_only=True)
class Stats:
    """The list in numbers."""

    at: str
    """The day they were counted."""
    total: int
    """People of every status."""
    by_status: dict[str, int]
    growth: tuple[Month, ...]
    domains: tuple[Share, ...]
    other_domains: int
    """Active people of all domains beyond those named."""
    tags: tuple[Share, ...]
    languages: tuple[Share, ...]

    @property
    def active(self) -> int:
        """People who get the newsletter."""
        return self.by_status[Status.ACTIVE]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        lists = {name: list(value) for name, value in asdict(self).items() if isinstance(value, tuple)}
        return {**asdict(self), "active": self.active, **lists}


def counted(people: SubscriberList, *, now: datetime, top: int = TOP) -> Stats:
    """Count."""
    zone = ZoneInfo(people.settings.newsletter.timezone)
    today = now.astimezone(zone).date()
    by_status = _pairs(people, "SELECT status, count(*) FROM subscriber GROUP BY status")
    domains = _pairs(
        people, "SELECT domain, count(*) FROM subscriber WHERE status = 'active' GROUP BY domain"
    )
    tags: Counter[str] = Counter()
    cells = _pairs(people, "SELECT tags, count(*) FROM subscriber WHERE status = 'active' GROUP BY tags")
    for cell, count in cells.items():
        tags.update(dict.fromkeys(filter(None, cell.split(",")), count))
    languages = _pairs(
        people, "SELECT language, count(*) FROM subscriber WHERE status = 'active' GROUP BY language"
    )
    named = _shares(domains)[:top]
    return Stats(
        at=today.isoformat(),
        total=sum(by_status.values()),
        by_status={str(status): by_status.get(str(status), 0) for status in Status},
        growth=tuple(_months(people, zone, today)),
        domains=named,
        other_domains=sum(domains.values()) - sum(share.count for share in named),
        tags=_shares(tags),
        languages=_shares(languages),
    )


def _pairs(people: SubscriberList, sql: str) -> dict[str, int]:
    return dict(people.db.conn.execute(sql).fetchall())


def _shares(counts: dict[str, int]) -> tuple[Share, ...]:
    """Order by number, those alike by name."""
    return tuple(Share(*pair) for pair in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _months(people: SubscriberList, zone: ZoneInfo, today: date) -> Iterable[Month]:
    """Give every month from the first event to now, those without any too."""
    joined, left = (_by_month(hours, zone) for hours in _turns(people.db.conn.execute(_STEPS)))
    if not joined:
        return
    month, active = min(joined), 0
    last = max(date(today.year, today.month, 1), *joined, *left)
    while month <= last:
        active += joined[month] - left[month]
        yield Month(f"{month:%Y-%m}", joined[month], left[month], active)
        month = next_month(month)


def _turns(steps: Iterable[tuple[int, str, str, str | None]]) -> tuple[Counter[str], Counter[str]]:
    """Count by the hour who became active and who was so no more."""
    joined: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for _person, events in groupby(steps, key=itemgetter(0)):
        was_active, open_since = False, ""
        for _number, hour, kind, status in events:
            if open_since and kind not in {"active", "expired"}:
                joined[open_since] += 1
                was_active = True
            # What an erased person's first status was is erased too: pending if confirmed or expired next.
            open_since = hour if status is None else ""
            is_active = status == "active"
            if not open_since and is_active is not was_active:
                (joined if is_active else left)[hour] += 1
            was_active = is_active
        if open_since:
            joined[open_since] += 1
    return joined, left


def _by_month(hours: Counter[str], zone: ZoneInfo) -> Counter[date]:
    months: Counter[date] = Counter()
    for hour, count in hours.items():
        months[month_of(hour, zone)] += count
    return months
