"""Go on with another edition of an issue for all who have not got it: a decision of its own, recorded."""

from __future__ import annotations

from newsletter.compose.edition import Edition
from newsletter.dispatch import counters, decisions
from newsletter.dispatch.decisions import Decision
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.eligible import memberships
from newsletter.dispatch.guarding import guarded
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import OPEN, Mailing
from newsletter.errors import NewsletterError
from newsletter.language import _

_NUMBER = (
    "UPDATE mailing SET edition = edition + 1 WHERE id = ?"
    " AND state <> 'cancelled' AND state <> 'finished' RETURNING edition"
)
_UNDER_WAY = "SELECT EXISTS (SELECT 1 FROM slice WHERE mailing = ? AND run IS NOT NULL)"
_IS_OPEN = "state <> 'accepted' AND state <> 'refused' AND state <> 'skipped' AND state <> 'cancelled'"


class EditionError(NewsletterError, ValueError):
    """The mailing cannot go on with this edition."""


def adopt(
    ledger: Ledger, mailing: int, edition: Edition, *, actor: str, reason: str, forced: str = ""
) -> Mailing:
    """Let a mailing go on with another edition; who is open gets it, in the segments they are in now.

    `forced` says why it goes out in spite of errors, which is kept; empty where there are none.

    Raises:
        EditionError: it is of another issue, or is the one being sent, or a run is just at it.
        StateError: the mailing is cancelled or finished.
    """
    at, connection = ledger.at, ledger.connection
    with ledger.writing():
        before = ledger.mailing(mailing)
        _check(ledger, before, edition)
        number = guarded(ledger, mailing, _NUMBER)
        digest = Editions(connection).freeze(edition, at)
        connection.execute(
            "INSERT INTO mailing_edition VALUES (?, ?, ?, ?, ?, ?)",
            (mailing, number, digest, at, actor, reason),
        )
        changed = _place(ledger, mailing, edition)
        decisions.note(connection, mailing, Decision(at, actor, "new-edition", reason, changed))
        decisions.note_forced(connection, mailing, at=at, actor=actor, reason=forced)
    return ledger.mailing(mailing)


def _check(ledger: Ledger, mailing: Mailing, edition: Edition) -> None:
    if str(edition.id) != mailing.issue:
        message = _("Mailing {number} is of issue {issue}, not of {other}.")
        raise EditionError(message.format(number=mailing.id, issue=mailing.issue, other=edition.id))
    if edition.digest == mailing.digest:
        raise EditionError(_("Mailing {number} is being sent with this edition.").format(number=mailing.id))
    if ledger.connection.execute(_UNDER_WAY, (mailing.id,)).fetchone()[0]:
        message = _("Mailing {number} is just being sent.")
        raise EditionError(
            message.format(number=mailing.id),
            cure=_("Stop it with “newsletter pause”, and give the command again when it has ended."),
        )


def _place(ledger: Ledger, mailing: int, edition: Edition) -> int:
    """Note the edition's segments with all who are open; return how many they are."""
    member = memberships(edition.segments, ledger.people.settings)
    sql = (
        "UPDATE dispatch SET segments = ifnull("  # noqa: S608 (constants, compiled segments)
        f"(SELECT {member.sql} FROM subscriber WHERE subscriber.id = dispatch.person), '')"
        f" WHERE mailing = ? AND slice = ? AND {_IS_OPEN}"
    )
    places = counters.slices(ledger.connection, mailing, *sorted(OPEN))
    return sum(ledger.connection.execute(sql, (*member.parameters, *place)).rowcount for place in places)
