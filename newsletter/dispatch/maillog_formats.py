"""Lines of mail servers' logs: what Postfix and Exim write about a message whose Message-ID we know.

    Postfix  smtpd, cleanup, qmgr and smtp write lines that share a queue ID; cleanup's names the Message-ID
             (as soon as it has read that header), qmgr's says that the message was taken over.
    Exim     `<=` names the Message-ID (id=…) when the message was taken over, `=>`, `**`, `==` tell the rest.

Logs are written by servers, but hold what strangers have sent: a line counts only when it is of this form
from its first byte on, and everything that is kept of it is made printable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.errors import Where

_WORDS = 300
"""Characters kept of what a server said."""
_SYSLOG = rb"(?:<\d{1,3}>(?:1 )?)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30}) \S+ "
"""RFC 3164 §4.1.2 or, as systems of today write it, RFC 5424 §6.2.3."""
_POSTFIX = re.compile(
    _SYSLOG + rb"[\w./-]*/([\w-]+)(?:\[\d+\]:| \d+ - -) ([0-9A-Za-z]{6,30}): (.*)", re.DOTALL
)
_POSTFIX_STATUS = re.compile(rb"to=<.*?, dsn=([245]\.\d+\.\d+), status=([a-z-]+)(?: \((.*)\))?", re.DOTALL)
_REJECT_DSN = re.compile(rb": ([45]\.\d{1,3}\.\d{1,3}) ")
_EXIM = re.compile(
    rb"(?:" + _SYSLOG + rb"exim\S*\[\d+\]: )?"
    rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})? )?(?:\[\d+\] )?"
    rb"([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (<=|=>|->|>>|\*>|\*\*|==|Completed)(.*)",
    re.DOTALL,
)
_EXIM_ID = re.compile(rb" id=(\S+)")
_EXIM_WORDS = re.compile(rb' C="(.*?)"|(?: defer \([^)]*\)|\S): (.*)', re.DOTALL)
_EXIM_STATUS = {b"**": "bounced", b"==": "deferred"}
_DSN = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a log tells about one message."""

    accepted: bool
    """Whether the server has taken it over; when not, it began to, and the log does not say that it did."""
    queue_id: str
    """What the server calls it."""
    status: str = ""
    """sent, deferred, bounced, expired (by the server, later), rejected, discarded; nothing yet."""
    dsn: str = ""
    """Enhanced status code (RFC 3463)."""
    text: str = ""
    """The words of the server, or of the one it passed the message on to."""
    where: Where
    """The last line about it."""


class Finder:
    """Gathers what is said about the messages with certain Message-IDs, in the order it was said."""

    def __init__(self, message_ids: Collection[str]) -> None:
        self._wanted = {one.strip("<> ").encode(): one for one in message_ids}
        self._queue: dict[bytes, tuple[str, int]] = {}
        self._turn: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self.found: dict[str, Evidence] = {}
        """By Message-ID, as it was given."""
        self.messages = 0
        """Messages of any kind that the logs tell of."""
        self._path = Path()
        self._line = 0

    def read(self, path: Path, lines: Iterable[bytes]) -> int:
        """Take in a log, whatever it is; return how many lines it has."""
        self._path, self._line = path, 0
        for line in lines:
            self._line += 1
            if found := _POSTFIX.match(line):
                self._postfix(found[1], found[2], found[3])
            elif found := _EXIM.match(line):
                self._exim(found[1], found[2], found[3])
        return self._line

    def _postfix(self, daemon: bytes, queue: bytes, rest: bytes) -> None:
        if rest.startswith(b"message-id="):
            self.messages += 1
            self._name(queue, rest[len(b"message-id=") :])
        elif queue not in self._queue:
            return
        elif rest.startswith((b"client=", b"uid=")) or rest.rstrip() == b"removed":
            del self._queue[queue]  # over, or (short queue IDs) used again
        elif daemon == b"cleanup":
            self._cleanup(queue, rest)
        elif b"(queue active)" in rest:
            self._tell(queue, accepted=True)
        elif b"status=expired" in rest or b"status=force-expired" in rest:
            self._tell(queue, accepted=True, status="expired", text=rest.partition(b", ")[2])
        elif status := _POSTFIX_STATUS.match(rest):
            dsn, name, text = status.groups()
            self._tell(queue, accepted=True, status=name.decode(), dsn=dsn.decode(), text=text or b"")

    def _cleanup(self, queue: bytes, rest: bytes) -> None:
        """Note what became of a message before the queue had it."""
        what, _colon, text = rest.partition(b": ")
        if what in {b"reject", b"milter-reject"}:
            found = _REJECT_DSN.search(text)
            dsn = found[1].decode() if found else ""
            self._tell(queue, accepted=False, status="rejected", dsn=dsn, text=text)
        elif what in {b"discard", b"milter-discard"}:
            self._tell(queue, accepted=True, status="discarded", text=text)

    def _exim(self, queue: bytes, mark: bytes, rest: bytes) -> None:
        if mark == b"<=":
            self.messages += 1
            if found := _EXIM_ID.search(rest):
                self._name(queue, found[1])
                self._tell(queue, accepted=True)
        elif mark == b"Completed":
            self._queue.pop(queue, None)
        elif queue in self._queue:
            words = _EXIM_WORDS.search(rest)
            text = (words[1] or words[2] or b"") if words else b""
            status = _EXIM_STATUS.get(mark, "sent")
            self._tell(queue, accepted=True, status=status, text=text, dsn=_dsn(text))

    def _name(self, queue: bytes, message_id: bytes) -> None:
        """Learn which message a queue ID stands for; another one's stands for none of ours."""
        wanted = self._wanted.get(message_id.strip(b"<> \r\n"))
        self._queue.pop(queue, None)
        if wanted is None:
            return
        turn = self._turn.get(wanted, 0) + 1
        self._turn[wanted] = turn
        self._queue[queue] = (wanted, turn)
        if wanted not in self.found:
            self._tell(queue, accepted=False)

    def _tell(
        self,
        queue: bytes,
        *,
        accepted: bool,
        status: str = "",
        dsn: str = "",
        text: bytes = b"",
    ) -> None:
        """Keep what was said last of the message's last way through the server, once it was accepted.

        A content filter gives a message back under a second queue ID, and the end of the first is written
        after the beginning of the second.
        """
        if queue not in self._queue:
            return
        message_id, turn = self._queue[queue]
        where = Where(self._path, self._line)
        told = Evidence(
            accepted=accepted,
            queue_id=queue.decode(),
            status=status,
            dsn=dsn,
            text=_printable(text),
            where=where,
        )
        known = self.found.get(message_id)
        if known is not None and known.accepted:
            if not accepted or (turn < self._told[message_id] and known.status):
                return
            if known.queue_id == told.queue_id and not told.status:
                told = replace(known, where=where)
        self.found[message_id], self._told[message_id] = told, turn


def _dsn(text: bytes) -> str:
    found = _DSN.search(_printable(text))
    return found[0] if found else ""


def _printable(text: bytes) -> str:
    plain = " ".join(text[: 4 * _WORDS].decode(errors="replace").split())
    return "".join(char if char.isprintable() else "\ufffd" for char in plain)[:_WORDS]
