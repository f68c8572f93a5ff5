"""Read mailings: one, the latest, all of an issue, and how far they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from newsletter.dispatch import counters
from newsletter.dispatch.model import Counts, Mailing, State
from newsletter.errors import NewsletterError
from newsletter.language import _

_SELECT = (
    "SELECT mailing.*, mailing_edition.digest FROM mailing"
    " JOIN mailing_edition ON mailing_edition.mailing = mailing.id"
    " AND mailing_edition.number = mailing.edition"
)


class NoMailingError(NewsletterError, LookupError):
    """There is no such mailing."""


class Mailings:
    """The mailings of a database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, number: int) -> Mailing:
        """Return a mailing.

        Raises:
            NoMailingError: there is none of this number.
        """
        for mailing in self._all("WHERE mailing.id = ?", (number,)):
            return mailing
        raise NoMailingError(
            _("There is no mailing {number}.").format(number=number),
            cure=_("“newsletter status” shows those there are."),
        )

    def of_issue(self, issue: str) -> list[Mailing]:
        """List the mailings of an issue, oldest first."""
        return list(self._all("WHERE issue = ? ORDER BY mailing.id", (issue,)))

    def latest(self, issue: str | None = None) -> Mailing | None:
        """Return the latest mailing, of an issue or of all."""
        found = self._all("WHERE ?1 IS NULL OR issue = ?1 ORDER BY mailing.id DESC LIMIT 1", (issue,))
        return next(found, None)

    def unfinished(self, issue: str | None = None) -> list[Mailing]:
        """List mailings of which somebody is still open, oldest first."""
        return [
            mailing
            for mailing in self._all("WHERE ?1 IS NULL OR issue = ?1 ORDER BY mailing.id", (issue,))
            if self.counts(mailing.id).open
        ]

    def counts(self, mailing: int) -> Counts:
        """Count a mailing's recipients by state: a sum over its slices, so 2 ms for a million."""
        sums = ", ".join(f"total({name})" for name in counters.NAMES)
        row = self._connection.execute(f"SELECT {sums} FROM slice WHERE mailing = ?", (mailing,)).fetchone()  # noqa: S608 (names of ours)
        return Counts({state: int(number) for state, number in zip(State, row, strict=True)})

    def _all(self, where: str, parameters: Sequence[object]) -> Iterator[Mailing]:
        cursor = self._connection.cursor()
        cursor.row_factory = sqlite3.Row
        return map(Mailing.from_row, cursor.execute(f"{_SELECT} {where}", parameters).fetchall())
