"""The opening of a connection: greeting, EHLO, STARTTLS, login (RFC 5321 §3.1–3.2, RFC 3207, RFC 4954).

A generator without input and output of its own: it yields what to send and is sent the answers.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

from newsletter.dispatch.model import Stage
from newsletter.dispatch.smtp import auth, verdicts
from newsletter.dispatch.smtp.auth import Credentials
from newsletter.dispatch.smtp.features import Features
from newsletter.dispatch.smtp.replies import Reply
from newsletter.dispatch.smtp.trouble import Trouble, lasting
from newsletter.language import _

_READY = 220
_NO_EHLO = frozenset((500, 501, 502, 504, 550))
"""Answers to EHLO after which HELO is worth a try (RFC 5321 §3.2)."""
_LOGGED_IN = 235


class Step(NamedTuple):
    """Send this and wait for the answer; with `encrypt`, there is no answer: encryption begins."""

    stage: Stage
    line: bytes = b""
    encrypt: bool = False


Opening = Generator[Step, Reply | None, Features]


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How to open a connection to a relay."""

    relay: str
    """Its name in the settings."""
    hello: str
    """What we call ourselves."""
    starttls: bool = True
    """Whether encryption must begin before anything else is said."""
    credentials: Credentials | None = None
    private: bool = False
    """Whether the connection is encrypted from its first byte."""
    local: bool = False
    """Whether the server is on this machine, so that nobody listens in."""


def opening(manners: Manners) -> Opening:
    """Open a connection; returns what the server can do.

    Raises:
        Trouble: the server refuses, or cannot do what the settings demand.
    """
    reply = yield from _asked(Step(Stage.GREETING))
    if reply.code != _READY:
        raise Trouble(verdicts.trouble(Stage.GREETING, reply, manners.relay))
    features = yield from _hello(manners)
    private = manners.private
    if manners.starttls:
        yield from _encrypt(manners, features)
        private = True
        features = yield from _hello(manners)  # what was said in clear may be forged (RFC 3207 §4.2)
    if manners.credentials is not None:
        yield from _log_in(manners, manners.credentials, features, private=private)
    return features


def _asked(step: Step) -> Generator[Step, Reply | None, Reply]:
    reply = yield step
    if reply is None:
        raise RuntimeError(f"no answer was given at {step.stage}")
    return reply


def _hello(manners: Manners) -> Generator[Step, Reply | None, Features]:
    name = manners.hello.encode("ascii", "replace")
    reply = yield from _asked(Step(Stage.EHLO, b"EHLO " + name + b"\r\n"))
    features = Features.of(reply)
    if reply.code in _NO_EHLO:
        reply = yield from _asked(Step(Stage.EHLO, b"HELO " + name + b"\r\n"))
        features = Features()
    if reply.code // 100 != 2:  # noqa: PLR2004 (2xx)
        raise Trouble(verdicts.trouble(Stage.EHLO, reply, manners.relay))
    return features


def _encrypt(manners: Manners, features: Features) -> Generator[Step, Reply | None, None]:
    if not features.starttls:
        text = _("The server offers no encryption (STARTTLS), but the settings demand it.")
        raise Trouble(lasting(Stage.STARTTLS, text, manners.relay))
    reply = yield from _asked(Step(Stage.STARTTLS, b"STARTTLS\r\n"))
    if reply.code != _READY:
        raise Trouble(verdicts.trouble(Stage.STARTTLS, reply, manners.relay))
    yield Step(Stage.STARTTLS, encrypt=True)


def _log_in(
    manners: Manners, credentials: Credentials, features: Features, *, private: bool
) -> Generator[Step, Reply | None, None]:
    if not private and not manners.local:
        text = _("Name and password are not sent over an unencrypted connection to another machine.")
        raise Trouble(lasting(Stage.AUTH, text, manners.relay))
    mechanism = auth.choose(credentials, features.auth, private=private)
    if mechanism is None:
        offered = ", ".join(sorted(features.auth)) or _("none")
        text = _("The server offers no way to log in that fits the settings (it offers: {offered}).")
        raise Trouble(lasting(Stage.AUTH, text.format(offered=offered), manners.relay))
    dialogue = auth.dialogue(mechanism, credentials)
    line = next(dialogue)
    while True:
        reply = yield from _asked(Step(Stage.AUTH, line))
        try:
            line = dialogue.send(reply)
        except StopIteration as done:
            _judge(done.value, manners.relay)
            return


def _judge(reply: Reply, relay: str) -> None:
    if reply.code != _LOGGED_IN:
        raise Trouble(verdicts.trouble(Stage.AUTH, reply, relay))
