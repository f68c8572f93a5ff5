"""A message read by three parsers: Python's new and old e-mail policies, and mailparse (Rust)."""

from __future__ import annotations

import email
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message

from fast_mail_parser import PyMimePart, parse_email_tree


def modern(message: bytes) -> EmailMessage:
    """Read with Python's `policy.default`."""
    return email.message_from_bytes(message, policy=policy.default)


def classic(message: bytes) -> Message[str, str]:
    """Read with Python's `policy.compat32`."""
    return email.message_from_bytes(message, policy=policy.compat32)


def foreign(message: bytes) -> PyMimePart:
    """Read with fast-mail-parser."""
    return parse_email_tree(message)


def decoded(field: str) -> str:
    """Decode a field as the old policy leaves it: unfolded, then its encoded-words."""
    return str(make_header(decode_header(field.replace("\r\n", ""))))


def lines(message: bytes) -> list[bytes]:
    """Return the lines as they go over the wire, the line ends checked to be CRLF and nothing else."""
    assert message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n")
    return message.split(b"\r\n")
