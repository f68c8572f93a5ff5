"""Refusals that may be our own fault are kept back until it is clear whose they are."""

from __future__ import annotations

import pytest

from newsletter.dispatch.model import Blame, Job, Outcome, Stage, State
from newsletter.dispatch.suspects import MOST, Suspects
from newsletter.mail.letter import Letter

ACCEPTED = Outcome(State.ACCEPTED, Stage.DOT, 250)
POLICY = Outcome(State.REFUSED, Stage.RCPT, 554, "5.7.1", "policy", blame=Blame.SENDER)
NO_USER = Outcome(State.REFUSED, Stage.RCPT, 550, "5.1.1", "no user", blame=Blame.RECIPIENT)


def _job(seq: int) -> Job:
    return Job(0, seq, 1, "a.example", Letter(b"", b"x@a.example", b"", utf8=False))


def test_an_accepted_message_shows_that_refusals_before_it_were_the_recipients() -> None:
    """Then they are recorded as refused, before the accepted one."""
    suspects = Suspects()
    assert suspects.judge(_job(1), POLICY) == []
    judged = suspects.judge(_job(2), ACCEPTED)
    assert [(job.seq, outcome.state) for job, outcome in judged] == [(1, State.REFUSED), (2, State.ACCEPTED)]
    assert suspects.guilty is None


def test_several_in_a_row_are_our_own_fault() -> None:
    """Then nobody was refused: all of them are pending again, and the reason is kept."""
    suspects = Suspects()
    judged = [one for seq in range(MOST) for one in suspects.judge(_job(seq), POLICY)]
    assert [outcome.state for _job, outcome in judged] == [State.PENDING] * MOST
    assert suspects.guilty == POLICY


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.AUTH, Stage.STARTTLS, Stage.GREETING])
def test_a_stage_that_knows_no_recipient_needs_no_second_refusal(stage: Stage) -> None:
    """A refused sender or login is our fault at once."""
    suspects = Suspects()
    refused = Outcome(State.REFUSED, stage, 550, "5.7.1", blame=Blame.SENDER)
    assert [outcome.state for _job, outcome in suspects.judge(_job(1), refused)] == [State.PENDING]
    assert suspects.guilty == refused


def test_what_is_clear_passes() -> None:
    """An unknown user is refused at once and neither clears nor condemns those kept back."""
    suspects = Suspects()
    suspects.judge(_job(1), POLICY)
    assert [job.seq for job, _outcome in suspects.judge(_job(2), NO_USER)] == [2]
    assert [(job.seq, outcome.state) for job, outcome in suspects.acquit()] == [(1, State.PENDING)]


@pytest.mark.parametrize(("before", "state"), [(ACCEPTED, State.REFUSED), (NO_USER, State.PENDING)])
def test_at_the_end_what_came_before_decides(before: Outcome, state: State) -> None:
    """A server that took others' mail in this run means the recipient; one that took nothing means us."""
    suspects = Suspects()
    suspects.judge(_job(1), before)
    suspects.judge(_job(2), POLICY)
    assert [outcome.state for _job, outcome in suspects.conclude()] == [state]
    assert (suspects.guilty == POLICY) is (state is State.PENDING)
