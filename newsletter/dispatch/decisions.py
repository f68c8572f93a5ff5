"""Decisions about mailings, kept with who took them and why."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """Somebody's decision; `at` is UTC, ISO 8601."""

    at: str
    actor: str
    action: str
    """pause, resume, postpone, cancel, retry, assume-accepted, resend, from-log, new-edition, force."""
    reason: str
    count: int
    """How many recipients it was about; 0 where it is about the mailing."""


def note(connection: sqlite3.Connection, mailing: int, decision: Decision) -> None:
    """Write down a decision, inside of the caller's transaction."""
    connection.execute(
        "INSERT INTO decision (mailing, at, actor, action, reason, count) VALUES (?, ?, ?, ?, ?, ?)",
        (mailing, decision.at, decision.actor, decision.action, decision.reason, decision.count),
    )


def note_forced(connection: sqlite3.Connection, mailing: int, *, at: str, actor: str, reason: str) -> None:
    """Write down that an edition goes out in spite of errors; without a reason there were none."""
    if reason:
        note(connection, mailing, Decision(at, actor, "force", reason, 0))


def decisions(connection: sqlite3.Connection, mailing: int) -> list[Decision]:
    """List the decisions about a mailing, oldest first."""
    rows = connection.execute(
        "SELECT at, actor, action, reason, count FROM decision WHERE mailing = ? ORDER BY id", (mailing,)
    )
    return [Decision(*row) for row in rows]
