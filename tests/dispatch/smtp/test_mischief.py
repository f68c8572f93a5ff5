"""A server misbehaves at one stage of one letter: what the client believes is what the server did.

The invariants hold in every way of talking: accepted means accepted, in doubt may be either, everything else
means that the server has not got it, so that nobody gets a letter twice and nobody is forgotten.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from newsletter.dispatch.model import State
from newsletter.dispatch.smtp.transfers import WINDOW
from tests.dispatch.certificates import Authority
from tests.dispatch.smtp.sending import PATIENT, Post, post, send, settings
from tests.dispatch.smtp.server import PLENTY, Server
from tests.dispatch.smtp.talk import Rule

VICTIM = 3
LETTERS = 8
AT = {
    "MAIL": b"<b+3@",
    "RCPT": b"<p3@",
    "DATA": b"",
    "DOT": b"To: p3@",
}
ACTIONS = {
    "450": Rule(says=b"450 4.2.0 Later\r\n"),
    "550": Rule(says=b"550-5.1.1 Nobody\r\n550 5.1.1 of that name\r\n"),
    "421": Rule(says=b"421 4.3.2 Shutting down\r\n", then="close"),
    "421, then hangs": Rule(says=b"421 4.3.2 Shutting down\r\n", then="hang"),
    "close": Rule(says=b"", then="close"),
    "reset": Rule(says=b"", then="reset"),
    "answer, then close": Rule(then="close"),
    "hang": Rule(says=b"", then="hang"),
    "garbage": Rule(says=b"hello, world\r\n"),
    "nonsense": Rule(says=b"334 Go on\r\n"),
    "no code": Rule(says=b"999 what\r\n"),
    "two answers": Rule(says=b"250 Ok\r\n250 Ok\r\n"),
    "endless line": Rule(says=b"250 " + 4000 * b"x" + b"\r\n"),
    "endless answer": Rule(says=300 * b"250-more\r\n" + b"250 done\r\n"),
    "two codes": Rule(says=b"250-one\r\n251 two\r\n"),
    "binary": Rule(says=bytes(range(256)) + b"\r\n"),
}
SHORTER = ["450", "421", "close", "reset", "answer, then close", "hang", "two answers"]
PLACES = [
    (way, at)
    for way in ("lock-step", "overlap", "streaming")
    for at in AT
    if (way, at) != ("streaming", "DATA")  # BDAT has one answer, at the end
]
SHORT = replace(PATIENT, command=0.4, data=0.4, dot=0.4, block=0.4)


@dataclass(frozen=True)
class Trial:
    """Letters sent to a server that does something to one of them, once."""

    done: Post
    server: Server

    def check(self, action: str, *, on_their_way: int) -> None:
        """Nobody twice, nobody lost, and in doubt only as many as were on their way."""
        states = self.done.states()
        assert list(states) == list(range(LETTERS))
        got = [int(mail.recipient[1:-10]) for mail in self.server.accepted]
        assert len(got) == len(set(got)), "somebody got it twice"
        in_doubt = {number for number, state in states.items() if state is State.IN_DOUBT}
        assert len(in_doubt) <= on_their_way
        assert {number for number, state in states.items() if state is State.ACCEPTED} == set(got) - in_doubt
        if action in {"450", "550"}:
            assert set(got) == set(range(LETTERS)) - {VICTIM}


def tried(
    at: str, action: str, loop: str, *, offers: Sequence[str] = PLENTY, trust: ssl.SSLContext | None = None,
    **more: Any,
) -> Trial:  # fmt: skip
    """Send the letters."""
    since = VICTIM + 1 if at == "DATA" else 1
    rule = replace(ACTIONS[action], at=at, matching=AT[at], since=since, times=1)
    with Server(rules=[rule], offers=offers, trust=trust) as server:
        letters = post(LETTERS, again=20, stop_at_trouble=False)
        timeouts = SHORT if "hang" in action else PATIENT
        done = send(letters, settings(server.port, **more), loop=loop, timeouts=timeouts)
        if rule.then != "hang":
            server.wait()  # whatever it still has to read, it has read
    return Trial(done, server)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("way", "at"), PLACES)
def test_belief_and_truth(at: str, action: str, way: str, loop: str) -> None:
    """Whatever the server does, what we believe of each letter is true."""
    offers = [one for one in PLENTY if way != "lock-step" or one != "PIPELINING"]
    trial = tried(at, action, loop, offers=offers, streaming=way == "streaming")
    trial.check(action, on_their_way=WINDOW if way == "streaming" else 1)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "action", ["450", "421", "close", "reset", "answer, then close", "hang", "two answers"]
)
@pytest.mark.parametrize("at", AT)
def test_belief_and_truth_over_encryption(at: str, action: str, loop: str, tmp_path: Path) -> None:
    """The same holds when the connection is encrypted."""
    authority = Authority.made(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server(tmp_path))
    trial = tried(at, action, loop, trust=context, security="starttls", ca_file=authority.file)
    trial.check(action, on_their_way=1)
