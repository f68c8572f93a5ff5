"""Encoded-words: text beyond ASCII as mail headers carry it (RFC 2047)."""

from __future__ import annotations

import base64
import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Callable, Iterator

LINE = 76
"""RFC 2047 §2: a line that holds an encoded-word; RFC 5322 §2.1.1 advises 78 for others."""
_LONGEST = 75
"""RFC 2047 §2: an encoded-word, its marks included."""
_ROOM = _LONGEST - len("=?utf-8?q??=")
_SHORT = 75 // 3
"""Octets of which the standard library's encoder makes no more than a line."""
_Q_UNSAFE = re.compile(rb"[^A-Za-z0-9!*+/ -]")
_Q_SIMPLE = re.compile(rb"[A-Za-z0-9!*+/ \x80-\xff-]*")
"""What the standard library's encoder writes as this rule wants it."""
_Q_CODE = {bytes([octet]): b"=%02X" % octet for octet in range(256)}


def encoded(value: str, name: str) -> list[str]:
    """Write a text as encoded-words, B or Q, whichever is shorter; `name` is the field's.

    Words hold whole characters (§5); the first one leaves room for the field's name before it.
    """
    first = LINE - len(name) - 2 - (_LONGEST - _ROOM)
    octets = value.encode()
    q = _q_octets(octets)
    if len(q) <= (len(octets) + 2) // 3 * 4:
        return [f"=?utf-8?q?{q}?="] if len(q) <= first else _words("q", value, _q, first, _ROOM)
    if len(octets) <= first // 4 * 3:
        return [f"=?utf-8?b?{b2a_base64(octets, newline=False).decode('ascii')}?="]
    return _words("b", value, str.encode, first // 4 * 3, _ROOM // 4 * 3)


def _words(kind: str, value: str, coded: Callable[[str], str | bytes], first: int, rest: int) -> list[str]:
    write = _q if kind == "q" else _b
    return [f"=?utf-8?{kind}?{write(part)}?=" for part in _parts(value, coded, first, rest)]


def _parts(value: str, coded: Callable[[str], str | bytes], first: int, rest: int) -> Iterator[str]:
    """Cut a text so that each part is at most so long when coded; the first has its own limit."""
    part, left = "", first
    for character in value:
        cost = len(coded(character))
        if part and cost > left:
            yield part
            part, left = "", rest
        part += character
        left -= cost
    yield part


def _q(part: str) -> str:
    return _q_octets(part.encode())


def _q_octets(octets: bytes) -> str:
    """Encode for Q, bare only what may stand so in a phrase too (RFC 2047 §5, rule 3)."""
    if len(octets) <= _SHORT and _Q_SIMPLE.fullmatch(octets):
        return b2a_qp(octets, header=True).decode("ascii")
    return _Q_UNSAFE.sub(_q_code, octets).replace(b" ", b"_").decode("ascii")


def _q_code(found: re.Match[bytes]) -> bytes:
    return _Q_CODE[found[0]]


def _b(part: str) -> str:
    return base64.b64encode(part.encode()).decode("ascii")
