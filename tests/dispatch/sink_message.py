"""A message on its way into the sink: its envelope, and its body until the end is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]*>)", re.MULTILINE | re.IGNORECASE)
_ADDRESS = re.compile(rb"<([^>]*)>")
_LINE_AT_MOST = 998
_END = b"\r\n.\r\n"


@dataclass
class Message:
    """What a client is handing over."""

    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    """As it came; after DATA with its doubled dots."""

    @property
    def message_id(self) -> str:
        """With its angle brackets; empty when it has none."""
        found = _MESSAGE_ID.search(self.body)
        return found[1].decode(errors="replace") if found else ""

    @property
    def envelope(self) -> str:
        """Sender and recipients in one text, for rules to look at."""
        return " ".join((self.sender or "", *self.recipients))

    def take_dotted(self, buffer: bytearray) -> bool:
        """Take from the buffer up to the final dot (RFC 5321 §4.5.2); whether it was there."""
        seen = max(len(self.body) - len(_END), 0)
        self.body += buffer
        buffer.clear()
        if self.body.startswith(b".\r\n"):
            end, size = 0, 3
        else:
            end, size = self.body.find(_END, seen) + 2, 3
            if end < 2:
                return False
        buffer += self.body[end + size :]
        del self.body[end:]
        return True

    def content(self, *, dotted: bool) -> bytes:
        """The message itself."""
        body = bytes(self.body)
        if not dotted:
            return body
        return (b"\r\n" + body).replace(b"\r\n..", b"\r\n.")[2:]

    def faults(self, *, ascii_only: bool) -> Iterator[str]:
        """Name what a strict server may refuse."""
        if b"\n" in self.body.replace(b"\r\n", b""):
            yield "a line of the message ends in a bare line feed"
        if b"\r" in self.body.replace(b"\r\n", b""):
            yield "a bare carriage return in the message"
        if any(len(line) > _LINE_AT_MOST for line in self.body.split(b"\r\n")):
            yield "a line of the message has more than 998 octets"
        if ascii_only and not self.body.isascii():
            yield "the message is not in ASCII"


def address(argument: bytes) -> str:
    """The address in the argument of MAIL or RCPT, without its brackets."""
    found = _ADDRESS.search(argument)
    return (found[1] if found else argument).decode(errors="replace")
