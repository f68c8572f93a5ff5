"""A mail server in memory that decides at random: the truth that a session's belief is compared with."""

from __future__ import annotations

from collections.abc import Callable

ACTS = ("ok", "ok", "ok", "ok", "later", "never", "421", "close", "garbage", "3xx")
_SAYS = {
    "later": b"450-4.2.0 Not\r\n450 4.2.0 now\r\n",
    "never": b"550 5.0.0 Never\r\n",
    "421": b"421 4.3.2 Closing\r\n",
    "garbage": b"what?\r\n",
    "3xx": b"334 \r\n",
    "twice": b"250 Ok\r\n250 Ok\r\n",
}


class Model:
    """Takes the client's bytes, gives bytes back; `accepted` is what it really has."""

    def __init__(self, decide: Callable[[str], str], offers: tuple[bytes, ...]) -> None:
        """`decide` is asked for one of ACTS at each command."""
        self.out = bytearray(b"220 model.example\r\n")
        self.accepted: list[bytes] = []
        self.closed = False
        self._decide = decide
        self._offers = offers
        self._came = bytearray()
        self._sender = False
        self._recipient: bytes | None = None
        self._in_data = False
        self._chunk = -1

    def feed(self, data: bytes) -> None:
        """Take what the client wrote; nothing after the connection was closed."""
        self._came += data
        while not self.closed and self._step():
            pass

    def _step(self) -> bool:
        if self._chunk >= 0:
            return self._take_chunk()
        end = b"\r\n.\r\n" if self._in_data and not self._came.startswith(b".\r\n") else b"\n"
        at = self._came.find(end)
        if at < 0:
            return False
        line = bytes(self._came[: at + len(end)])
        del self._came[: at + len(end)]
        if self._in_data:
            self._in_data = False
            self._ended()
        else:
            self._command(line.split(b" ")[0].strip().upper(), line)
        return True

    def _take_chunk(self) -> bool:
        if len(self._came) < self._chunk:
            return False
        del self._came[: self._chunk]
        self._chunk = -1
        self._ended()
        return True

    def _command(self, verb: bytes, line: bytes) -> None:
        if verb == b"EHLO":
            self.out += b"250-model.example\r\n"
            self.out += (
                b"".join(b"250-%b\r\n" % offer for offer in self._offers) + b"250 ENHANCEDSTATUSCODES\r\n"
            )
        elif verb == b"RSET":
            self._sender, self._recipient = False, None
            self.out += b"250 Ok\r\n"
        elif verb == b"MAIL":
            self._sender = self._judged("MAIL", refused=self._sender) or self._sender
        elif verb == b"RCPT":
            if self._judged("RCPT", refused=not self._sender):
                self._recipient = line.partition(b"<")[2].partition(b">")[0]
        elif verb == b"DATA":
            self._in_data = self._judged("DATA", refused=self._recipient is None, good=b"354 Go on\r\n")
        else:
            assert verb == b"BDAT", line
            self._chunk = int(line.split()[1])

    def _ended(self) -> None:
        recipient, self._recipient = self._recipient, None
        self._sender = False
        if recipient is not None:
            self.accepted.append(recipient)
        act = self._said("DOT", refused=recipient is None, good=b"250 2.0.0 Ok: queued\r\n")
        if act in {"later", "never", "421"} and recipient is not None:
            self.accepted.remove(recipient)

    def _judged(self, at: str, *, refused: bool, good: bytes = b"250 2.1.0 Ok\r\n") -> bool:
        return self._said(at, refused=refused, good=good) == "ok"

    def _said(self, at: str, *, refused: bool, good: bytes) -> str:
        act = "out of order" if refused else self._decide(at)
        self.out += b"503 5.5.1 Bad sequence\r\n" if refused else good if act == "ok" else _SAYS.get(act, b"")
        self.closed = act in {"421", "close"}
        return act
