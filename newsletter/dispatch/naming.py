"""What states and reasons are called when people are told of them."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.dispatch.model import MailingState, State
from newsletter.language import N_, _

_STATES = {
    State.PENDING: N_("not begun"),
    State.SENDING: N_("under way"),
    State.ACCEPTED: N_("accepted by the server"),
    State.DEFERRED: N_("deferred"),
    State.REFUSED: N_("refused"),
    State.SKIPPED: N_("left out since the planning"),
    State.CANCELLED: N_("cancelled"),
    State.IN_DOUBT: N_("in doubt"),
}
_MAILING_STATES = {
    MailingState.PLANNED: N_("planned"),
    MailingState.RUNNING: N_("begun"),
    MailingState.PAUSED: N_("paused"),
    MailingState.CANCELLED: N_("cancelled"),
    MailingState.FINISHED: N_("finished"),
}
_LEFT_OUT = {
    "pending": N_("not confirmed"),
    "unsubscribed": N_("unsubscribed"),
    "bounced": N_("undeliverable"),
    "complained": N_("complained"),
    "suppressed": N_("suppressed"),
    "already": N_("in another mailing of this issue"),
    "erased": N_("erased"),
}
_REASONS = {
    "gave_up": N_("given up after too long a time"),
    "sender": N_("because of us"),
    "no_answer": N_("no answer came"),
}


def state(one: State) -> str:
    """Name a recipient's state."""
    return _(_STATES[one])


def mailing_state(one: MailingState) -> str:
    """Name a mailing's state."""
    return _(_MAILING_STATES[one])


def left_out(reasons: Mapping[str, int]) -> list[str]:
    """Tell how many were not planned, and why."""
    return [
        f"{count} {_(_LEFT_OUT[why]) if why in _LEFT_OUT else why}" for why, count in sorted(reasons.items())
    ]


def reason(name: str) -> str:
    """Name why a recipient stands where they stand; empty when the server's words say it."""
    known = {**_LEFT_OUT, **_REASONS}
    return _(known[name]) if name in known else ""
