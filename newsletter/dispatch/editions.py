"""Frozen editions, and what is kept about each by its digest: tests sent of it, approvals."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from newsletter.compose import frozen
from newsletter.compose.edition import Edition
from newsletter.errors import NewsletterError
from newsletter.language import _

_KNOWN = (
    "SELECT digest, issue, at,"
    " (SELECT max(at) FROM test_send WHERE test_send.digest = edition.digest),"
    " (SELECT max(at) FROM approval WHERE approval.digest = edition.digest),"
    " (SELECT max(at) FROM mailing_edition WHERE mailing_edition.digest = edition.digest)"
    " FROM edition"
)


class NoEditionError(NewsletterError, LookupError):
    """There is no frozen edition with this digest."""


@dataclass(frozen=True)
class Test:
    """Test mails that were sent of an edition."""

    at: str
    actor: str
    count: int


@dataclass(frozen=True)
class Approval:
    """Somebody's word that an edition may be sent."""

    at: str
    actor: str


@dataclass(frozen=True)
class Known:
    """A frozen edition, and the last moments at which something was done with it; None: never."""

    digest: str
    issue: str
    frozen_at: str
    tested_at: str | None
    approved_at: str | None
    sent_at: str | None
    """When it was last made the edition of a mailing."""

    @property
    def last_at(self) -> str:
        """When anything was done with it last."""
        return max(at for at in (self.frozen_at, self.tested_at, self.approved_at, self.sent_at) if at)


class Editions:
    """The editions of a database; writing happens inside of the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def freeze(self, edition: Edition, at: str) -> str:
        """Keep an edition as it is; the same one is kept once. Return its digest."""
        known = self._connection.execute(
            "SELECT 1 FROM edition WHERE digest = ?", (edition.digest,)
        ).fetchone()
        if known is None:
            self._connection.execute(
                "INSERT INTO edition VALUES (?, ?, ?, ?)",
                (edition.digest, str(edition.id), frozen.dumps(edition), at),
            )
        return edition.digest

    def load(self, digest: str) -> Edition:
        """Return a frozen edition.

        Raises:
            NoEditionError: there is none with this digest.
        """
        row = self._connection.execute("SELECT content FROM edition WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise NoEditionError(_("There is no frozen edition {digest}.").format(digest=digest[:12]))
        return frozen.loads(row[0])

    def known(self, *, issue: str | None = None, prefix: str = "") -> list[Known]:
        """List the frozen editions of an issue, or whose digest begins so; the last one used comes first."""
        rows = self._connection.execute(
            f"{_KNOWN} WHERE (?1 IS NULL OR issue = ?1) AND substr(digest, 1, length(?2)) = ?2",
            (issue, prefix),
        )
        return sorted((Known(*row) for row in rows), key=lambda one: (one.last_at, one.digest), reverse=True)

    def of_mailing(self, mailing: int) -> dict[int, str]:
        """Return the digests of a mailing's editions by their numbers."""
        rows = self._connection.execute(
            "SELECT number, digest FROM mailing_edition WHERE mailing = ? ORDER BY number", (mailing,)
        )
        return dict(rows.fetchall())

    def tested(self, digest: str, *, at: str, actor: str, count: int) -> None:
        """Note that test mails of an edition were sent."""
        self._connection.execute(
            "INSERT INTO test_send (digest, at, actor, count) VALUES (?, ?, ?, ?)", (digest, at, actor, count)
        )

    def tests(self, digest: str) -> list[Test]:
        """List the tests of an edition, oldest first."""
        rows = self._connection.execute(
            "SELECT at, actor, count FROM test_send WHERE digest = ? ORDER BY id", (digest,)
        )
        return [Test(*row) for row in rows]

    def approve(self, digest: str, *, at: str, actor: str) -> bool:
        """Note that somebody approves of an edition; False if they had already."""
        row = self._connection.execute(
            "INSERT INTO approval (digest, actor, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1",
            (digest, actor, at),
        ).fetchone()
        return row is not None

    def approvals(self, digest: str) -> list[Approval]:
        """List who approved of an edition, oldest first."""
        rows = self._connection.execute(
            "SELECT at, actor FROM approval WHERE digest = ? ORDER BY at, actor", (digest,)
        )
        return [Approval(*row) for row in rows]
