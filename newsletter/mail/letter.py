"""A letter: one recipient's mail as a transport takes it."""

from __future__ import annotations

from typing import NamedTuple


class Letter(NamedTuple):
    """A finished message with its envelope."""

    sender: bytes
    """The envelope's sender (return path), without brackets; empty for none."""
    recipient: bytes
    """The envelope's recipient, without brackets: ASCII, or UTF-8 when `utf8` says so."""
    data: bytes
    """The message, lines ending in CRLF; no line begins with a dot, so none needs to be doubled."""
    utf8: bool
    """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
