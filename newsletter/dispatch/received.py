"""What a person was sent: their row in each mailing (Art. 15 GDPR asks for it)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any, NamedTuple

from newsletter.clock import stamp

_SQL = (
    "SELECT mailing.issue, mailing_edition.digest, dispatch.address, dispatch.segments, dispatch.state,"
    " dispatch.attempt, dispatch.code, dispatch.reply, dispatch.relay, dispatch.reason, dispatch.at"
    " FROM dispatch JOIN mailing ON mailing.id = dispatch.mailing"
    " LEFT JOIN mailing_edition ON mailing_edition.mailing = dispatch.mailing"
    " AND mailing_edition.number = dispatch.edition"
    " WHERE dispatch.person = ? ORDER BY dispatch.mailing"
)


class Received(NamedTuple):
    """What became of one mailing for one person; `at` is UTC, ISO 8601."""

    issue: str
    digest: str | None
    """The edition of the last attempt; None: there was none."""
    address: str
    segments: str
    state: str
    attempt: int
    code: int
    reply: str
    relay: str
    reason: str
    at: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it; keys are stable."""
        return self._asdict()


def received(connection: sqlite3.Connection, person: int) -> list[Received]:
    """List a person's mailings, oldest first."""
    return [
        Received._make((*facts, None if at is None else stamp(datetime.fromtimestamp(at, UTC))))
        for *facts, at in connection.execute(_SQL, (person,))
    ]
