"""How the commands name what became of a mailing and its recipients; quick to load, as a status is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newsletter.dispatch.model import Counts, Mailing
from newsletter.dispatch.naming import left_out, mailing_state, reason, state
from newsletter.language import N_, _, number

__all__ = ["action", "facts", "left_out", "mailing_state", "percent", "said", "state"]

if TYPE_CHECKING:
    from newsletter.dispatch.records import Record
    from newsletter.dispatch.standing import Problem

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
    "force": N_("sent in spite of errors"),
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


def action(name: str) -> str:
    """Name a decision."""
    return _(_ACTIONS[name]) if name in _ACTIONS else name


def percent(part: int, whole: int) -> str:
    """Write a share: 97.1 %."""
    return f"{number(100 * part / whole)} %" if whole else ""


def said(one: Record | Problem) -> str:
    """Return what a server said, or else what came in between."""
    words = " ".join(filter(None, (str(one.code or ""), one.enhanced, one.reply)))
    return words or reason(one.reason) or one.stage
