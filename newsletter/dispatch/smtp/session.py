"""One SMTP session without input and output of its own: it is fed with bytes and gives bytes to write.

Each answer is matched with what it answers; whatever does not fit ends the session, and what was handed over
by then and not answered is in doubt.

The driver asks `want`: for JOB it calls `offer`, for START it notes that the message goes out and calls
`start`; then it writes what `out` holds and reports what `settled` holds, and empties both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from newsletter.dispatch.model import Blame, Job, Outcome, Stage, State
from newsletter.dispatch.smtp.features import Features
from newsletter.dispatch.smtp.opening import Opening, Step
from newsletter.dispatch.smtp.replies import Reader, Reply
from newsletter.dispatch.smtp.transfers import LockStep, Overlap, Streaming, Transfers
from newsletter.dispatch.smtp.trouble import Trouble
from newsletter.dispatch.smtp.verdicts import CLOSING
from newsletter.language import _
from newsletter.mail.letter import Letter

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Phase(Enum):
    """Where a session stands."""

    OPENING = auto()
    UPGRADE = auto()  #: encryption is to begin; `secured` goes on
    READY = auto()  #: takes messages
    LEAVING = auto()  #: QUIT was said
    CLOSED = auto()


class Want(Enum):
    """What a session needs of its driver."""

    NOTHING = auto()
    JOB = auto()
    START = auto()


_READY = Phase.READY  # an enum's members are slow to find
_NOTHING, _JOB, _START = Want


class Session:
    """The client's side of one connection."""

    def __init__(self, opening: Opening, *, relay: str, streaming: bool = False) -> None:
        self.phase = Phase.OPENING
        self.features = Features()
        self.ending: Outcome | None = None
        """Why the session is over; None after a polite end."""
        self._relay = relay
        self._opening = opening
        self._streaming = streaming
        self._reader = Reader()
        self._transfers: Transfers = LockStep(self.features, relay)
        self.out = self._transfers.out
        """What is to be written."""
        self.settled = self._transfers.settled
        """What became of messages."""
        self._stage = Stage.GREETING
        self._step(next(opening))

    @property
    def stage(self) -> Stage | None:
        """What the server owes an answer to; None when it owes none."""
        if self.phase is not Phase.READY:
            return self._stage
        expected = self._transfers.expected
        return expected[0][0] if expected else None

    @property
    def busy(self) -> bool:
        """Whether a message is under way."""
        return bool(self._transfers.expected) or self._transfers.due is not None

    @property
    def served(self) -> int:
        """How many messages the server has answered for."""
        return self._transfers.served

    @property
    def want(self) -> Want:
        """What is needed to go on."""
        if self.phase is not _READY:
            return _NOTHING
        if self._transfers.due is not None:
            return _START
        return _JOB if self._transfers.hungry else _NOTHING

    @property
    def due(self) -> Job:
        """The message that `start` would hand over."""
        transfer = self._transfers.due
        if transfer is None:
            raise RuntimeError("no message is due")
        return transfer.job

    def receive(self, data: bytes, *, unsent: int = 0) -> bool:
        """Take what the server sent, while `unsent` bytes, of those flushed, were not with the system yet.

        Returns whether there was a whole answer in it.
        """
        replies = self._reader.feed(data)
        if self.phase is _READY:
            self._exchange(replies, unsent)
        elif self.phase is Phase.LEAVING:
            self.phase = Phase.CLOSED
        elif replies:
            self._told(replies)
        if self._reader.fault:
            self.lost(self._reader.fault, unsent=unsent)
        elif self.phase is Phase.UPGRADE and not self._reader.idle:
            self._injected()
        return bool(replies)

    def secured(self) -> None:
        """Go on after encryption has begun; what the server said before is forgotten."""
        self.phase = Phase.OPENING
        self._reader = Reader()
        self._advance(None)

    def offer(self, job: Job) -> None:
        """Take a message; it may be refused at once if this server cannot take it."""
        refusal = self._unfit(job.letter)
        if refusal is None:
            self._transfers.offer(job)
        else:
            self.settled.append((job, refusal))

    def start(self) -> None:
        """Hand over the message that is due, its end included."""
        self._transfers.start()

    def withdraw(self) -> None:
        """Give back the message that is due, as it must not go out.

        While streaming nothing was said about it yet; otherwise the server waits for it, and only the end of
        the connection keeps it from being sent.
        """
        transfer, self._transfers.due = self._transfers.due, None
        if transfer is None:
            raise RuntimeError("no message is due")
        text = _("It was not to go out any more.")
        self._transfers.settle(transfer, Outcome(State.PENDING, Stage.LOCAL, text=text, relay=self._relay))
        if not isinstance(self._transfers, Streaming):
            self.phase = Phase.CLOSED
            self._transfers.abandon(text, unsent=0, reply=None)

    def quit(self) -> None:
        """Say goodbye; only between messages."""
        self.phase = Phase.LEAVING
        self.out.append(b"QUIT\r\n")

    def lost(self, text: str, *, unsent: int = 0, reply: Reply | None = None, ours: bool = False) -> None:
        """End the session and settle every message under way.

        Args:
            text: why.
            unsent: how many bytes, of those flushed, are surely not with the operating system and never
                will be.
            reply: the server's 421; with it the server says itself that it did nothing beyond.
            ours: whether we end it; then what was not handed over may go out again at once.
        """
        if self.phase is Phase.CLOSED:
            return
        if self.phase is not Phase.LEAVING:
            code, enhanced = (reply.code, reply.enhanced) if reply else (0, "")
            stage = self.stage or Stage.MAIL
            self.ending = Outcome(State.DEFERRED, stage, code, enhanced, text, self._relay)
        self.phase = Phase.CLOSED
        self._transfers.abandon(text, unsent=unsent, reply=reply, ours=ours)

    def _told(self, replies: Sequence[Reply]) -> None:
        """Take what the server says while the connection is opened."""
        if self.phase is not Phase.OPENING:
            self._injected()
            return
        first, *others = replies
        if first.code == CLOSING:
            self.lost(first.text, reply=first)
            return
        self._advance(first)
        if others:
            self._unasked(others[0])

    def _exchange(self, replies: Sequence[Reply], unsent: int) -> None:
        odd = self._transfers.take(replies, unsent)
        if odd is None:
            return
        reply, owed = odd
        if reply.code != CLOSING and owed:
            text = _("The server's answer makes no sense: {text}")
            self.lost(text.format(text=f"{reply.code} {reply.text}"), unsent=unsent)
        else:
            self._unasked(reply, unsent)

    def _unasked(self, reply: Reply, unsent: int = 0) -> None:
        if self.phase is Phase.UPGRADE:
            self._injected()
        elif reply.code == CLOSING:
            self.lost(reply.text, unsent=unsent, reply=reply)
        else:
            text = _("The server answered what nobody had asked: {text}")
            self.lost(text.format(text=f"{reply.code} {reply.text}"), unsent=unsent)

    def _injected(self) -> None:
        self.lost(_("The server sent something between STARTTLS and the encryption; it may be forged."))

    def _step(self, step: Step) -> None:
        self._stage = step.stage
        if step.encrypt:
            self.phase = Phase.UPGRADE
        elif step.line:
            self.out.append(step.line)

    def _advance(self, reply: Reply | None) -> None:
        try:
            self._step(self._opening.send(reply))
        except StopIteration as done:
            self._ready(done.value)
        except Trouble as err:
            self.phase = Phase.CLOSED
            self.ending = err.outcome

    def _ready(self, features: Features) -> None:
        self.features = features
        self.phase = Phase.READY
        way: type[Transfers] = LockStep
        if features.pipelining:
            way = Streaming if self._streaming and features.chunking else Overlap
        self._transfers = way(features, self._relay)
        self.out, self.settled = self._transfers.out, self._transfers.settled

    def _unfit(self, letter: Letter) -> Outcome | None:
        """Say why this server cannot take a message; None when it can."""
        limit, size = self.features.size, len(letter.data)
        if letter.utf8 and not self.features.utf8:
            text = _(
                "The address has letters beyond ASCII, and the mail server does not know such addresses."
            )
            return Outcome(State.REFUSED, Stage.LOCAL, text=text, relay=self._relay)
        if limit and size > limit:
            text = _("The message has {size} bytes, the mail server takes {limit}.")
            text = text.format(size=size, limit=limit)
            return Outcome(State.REFUSED, Stage.LOCAL, text=text, relay=self._relay, blame=Blame.SENDER)
        if _CONTROL.search(letter.sender + letter.recipient) or not letter.data.endswith(b"\r\n"):
            text = _("Address or message cannot be written to the wire.")
            return Outcome(State.REFUSED, Stage.LOCAL, text=text, relay=self._relay, blame=Blame.SENDER)
        return None
