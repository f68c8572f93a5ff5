"""Change a mailing only in a state that allows it: one guarded statement, an error if no row comes back."""

from __future__ import annotations

from newsletter.dispatch import decisions
from newsletter.dispatch.decisions import Decision
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing, MailingState
from newsletter.dispatch.naming import mailing_state
from newsletter.errors import NewsletterError
from newsletter.language import _

NOT_CANCELLED = "SELECT 1 FROM mailing WHERE id = ? AND state <> 'cancelled'"
"""Changes nothing; whatever else the transaction changes needs it."""


class StateError(NewsletterError, ValueError):
    """This cannot be done with a mailing in its state."""


def guarded(ledger: Ledger, mailing: int, sql: str, *values: object) -> int:
    """Change a mailing inside of the caller's transaction; return what the statement gives.

    Raises:
        StateError: its state does not allow it.
        NoMailingError: there is no such mailing.
    """
    row = ledger.connection.execute(sql, (mailing, *values)).fetchone()
    if row is None:
        state = ledger.mailing(mailing).state
        message = _("Mailing {number} is {state}; this cannot be done with it.")
        raise StateError(message.format(number=mailing, state=mailing_state(state)), cure=_cure(state))
    return int(row[0])


def decide(ledger: Ledger, mailing: int, sql: str, decision: Decision) -> Mailing:
    """Change a mailing and keep who decided it.

    Raises:
        StateError: its state does not allow it.
        NoMailingError: there is no such mailing.
    """
    with ledger.writing():
        guarded(ledger, mailing, sql)
        decisions.note(ledger.connection, mailing, decision)
    return ledger.mailing(mailing)


def _cure(state: MailingState) -> str:
    if state is MailingState.CANCELLED:
        return _("It stays cancelled; whoever did not get it can be in another mailing of the issue.")
    if state is MailingState.FINISHED:
        return _("Everybody in it has been dealt with; “newsletter status” shows how.")
    return _("“newsletter status” shows how far it is.")
