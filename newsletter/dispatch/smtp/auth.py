"""Logging in to a mail server (RFC 4954): PLAIN, LOGIN, CRAM-MD5 and XOAUTH2.

A dialogue is a generator: it yields lines to send and is sent the answers. Passwords and tokens stand in no
message, no exception and no repr.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Literal

from newsletter.dispatch.smtp.replies import Reply

Mechanism = Literal["auto", "plain", "login", "cram-md5", "xoauth2"]
Dialogue = Generator[bytes, Reply, Reply]
_IN_PRIVATE = ("PLAIN", "LOGIN", "CRAM-MD5")
_IN_CLEAR = ("CRAM-MD5", "PLAIN", "LOGIN")
"""The order of choice without encryption, which is for this machine only."""
_LONGEST = 512
"""Bytes of a command, its line end included; a longer first response waits to be asked for (RFC 4954 §4)."""
_CHALLENGE = 334


@dataclass(frozen=True)
class Credentials:
    """Who logs in, and with what."""

    user: str
    secret: str = field(repr=False)
    """The password, or an OAuth access token."""
    token: bool = False
    """Whether the secret is a token."""
    mechanism: Mechanism = "auto"


def choose(credentials: Credentials, offered: Iterable[str], *, private: bool) -> str | None:
    """Choose a mechanism that both sides know; None when there is none."""
    if credentials.token:
        wanted: tuple[str, ...] = ("XOAUTH2",)
    elif credentials.mechanism == "auto":
        wanted = _IN_PRIVATE if private else _IN_CLEAR
    else:
        wanted = (credentials.mechanism.upper(),)
    return next((name for name in wanted if name in offered), None)


def dialogue(mechanism: str, credentials: Credentials) -> Dialogue:
    """Log in by a mechanism; returns the server's last answer."""
    return _DIALOGUES[mechanism](credentials)


def _plain(credentials: Credentials) -> Dialogue:
    """RFC 4616; who acts is who logs in, so the first part is empty."""
    response = f"\0{credentials.user}\0{credentials.secret}".encode()
    return (yield from _with_first_response(b"AUTH PLAIN", response))


def _xoauth2(credentials: Credentials) -> Dialogue:
    """As Google and Microsoft describe it; a refusal comes as a challenge that wants an empty answer."""
    response = f"user={credentials.user}\1auth=Bearer {credentials.secret}\1\1".encode()
    reply = yield from _with_first_response(b"AUTH XOAUTH2", response)
    if reply.code == _CHALLENGE:
        reply = yield b"\r\n"
    return reply


def _login(credentials: Credentials) -> Dialogue:
    """A habit rather than a standard: asked twice, for the name and for the password."""
    reply = yield b"AUTH LOGIN\r\n"
    for answer in (credentials.user, credentials.secret):
        if reply.code != _CHALLENGE:
            return reply
        reply = yield _coded(answer.encode())
    return reply


def _cram_md5(credentials: Credentials) -> Dialogue:
    """RFC 2195: the password itself is never sent."""
    reply = yield b"AUTH CRAM-MD5\r\n"
    if reply.code != _CHALLENGE:
        return reply
    try:
        challenge = base64.b64decode(reply.raw.strip(), validate=True)
    except binascii.Error:
        return (yield b"*\r\n")
    proof = hmac.new(credentials.secret.encode(), challenge, "md5").hexdigest()
    return (yield _coded(f"{credentials.user} {proof}".encode()))


def _with_first_response(command: bytes, response: bytes) -> Dialogue:
    line = command + b" " + _coded(response)
    if len(line) <= _LONGEST:
        return (yield line)
    reply = yield command + b"\r\n"
    if reply.code != _CHALLENGE:
        return reply
    return (yield _coded(response))


def _coded(response: bytes) -> bytes:
    return base64.b64encode(response) + b"\r\n"


_DIALOGUES = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5, "XOAUTH2": _xoauth2}
