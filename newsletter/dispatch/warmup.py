"""Warm-up: a new relay's first days with few messages, so that mailbox providers get to know it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.pace import left_today

_SENT = (
    "SELECT count(*) FROM dispatch WHERE at >= ?1"
    " AND (state = 'accepted' OR state = 'in_doubt' OR state = 'sending')"
    " AND mailing IN (SELECT id FROM mailing WHERE finished_at IS NULL OR finished_at >= ?2)"
)


def allowance(ledger: Ledger) -> int | None:
    """Return how many messages may still go today; None: no limit. A day is one of the office's time zone."""
    limits = ledger.people.settings.smtp.warmup
    if not limits:
        return None
    zone = ZoneInfo(ledger.people.settings.newsletter.timezone)
    today = ledger.now().astimezone(zone).date()
    days = {datetime.fromisoformat(at).astimezone(zone).date() for at in _starts(ledger)} - {today}
    midnight = datetime.combine(today, time(), zone).astimezone(UTC)
    values = (int(midnight.timestamp()), midnight.isoformat(timespec="seconds"))
    [sent] = ledger.connection.execute(_SENT, values).fetchone()
    return left_today(limits, days=len(days), today=int(sent))


def _starts(ledger: Ledger) -> list[str]:
    return [row[0] for row in ledger.connection.execute("SELECT DISTINCT started_at FROM run")]
