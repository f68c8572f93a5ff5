"""Servers that die, hang, refuse and cut connections: the books agree with what was really taken over."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from newsletter.dispatch.model import State
from tests.dispatch.certificates import Authority
from tests.dispatch.mailer import Mailer, compare
from tests.dispatch.sink_process import SinkProcess, sink
from tests.dispatch.tampering import full_disk, impatient, jumping_clock

SEND = ("send", "--yes", "--no-test")
PEOPLE = 40
RETRY_AT_ONCE = "\n[sending]\nretry_minutes = [0]\n"
BEFORE_THE_DOT = ("greeting", "ehlo", "mail", "rcpt", "data", "body")


def _ready(mailer: Mailer, server: SinkProcess, more: str = RETRY_AT_ONCE) -> Mailer:
    mailer.subscribe(PEOPLE)
    mailer.server(server.port, more)
    return mailer


def _until_done(mailer: Mailer, server: SinkProcess) -> None:
    """Send again, as cron would, until nobody is left to be tried; compare the books each time."""
    for _attempt in range(6):
        mailer.office.forked(*SEND, prepare=impatient).wait()
        counts = mailer.counts()
        compare(mailer.records(), server.accepted())
        if not counts[State.PENDING] + counts[State.DEFERRED]:
            return
    raise AssertionError(mailer.counts())


@pytest.mark.parametrize("stage", [*BEFORE_THE_DOT[:-1], "dot"])
@pytest.mark.parametrize("reply", ["421 4.3.2 closing down", "451 4.3.0 try again"])
def test_refused_for_now(stage: str, reply: str, mailer: Mailer, server: SinkProcess) -> None:
    """Whatever is refused for now is taken in the end, once."""
    server.misbehave({"stage": stage, "reply": reply, "every": 3, "times": 5})
    _until_done(_ready(mailer, server), server)
    assert mailer.counts()[State.ACCEPTED] == PEOPLE


@pytest.mark.parametrize("action", ["close", "hang"])
@pytest.mark.parametrize("stage", BEFORE_THE_DOT)
def test_gone_before_the_final_dot(stage: str, action: str, mailer: Mailer, server: SinkProcess) -> None:
    """A connection that breaks, or falls silent, before the final dot was handed over leaves no doubt."""
    server.misbehave({"stage": stage, action: True, "skip": 2, "every": 5, "times": 3})
    _until_done(_ready(mailer, server), server)
    counts = mailer.counts()
    assert counts[State.ACCEPTED] + counts[State.IN_DOUBT] == PEOPLE
    if stage != "body":  # a message of one write has its dot on the way when its first bytes arrive
        assert counts[State.IN_DOUBT] == 0


@pytest.mark.parametrize("action", ["close", "hang"])
@pytest.mark.parametrize("stage", ["dot", "accepted"])
def test_gone_after_the_final_dot(stage: str, action: str, mailer: Mailer, server: SinkProcess) -> None:
    """Whether it was taken or not, nobody knows: it is in doubt, and never sent again by itself."""
    server.misbehave({"stage": stage, action: True, "skip": 2, "every": 5, "times": 3})
    _until_done(_ready(mailer, server), server)
    counts = mailer.counts()
    assert counts[State.IN_DOUBT] == 3
    assert counts[State.ACCEPTED] == PEOPLE - 3


def test_a_server_that_dies_and_comes_back(mailer: Mailer, server: SinkProcess) -> None:
    """The run waits for it, and goes on when it is there again."""
    _ready(mailer, server)
    server.misbehave({"stage": "dot", "delay": 0.02})
    child = mailer.office.forked(*SEND, prepare=impatient)
    while not server.accepted():
        time.sleep(0.01)
    server.kill()
    time.sleep(0.3)
    server.start()
    child.wait()
    _until_done(mailer, server)
    counts = mailer.counts()
    assert counts[State.IN_DOUBT] <= mailer.connections
    assert counts[State.ACCEPTED] + counts[State.IN_DOUBT] == PEOPLE


def test_a_machine_that_hangs(mailer: Mailer, server: SinkProcess) -> None:
    """A stopped server answers nothing: what was handed over is in doubt, the rest is for later."""
    _ready(mailer, server)
    server.misbehave({"stage": "dot", "delay": 0.02})
    child = mailer.office.forked(*SEND, prepare=impatient)
    while not server.accepted():
        time.sleep(0.01)
    server.signal(signal.SIGSTOP)
    done = child.wait()
    server.signal(signal.SIGCONT)
    assert done.returncode == 1
    assert "No server could be reached." in done.stderr
    server.misbehave()
    _until_done(mailer, server)
    assert mailer.counts()[State.IN_DOUBT] <= mailer.connections


def test_no_server_at_all(mailer: Mailer, server: SinkProcess) -> None:
    """It is told which server cannot be reached, and everybody is still to come."""
    _ready(mailer, server)
    server.stop()
    done = mailer.office.forked(*SEND, prepare=impatient).wait()
    assert done.returncode == 1
    assert "No server could be reached." in done.stderr
    assert "127.0.0.1" in done.stderr
    assert mailer.counts()[State.PENDING] == PEOPLE
    server.start()


@pytest.mark.parametrize(
    "rule",
    [
        {"stage": "mail", "reply": "550 5.7.1 sender not allowed"},
        {"stage": "rcpt", "reply": "554 5.7.1 relaying denied"},
        {"stage": "dot", "reply": "554 5.7.1 bad reputation"},
        {"stage": "greeting", "reply": "554 5.7.1 we know you"},
    ],
    ids=lambda rule: str(rule["stage"]),
)
def test_a_server_that_refuses_us_blames_nobody(
    rule: dict[str, Any], mailer: Mailer, server: SinkProcess
) -> None:
    """The mailing stops with the server's words; nobody is refused or bounced."""
    server.misbehave(rule)
    done = _ready(mailer, server).office.forked(*SEND, prepare=impatient).wait()
    assert done.returncode == 1
    assert rule["reply"].split(" ", 2)[2] in done.stderr
    assert mailer.counts()[State.PENDING] == PEOPLE
    with mailer.ledger() as ledger:
        assert ledger.people.count("status = 'bounced'") == 0


def test_the_last_one_refused_like_ourselves_keeps_nobody_waiting(
    mailer: Mailer, server: SinkProcess
) -> None:
    """Others were taken, so it is about this recipient; the mailing comes to its end."""
    server.misbehave({"stage": "rcpt", "match": "leser00039@", "reply": "554 5.7.1 not you"})
    done = _ready(mailer, server).office.quick(*SEND)
    assert done.returncode == 0
    assert [(one.seq, one.reason) for one in mailer.records() if one.state is State.REFUSED] == [
        (40, "sender")
    ]


def test_a_recipient_that_does_not_exist(mailer: Mailer, server: SinkProcess) -> None:
    """They are refused with the server's words, and bounced; all others get their mail."""
    server.misbehave({"stage": "rcpt", "match": "leser00003@", "reply": "550 5.1.1 no such user"})
    done = _ready(mailer, server).office.quick(*SEND)
    assert done.returncode == 0
    refused = [record for record in mailer.records() if record.state is State.REFUSED]
    assert [(one.address, one.code, one.enhanced) for one in refused] == [
        ("leser00003@stadt3.example", 550, "5.1.1")
    ]
    with mailer.ledger() as ledger:
        assert [person.address for person in ledger.people.each("status = 'bounced'")] == [
            "leser00003@stadt3.example"
        ]


@pytest.mark.parametrize(
    ("options", "settings", "told"),
    [
        ((), 'security = "starttls"\n', "STARTTLS"),
        (("--login", "office:right"), 'user = "office"\npassword_file = "secret"\n', "535"),
    ],
    ids=["no-starttls", "wrong-password"],
)
def test_no_way_in(
    options: tuple[str, ...], settings: str, told: str, mailer: Mailer, tmp_path: Path
) -> None:
    """Without encryption that was asked for, or with a wrong password, nothing goes out."""
    with sink(tmp_path / "closed", *options) as closed:
        _ready(mailer, closed, "")
        path = mailer.office.put("secret", "wrong\n")
        path.chmod(0o600)
        text = (mailer.office.root / "newsletter.toml").read_text(encoding="utf-8")
        if "security" in settings:
            text = text.replace('security = "none"\n', "")
        mailer.office.put("newsletter.toml", text.replace("[smtp]\n", f"[smtp]\n{settings}"))
        done = mailer.office.forked(*SEND, prepare=impatient).wait()
        assert done.returncode == 1
        assert told in done.stderr
        assert mailer.counts()[State.PENDING] == PEOPLE
        assert not closed.accepted()


def test_a_certificate_of_somebody_else(mailer: Mailer, tmp_path: Path) -> None:
    """A server that cannot prove who it is gets nothing."""
    pem = Authority.made(tmp_path).server(tmp_path, "mail.other.example")
    with sink(tmp_path / "other", "--certificate", str(pem)) as other:
        _ready(mailer, other, "")
        text = (mailer.office.root / "newsletter.toml").read_text(encoding="utf-8")
        mailer.office.put("newsletter.toml", text.replace('security = "none"', 'security = "starttls"'))
        done = mailer.office.forked(*SEND, prepare=impatient).wait()
        assert done.returncode == 1
        assert "certificate" in done.stderr
        assert mailer.counts()[State.PENDING] == PEOPLE
        assert not other.accepted()


@pytest.mark.parametrize("room", [20_000, 34_000])
def test_a_full_disk(room: int, mailer: Mailer, server: SinkProcess) -> None:
    """Sending stops with a clear word; when there is room again it goes on, and nobody got it twice."""
    _ready(mailer, server).subscribe(500)
    first = mailer.office.quick(*SEND, "--limit", "5")
    assert first.returncode == 1
    done = mailer.office.forked(*SEND, prepare=full_disk(room)).wait()
    assert done.returncode == 1
    assert "cannot be" in done.stderr or "could not be written" in done.stderr
    compare(mailer.records(), server.accepted())
    _until_done(mailer, server)
    counts = mailer.counts()
    assert counts[State.ACCEPTED] + counts[State.IN_DOUBT] == counts.audience == 500


def test_a_clock_that_jumps(mailer: Mailer, server: SinkProcess) -> None:
    """Leases count by a clock that cannot be set; the wall clock may say what it likes."""
    _ready(mailer, server)
    server.misbehave({"stage": "rcpt", "reply": "450 4.2.0 later", "every": 4, "times": 6})
    for _attempt in range(4):
        mailer.office.forked(*SEND, prepare=jumping_clock).wait()
        compare(mailer.records(), server.accepted())
    assert mailer.counts()[State.ACCEPTED] == PEOPLE
