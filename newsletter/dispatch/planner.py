"""Plan a mailing: fix who gets it, slice by slice, in one transaction; SQL does the work.

The audience is everybody active in the segment, but nobody who is suppressed or who is in another mailing of
the same issue already. Which of the edition's segments somebody is in is fixed with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.clock import stamp
from newsletter.compose.edition import Edition
from newsletter.dispatch import decisions
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.eligible import REASONS, already_in, may_get, members, memberships, why_not
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing, MailingState
from newsletter.dispatch.naming import left_out, mailing_state
from newsletter.errors import NewsletterError
from newsletter.language import _

SLICE = 1000
"""Recipients in a slice: what one lease covers."""


class NobodyError(NewsletterError, ValueError):
    """Nobody would get this mailing."""


class OpenMailingError(NewsletterError, ValueError):
    """The issue has a mailing to the same audience that is not over."""


@dataclass(frozen=True)
class Preview:
    """Who would get a mailing."""

    audience: int
    left_out: Mapping[str, int]
    """How many of the segment do not, by reason: a status, `suppressed`, `already`."""


def preview(ledger: Ledger, issue: str, *, segment: str | None = None) -> Preview:
    """Count who would get a mailing of an issue, without writing anything.

    Raises:
        UsageError: there is no such segment.
    """
    chosen = members(segment, ledger.people.settings)
    reason = why_not(already_in(ledger.connection, issue))
    counts = ", ".join(f"count(*) FILTER (WHERE why = '{why}')" for why in ("", *REASONS))
    row = ledger.connection.execute(
        f"SELECT {counts} FROM"  # noqa: S608 (constants, a compiled segment)
        # LIMIT, as each count would work the reason out anew; no GROUP BY, which sorts all in memory (100 MB)
        f" (SELECT {reason.sql} AS why FROM subscriber WHERE {chosen.sql} LIMIT -1)",
        (*reason.parameters, *chosen.parameters),
    ).fetchone()
    return Preview(row[0], {why: number for why, number in zip(REASONS, row[1:], strict=True) if number})


def plan(
    ledger: Ledger,
    edition: Edition,
    *,
    actor: str,
    segment: str | None = None,
    not_before: datetime | None = None,
    forced: str = "",
    progress: Callable[[int], None] = lambda _done: None,
) -> Mailing:
    """Fix the recipients of an issue; `progress` is told how many there are so far.

    `forced` says why it goes out in spite of errors, which is kept; empty where there are none.

    Raises:
        UsageError: there is no such segment.
        NobodyError: nobody would get it.
        OpenMailingError: a mailing of it to the same audience is not over.
    """
    issue = str(edition.id)
    with ledger.writing():
        _check_free(ledger, issue, segment)
        seen = preview(ledger, issue, segment=segment)
        if not seen.audience:
            raise _nobody(issue, seen)
        insert = _insert_slice(ledger, edition, segment)
        values = (issue, segment, seen.audience, json.dumps(seen.left_out, sort_keys=True))
        until = stamp(not_before) if not_before else None
        mailing = _insert_mailing(ledger, edition, values, actor=actor, not_before=until)
        if _fill(mailing, insert, progress) != seen.audience:
            raise AssertionError(mailing)  # the same rule in the same transaction
        decisions.note_forced(ledger.connection, mailing, at=ledger.at, actor=actor, reason=forced)
    return ledger.mailing(mailing)


def _check_free(ledger: Ledger, issue: str, segment: str | None) -> None:
    for mailing in ledger.mailings.of_issue(issue):
        over = mailing.state is MailingState.CANCELLED or not ledger.counts(mailing.id).open
        if mailing.segment == segment and not over:
            message = _("Mailing {number} of issue {issue} is not over: {state}.")
            raise OpenMailingError(
                message.format(number=mailing.id, issue=issue, state=mailing_state(mailing.state)),
                cure=_("Go on with it (“newsletter send”), or end it with “newsletter cancel”."),
            )


def _nobody(issue: str, seen: Preview) -> NobodyError:
    reasons = ", ".join(left_out(seen.left_out))
    if not reasons:
        return NobodyError(
            _("Nobody is there who would get issue {issue}.").format(issue=issue),
            cure=_("Put people on the list with “newsletter subscribers import”, or choose another segment."),
        )
    return NobodyError(_("Nobody would get issue {issue}: {reasons}.").format(issue=issue, reasons=reasons))


def _insert_mailing(
    ledger: Ledger, edition: Edition, values: tuple[object, ...], *, actor: str, not_before: str | None
) -> int:
    at, connection = ledger.at, ledger.connection
    [mailing] = connection.execute(
        "INSERT INTO mailing (state, edition, issue, segment, audience, left_out, created_at, created_by,"
        " not_before) VALUES ('planned', 1, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (*values, at, actor, not_before),
    ).fetchone()
    digest = Editions(connection).freeze(edition, at)
    connection.execute("INSERT INTO mailing_edition VALUES (?, 1, ?, ?, ?, '')", (mailing, digest, at, actor))
    return int(mailing)


_InsertSlice = Callable[[int, int, int, int], tuple[int, int]]
"""Write a slice: mailing, number, first seq, last person before it; gives how many, and the last person."""


def _insert_slice(ledger: Ledger, edition: Edition, segment: str | None) -> _InsertSlice:
    settings, connection = ledger.people.settings, ledger.connection
    may = may_get(already_in(connection, str(edition.id)))
    chosen, member = members(segment, settings), memberships(edition.segments, settings)
    sql = (
        "INSERT INTO dispatch (mailing, slice, seq, person, address, segments)"  # noqa: S608 (constants, compiled segments)
        " SELECT ?, ?, ? + row_number() OVER (ORDER BY id), id, address, member FROM"
        f" (SELECT id, address, {member.sql} AS member FROM subscriber"
        f" WHERE id > ? AND {may.sql} AND {chosen.sql} ORDER BY id LIMIT {SLICE})"
    )

    def insert(mailing: int, number: int, first: int, after: int) -> tuple[int, int]:
        before = (mailing, number, first - 1, *member.parameters, after)
        size = connection.execute(sql, (*before, *may.parameters, *chosen.parameters)).rowcount
        if not size:
            return 0, after
        connection.execute(
            "INSERT INTO slice (mailing, number, size, pending) VALUES (?, ?, ?, ?)",
            (mailing, number, size, size),
        )
        [last] = connection.execute(
            "SELECT person FROM dispatch WHERE mailing = ? AND slice = ? AND seq = ?",
            (mailing, number, first + size - 1),
        ).fetchone()
        return size, last

    return insert


def _fill(mailing: int, insert: _InsertSlice, progress: Callable[[int], None]) -> int:
    """Write all slices; return how many recipients they have."""
    number, done, last = 1, 0, 0
    while True:
        size, last = insert(mailing, number, done + 1, last)
        if not size:
            return done
        done += size
        number += 1
        progress(done)
