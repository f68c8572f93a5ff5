"""How the commands name what became of a mailing and its recipients; quick to load, as a status is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from newsletter.dispatch.model import Counts, Mailing, MailingState, State
from newsletter.language import N_, _, number

if TYPE_CHECKING:
    from newsletter.dispatch.records import Record
    from newsletter.dispatch.standing import Problem

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
_ACTIONS = {
    "pause": N_("paused"),
    "resume": N_("resumed"),
    "postpone": N_("given another time"),
    "cancel": N_("cancelled"),
    "retry": N_("to be tried again"),
    "assume-accepted": N_("taken as accepted"),
    "resend": N_("to be sent again"),
    "from-log": N_("settled by a log"),
    "new-edition": N_("given a new edition"),
}


def facts(mailing: Mailing, counts: Counts) -> dict[str, Any]:
    """Return the facts of a mailing as JSON knows them; keys are stable."""
    return {
        "id": mailing.issue,
        "mailing": mailing.id,
        "segment": mailing.segment,
        "digest": mailing.digest,
        "state": str(mailing.state),
        "audience": mailing.audience,
        "open": counts.open,
        "counts": counts.as_dict(),
        "left_out": dict(mailing.left_out),
        "created_at": mailing.created_at,
        "created_by": mailing.created_by,
        "not_before": mailing.not_before,
        "started_at": mailing.started_at,
        "finished_at": mailing.finished_at,
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


def action(name: str) -> str:
    """Name a decision."""
    return _(_ACTIONS[name]) if name in _ACTIONS else name


def percent(part: int, whole: int) -> str:
    """Write a share: 97.1 %."""
    return f"{number(100 * part / whole)} %" if whole else ""


def local_time(stamp: str) -> str:
    """Write a moment as the clock on this machine's wall shows it."""
    return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M}"


def said(one: Record | Problem) -> str:
    """Return what a server said, or else what came in between."""
    words = " ".join(filter(None, (str(one.code or ""), one.enhanced, one.reply)))
    return words or (_(_REASONS[one.reason]) if one.reason in _REASONS else one.reason or one.stage)
