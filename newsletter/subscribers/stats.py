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
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.model import Status
from newsletter.subscribers.periods import month_of, next_month

TOP = 10
_GROWTH = """
WITH step AS (
  SELECT seq, at, person, kind, detail,
    lead(kind) OVER (PARTITION BY person ORDER BY seq) AS following
  FROM event
  WHERE kind IN ('imported', 'added', 'active', 'pending', 'unsubscribed', 'bounced', 'complained',
                 'erased', 'removed', 'expired')
), state AS (
  SELECT seq, at, person, kind,
    CASE WHEN kind NOT IN ('imported', 'added') THEN kind
         ELSE coalesce(detail ->> '$.status', iif(following IN ('active', 'expired'), 'pending', 'active'))
    END AS state
  FROM step
), turn AS (
  SELECT at, person, kind, state, lag(state, 1, '') OVER (PARTITION BY person ORDER BY seq) AS before
  FROM state
)
SELECT substr(iif(kind = 'imported', min(at, ifnull(joined_at, at)), at), 1, 13),
  sum(state = 'active'), sum(state <> 'active')
FROM turn LEFT JOIN subscriber ON subscriber.id = person AND kind = 'imported'
WHERE (state = 'active') <> (before = 'active')
GROUP BY 1
"""
"""What an erased person's first status was is erased as well: pending if it was confirmed or expired later.

An imported person counts from the day they joined, when that is known to be earlier than the import.
"""


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
    joined: Counter[date] = Counter()
    left: Counter[date] = Counter()
    for hour, more, fewer in people.db.conn.execute(_GROWTH):
        month = month_of(hour, zone)
        joined[month] += more
        left[month] += fewer
    if not joined:
        return
    month, active = min(joined), 0
    last = max(date(today.year, today.month, 1), *joined, *left)
    while month <= last:
        active += joined[month] - left[month]
        yield Month(f"{month:%Y-%m}", joined[month], left[month], active)
        month = next_month(month)
