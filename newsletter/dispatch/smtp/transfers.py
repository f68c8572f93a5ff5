"""Messages under way in one session: what is said about each, which answers are owed, what became of them.

Three ways, chosen by what the server offers:

* `LockStep` (no PIPELINING): one command, one answer;
* `Overlap` (PIPELINING, RFC 2920): a message's body and final dot go out together with the next one's MAIL,
  RCPT and DATA, so that each costs one round trip and at most one is in doubt when the connection breaks;
* `Streaming` (also CHUNKING, RFC 3030; a setting): up to `WINDOW` messages on their way, each in one piece.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence

from newsletter.dispatch.model import Job, Outcome, Stage, State
from newsletter.dispatch.smtp.features import Features
from newsletter.dispatch.smtp.replies import Reply
from newsletter.dispatch.smtp.verdicts import CLOSING, GO_AHEAD, verdict
from newsletter.mail.letter import Letter

_DOT, _DATA, _RCPT, _MAIL = (
    Stage.DOT,
    Stage.DATA,
    Stage.RCPT,
    Stage.MAIL,
)  # an enum's members are slow to find
WINDOW = 8
"""Messages on their way at once while streaming: as many may be in doubt when the connection breaks."""
_SMALL = 1000
"""Bytes of a piece that others may be joined to."""
_MAIL, _RCPT, _DATA, _DOT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT
# Names of the module, as an enum's members are slow to find: there are a dozen uses for each message.


class Transfer:
    """A message under way."""

    __slots__ = ("end", "job", "settled")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.end = 0
        """Which byte of the session is its last one; 0 until it is written."""
        self.settled = False


class Transfers(ABC):
    """The messages of a session, in the order in which they were offered."""

    def __init__(self, features: Features, relay: str) -> None:
        self.out: list[bytes] = []
        """What is to be written, in order; the driver takes it away."""
        self.settled: list[tuple[Job, Outcome]] = []
        """What became of messages; the driver takes it away."""
        self.served = 0
        """How many messages the server has answered for."""
        self.due: Transfer | None = None
        """The one that may be handed over."""
        self.expected: deque[tuple[Stage, Transfer]] = deque()
        """Which answers are owed."""
        self._sized = features.sized
        self._relay = relay
        self._length = 0
        self._reset = False

    @property
    @abstractmethod
    def hungry(self) -> bool:
        """Whether another message may be offered."""

    @abstractmethod
    def offer(self, job: Job) -> None:
        """Take a message and say what may be said about it before it is handed over."""

    @abstractmethod
    def start(self) -> None:
        """Hand over the message that is due, its end included."""

    @abstractmethod
    def _answered(self, stage: Stage, transfer: Transfer, reply: Reply) -> None:
        """Take an answer that fits."""

    def take(self, replies: Sequence[Reply], unsent: int) -> tuple[Reply, bool] | None:
        """Take answers to what was said before they came.

        Returns the first that does not fit, or closes, and whether one was owed; none after it is taken.
        """
        expected = self.expected
        owed = len(expected)
        for reply in replies:
            if not owed:  # it was there before we asked: an answer to nothing
                return reply, False
            owed -= 1
            stage, transfer = expected[0]
            if not self._fits(stage, reply.code) or (unsent and self._early(stage, transfer, reply, unsent)):
                return reply, True
            expected.popleft()
            self._answered(stage, transfer, reply)
        return None

    def _fits(self, stage: Stage, code: int) -> bool:
        if code >= 400:  # noqa: PLR2004 (4xx, 5xx)
            return code != CLOSING
        return code == GO_AHEAD if stage is _DATA else code < 300  # noqa: PLR2004 (3xx)

    def _early(self, stage: Stage, transfer: Transfer, reply: Reply, unsent: int) -> bool:
        """Whether a message is said to be accepted whose end was not sent yet."""
        return stage is _DOT and reply.code < 300 and self._length - unsent < transfer.end  # noqa: PLR2004 (2xx)

    def settle(self, transfer: Transfer, outcome: Outcome) -> None:
        """Note what became of a message."""
        transfer.settled = True
        self.settled.append((transfer.job, outcome))

    def abandon(self, text: str, *, unsent: int, reply: Reply | None, ours: bool = False) -> None:
        """Settle everything under way, as the connection is over; see `Session.lost`."""
        handed = self._length - sum(map(len, self.out)) - unsent
        code, enhanced = (reply.code, reply.enhanced) if reply else (0, "")
        if self.due is not None:
            self.expected.append((_DATA, self.due))
        head = None if ours or not self.expected else self.expected[0][1]
        for stage, transfer in self.expected:
            if transfer.settled:
                continue
            whole = 0 < transfer.end <= handed
            state = State.PENDING
            if whole and reply is None:
                state = State.IN_DOUBT
            elif transfer is head and not (stage is _MAIL and self.served):
                state = State.DEFERRED  # it may be the message that the server trips over: not at once again
            at = _DOT if whole else _DATA if transfer.end else stage
            self.settle(transfer, Outcome(state, at, code, enhanced, text, self._relay))
        self.expected.clear()
        self.out.clear()
        self.due = None

    def _judge(self, stage: Stage, transfer: Transfer, reply: Reply) -> None:
        """Settle a message by an answer; the first one counts, refusals after it follow from it."""
        if not transfer.settled:
            self.served += 1
            self.settle(transfer, verdict(stage, reply, self._relay))

    def _ask(self, stage: Stage, transfer: Transfer, line: bytes) -> None:
        self.expected.append((stage, transfer))
        self._put(line)

    def _put(self, line: bytes) -> None:
        """Write commands; after a final dot they are one piece with it, which is one TLS record less."""
        out = self.out
        if out and len(out[-1]) < _SMALL:
            out[-1] += line
        else:
            out.append(line)
        self._length += len(line)

    def _hand_over(self, transfer: Transfer, head: bytes, tail: bytes) -> None:
        self.out += (head, tail)
        self._length += len(head) + len(tail)
        transfer.end = self._length
        self.expected.append((_DOT, transfer))

    def _mail(self, letter: Letter) -> bytes:
        size = b" SIZE=%d" % len(letter.data) if self._sized else b""
        return b"MAIL FROM:<%b>%b%b\r\n" % (letter.sender, size, b" SMTPUTF8" if letter.utf8 else b"")

    def _due_now(self) -> Transfer:
        if self.due is None:
            raise RuntimeError("no message is due")
        transfer, self.due = self.due, None
        return transfer


class _WithDot(Transfers):
    """What is common to the ways that end a message by a dot (DATA)."""

    def start(self) -> None:
        """Hand over body and final dot; no line of the body begins with a dot (`Letter`)."""
        transfer = self._due_now()
        self._hand_over(transfer, transfer.job.letter.data, b".\r\n")

    def _go_ahead(self, transfer: Transfer) -> None:
        """Take the server's wish for the body."""
        if not transfer.settled:
            self.due = transfer
            return
        self._ask(_DOT, transfer, b".\r\n")  # without recipient: a lone dot ends it (RFC 2920 §3.1)


class LockStep(_WithDot):
    """One command, one answer."""

    @property
    def hungry(self) -> bool:
        """Whether the last message is settled and everything answered."""
        return not self.expected and self.due is None

    def offer(self, job: Job) -> None:
        """Begin with MAIL, or with RSET where the last message was refused half way."""
        transfer = Transfer(job)
        self._ask(_MAIL, transfer, b"RSET\r\n" if self._reset else self._mail(job.letter))

    def _answered(self, stage: Stage, transfer: Transfer, reply: Reply) -> None:
        letter = transfer.job.letter
        if stage is _DOT:
            self._judge(stage, transfer, reply)
        elif reply.code >= 400:  # noqa: PLR2004 (4xx, 5xx)
            self._reset = True
            self._judge(stage, transfer, reply)
        elif stage is _DATA:
            self._go_ahead(transfer)
        elif stage is _RCPT:
            self._ask(_DATA, transfer, b"DATA\r\n")
        elif self._reset:
            self._reset = False
            self._ask(_MAIL, transfer, self._mail(letter))
        else:
            self._ask(_RCPT, transfer, b"RCPT TO:<%b>\r\n" % letter.recipient)


class Overlap(_WithDot):
    """A body and the next message's commands in one group."""

    def __init__(self, features: Features, relay: str) -> None:
        super().__init__(features, relay)
        self._envelope = False
        """Whether a message's commands are on their way."""

    @property
    def hungry(self) -> bool:
        """Whether no message's commands are on their way."""
        return not self._envelope and self.due is None

    def offer(self, job: Job) -> None:
        """Say MAIL, RCPT and DATA in one go."""
        transfer, letter = Transfer(job), job.letter
        self._envelope = True
        if self._reset:
            self._reset = False
            self._ask(_MAIL, transfer, b"RSET\r\n")
        expected = self.expected
        expected.append((_MAIL, transfer))
        expected.append((_RCPT, transfer))
        expected.append((_DATA, transfer))
        self._put(b"%bRCPT TO:<%b>\r\nDATA\r\n" % (self._mail(letter), letter.recipient))

    def _answered(self, stage: Stage, transfer: Transfer, reply: Reply) -> None:
        if stage is _DATA:
            self._envelope = False
            if reply.code == GO_AHEAD:
                self._go_ahead(transfer)
                return
        if stage is _DOT:
            self._judge(stage, transfer, reply)
        elif reply.code >= 400:  # noqa: PLR2004 (4xx, 5xx)
            self._reset = True
            self._judge(stage, transfer, reply)


class Streaming(Transfers):
    """Several messages on their way, each with its commands in one piece.

    With DATA, 354 tells which message the server is at; here every good answer looks alike, so a server that
    answers once too often would not be found out.
    """

    def __init__(self, features: Features, relay: str) -> None:
        super().__init__(features, relay)
        self._flying = 0

    @property
    def hungry(self) -> bool:
        """Whether another message may be on its way."""
        return self.due is None and self._flying < WINDOW

    def offer(self, job: Job) -> None:
        """Hold the message ready; nothing is said about it yet."""
        self.due = Transfer(job)

    def start(self) -> None:
        """Say everything; RSET first, as a refused BDAT leaves the server anywhere (RFC 3030 §2)."""
        transfer = self._due_now()
        letter = transfer.job.letter
        self.expected.extend(((_MAIL, transfer), (_MAIL, transfer), (_RCPT, transfer)))
        command = b"RSET\r\n%bRCPT TO:<%b>\r\nBDAT %d LAST\r\n"
        line = command % (self._mail(letter), letter.recipient, len(letter.data))
        self._hand_over(transfer, line, letter.data)
        self._flying += 1

    def _answered(self, stage: Stage, transfer: Transfer, reply: Reply) -> None:
        if stage is _DOT:
            self._flying -= 1
            self._judge(stage, transfer, reply)
        elif reply.code >= 400:  # noqa: PLR2004 (4xx, 5xx)
            self._judge(stage, transfer, reply)
