"""What sending is about: states, outcomes, and the work between ledger and transport."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from newsletter.mail.letter import Letter
from newsletter.mail.recipient import Recipient


class State(StrEnum):
    """Where a recipient stands in a mailing."""

    PENDING = "pending"  #: not begun
    SENDING = "sending"  #: claimed by a run; may be on the wire
    ACCEPTED = "accepted"  #: the server has taken it over (250 after the final dot)
    DEFERRED = "deferred"  #: refused for now (4xx); tried again
    REFUSED = "refused"  #: refused for good (5xx)
    SKIPPED = "skipped"  #: left or suppressed since the planning
    CANCELLED = "cancelled"  #: the mailing was cancelled first
    IN_DOUBT = "in_doubt"  #: handed over, but the answer was lost; never sent again by itself


SETTLED = frozenset({State.ACCEPTED, State.REFUSED, State.SKIPPED, State.CANCELLED})
"""Nothing more happens to these."""
OPEN = frozenset(State) - SETTLED
"""A mailing is finished only when nobody is in one of these."""


class Stage(StrEnum):
    """How far a message had come."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"  #: the message itself was handed over, its final dot included
    LOCAL = "local"  #: it never left us


class Blame(StrEnum):
    """Whose fault a refusal is."""

    NOBODY = "nobody"
    RECIPIENT = "recipient"  #: the address: a hard one (5.1.1 …) makes it bounced
    SENDER = "sender"  #: us: sender, login, signature, size; the mailing stops, nobody is blamed


class Outcome(NamedTuple):
    """What became of one attempt; a tuple, as a frozen dataclass takes four times as long to make."""

    state: State
    """ACCEPTED, DEFERRED, REFUSED, IN_DOUBT; PENDING when nothing was tried and it may go out at once."""
    stage: Stage
    code: int = 0
    """The server's reply; 0 when there was none."""
    enhanced: str = ""
    """Enhanced status code (RFC 3463), such as 5.1.1."""
    text: str = ""
    """The server's words, printable, on one line."""
    relay: str = ""
    """Which relay it was."""
    blame: Blame = Blame.NOBODY


@dataclass(slots=True)
class Job:
    """One attempt to reach one recipient, from its claim in the ledger to its outcome."""

    slice: int
    seq: int
    """The recipient's number in the mailing."""
    attempt: int
    domain: str
    """The recipient's, in small letters (A-labels)."""
    letter: Letter


@dataclass(frozen=True)
class Counts:
    """How many recipients are in each state; together they are the audience."""

    by_state: Mapping[State, int]

    @property
    def audience(self) -> int:
        """Everybody in the mailing."""
        return sum(self.by_state.values())

    @property
    def open(self) -> int:
        """Those of whom something is still to come or to decide."""
        return sum(self.by_state.get(state, 0) for state in OPEN)

    def __getitem__(self, state: State) -> int:
        return self.by_state.get(state, 0)

    def as_dict(self) -> dict[str, int]:
        """Return every state with its number, as JSON knows it; keys are stable."""
        return {str(state): self[state] for state in State}


class MailingState(StrEnum):
    """Where a mailing stands."""

    PLANNED = "planned"  #: its recipients are fixed; none has been begun
    RUNNING = "running"  #: begun and not over, whether a process is at it or not
    PAUSED = "paused"  #: nobody is begun until it is resumed
    CANCELLED = "cancelled"  #: whoever was not begun gets nothing
    FINISHED = "finished"  #: nobody is open any more


class Control(StrEnum):
    """What a run is to do."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """One issue to one audience; times are UTC, ISO 8601."""

    id: int
    issue: str
    segment: str | None
    """The segment of newsletter.toml it goes to; None: to everybody."""
    state: MailingState
    edition: int
    """Which of its editions is sent now, from 1."""
    digest: str
    """The digest of that edition."""
    audience: int
    left_out: Mapping[str, int]
    """How many were not planned, by reason: a status, `suppressed`, `already` (by another mailing)."""
    created_at: str
    created_by: str
    not_before: str | None
    started_at: str | None
    finished_at: str | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        """Make a mailing of a row of the table `mailing` with its digest."""
        values = dict(row)
        values["state"] = MailingState(values["state"])
        values["left_out"] = json.loads(values["left_out"])
        return cls(**values)

    @property
    def control(self) -> Control:
        """What a run is to do with it."""
        return control_of(self.state)


def control_of(state: MailingState) -> Control:
    """Return what a mailing's state means to a run."""
    return _CONTROLS.get(state, Control.RUN)


_CONTROLS = {MailingState.PAUSED: Control.PAUSE, MailingState.CANCELLED: Control.CANCEL}


@dataclass(frozen=True)
class Lease:
    """A slice that a run holds; `epoch` tells it from whoever holds the slice before or after."""

    mailing: int
    slice: int
    run: int
    epoch: int
    seconds: float
    """How long it holds from each exchange on."""

    @property
    def place(self) -> tuple[int, int]:
        """Mailing and slice."""
        return self.mailing, self.slice


class Opened(NamedTuple):
    """A recipient claimed for an attempt."""

    seq: int
    attempt: int
    domain: str
    """The recipient's, in small letters (A-labels)."""
    recipient: Recipient
    edition: int
    """The number of the edition they get."""


@dataclass(frozen=True)
class Exchange:
    """What one exchange with the ledger brought."""

    control: Control
    opened: Sequence[Opened]
    skipped: int
    """Recipients whose turn had come, but who have left or were suppressed since the planning."""
    left: int
    """Recipients of the slice who are still to be opened."""
