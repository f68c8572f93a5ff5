"""Several relays: they share the work by their weights, and one takes over when another is away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from newsletter.dispatch.model import Blame, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.settings_sending import Smtp
from tests.dispatch.smtp.sending import PATIENT, post, send, settings
from tests.dispatch.smtp.server import Server
from tests.dispatch.smtp.talk import Rule


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def two(first: int, second: int, *, weights: tuple[int, int] = (1, 1), **more: Any) -> Smtp:
    """Settings for two relays, “main” and “other”."""
    other = {"host": "127.0.0.1", "port": second, "security": "none", "weight": weights[1], **more}
    return settings(first, relays={"other": other}, weight=weights[0], **more)


def test_another_relay_takes_over(nobody: int) -> None:
    """A relay that cannot be reached costs nobody a letter, and is told."""
    with Server() as server:
        done = send(post(30, stop_at_trouble=False), two(nobody, server.port))
        assert len(server.accepted) == 30
    assert done.relays == {"other": 30}
    assert done.troubles[0].relay == "main"
    assert (done.troubles[0].stage, done.troubles[0].state) == (Stage.CONNECT, State.DEFERRED)
    assert done.troubles[0].text == f"No connection to 127.0.0.1:{nobody}: Connection refused."


def test_a_relay_that_dies_is_replaced() -> None:
    """What a dying relay had not accepted goes out by the other one."""
    dying = [Rule(at="MAIL", since=6, says=b"", then="reset")]
    with Server(dying) as first, Server() as second:
        done = send(post(40, again=40, stop_at_trouble=False), two(first.port, second.port))
        assert len(first.accepted) + len(second.accepted) == 40
        assert not set(first.recipients) & set(second.recipients)
    assert set(done.states().values()) == {State.ACCEPTED}


def test_all_relays_down_is_no_end(nobody: int) -> None:
    """The pool tries again and again, says so each time, and goes on when a server is back."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    letters = post(10, stop_at_trouble=False)
    late = Server(port=port)
    downs: list[bool] = []

    def came() -> None:
        assert letters.pool is not None
        downs.append(letters.pool.down)
        if len(letters.troubles) == 6:
            late.__enter__()

    letters.at_trouble = came
    try:
        done = send(letters, two(nobody, port), pauses=(0.01, 0.02, 0.05))
    finally:
        late.__exit__(None, None, None)
    assert set(done.states().values()) == {State.ACCEPTED}
    assert downs[0] is False
    assert downs[5] is True


@pytest.mark.parametrize(
    ("rule", "stage", "state", "blame"),
    [
        (Rule(at="GREETING", says=b"554 5.7.1 Go away\r\n"), Stage.GREETING, State.REFUSED, Blame.SENDER),
        (Rule(at="GREETING", says=b"421 4.7.0 Busy\r\n"), Stage.GREETING, State.DEFERRED, Blame.NOBODY),
        (Rule(at="GREETING", says=b"SSH-2.0-x\r\n"), Stage.GREETING, State.DEFERRED, Blame.NOBODY),
        (Rule(at="GREETING", says=b"", then="close"), Stage.GREETING, State.DEFERRED, Blame.NOBODY),
        (Rule(at="EHLO", says=b"554 5.7.1 No\r\n"), Stage.EHLO, State.REFUSED, Blame.SENDER),
        (Rule(at="EHLO", says=b"451 4.3.0 Later\r\n"), Stage.EHLO, State.DEFERRED, Blame.NOBODY),
        (Rule(at="EHLO", says=b"421 4.3.0 Bye\r\n", then="close"), Stage.EHLO, State.DEFERRED, Blame.NOBODY),
        (Rule(at="EHLO", says=b"", then="reset"), Stage.EHLO, State.DEFERRED, Blame.NOBODY),
    ],
    ids=lambda value: (
        (value.says or value.then.encode()).decode().strip() if isinstance(value, Rule) else None
    ),
)
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_relay_that_does_not_want_us(
    rule: Rule, stage: Stage, state: State, blame: Blame, loop: str
) -> None:
    """What is refused before any letter is the relay's trouble; no letter is touched."""
    with Server([rule]) as server:
        done = send(5, settings(server.port), loop=loop)
        assert server.count(b"MAIL") == 0
    assert done.outcomes == {}
    (trouble,) = done.troubles
    assert (trouble.stage, trouble.state, trouble.blame) == (stage, state, blame)


def test_a_host_that_has_no_address() -> None:
    """A name that cannot be looked up is trouble like a server that is away."""
    (trouble,) = send(1, Smtp(host="nowhere.invalid", security="none")).troubles
    assert (trouble.stage, trouble.state) == (Stage.CONNECT, State.DEFERRED)
    assert "nowhere.invalid" in trouble.text


def test_shares_follow_the_weights() -> None:
    """Three to one, although both could take the same."""
    with Server(delay=0.001) as first, Server(delay=0.001) as second:
        send(200, two(first.port, second.port, weights=(3, 1), connections=2))
        assert len(first.accepted) + len(second.accepted) == 200
        assert len(first.accepted) == pytest.approx(150, abs=10)


def test_without_weights_each_takes_what_it_can() -> None:
    """A slow relay does not slow down a quick one."""
    with Server(delay=0.2) as slow, Server() as quick:
        send(100, two(slow.port, quick.port))
        assert len(quick.accepted) > 80


def test_a_relay_that_hangs_loses_its_share() -> None:
    """Whoever waits for it goes on after a while; the letter that it keeps is settled like any other."""
    with Server([Rule(at="RCPT", says=b"", then="hang")]) as hanging, Server() as good:
        done = send(
            post(30, again=5, stop_at_trouble=False),
            two(hanging.port, good.port, weights=(3, 1)),
            timeouts=replace(PATIENT, command=3),
        )
        assert hanging.accepted == []
        assert len(good.accepted) >= 27
    assert set(done.states().values()) <= {State.ACCEPTED, State.DEFERRED}


def test_the_pace_is_asked_before_each_letter() -> None:
    """What may go today goes, the rest stays where it is."""
    with Server() as server:
        smtp = settings(server.port, connections=3)
        letters = post(20, pace=Pace(smtp, allowance=7))
        letters.expects = 7
        done = send(letters, smtp)
        assert len(server.accepted) == 7
    assert len(done.jobs) == 13


def test_a_rate_holds_letters_back_and_lets_them_go() -> None:
    """With a rate every letter arrives; connections are not opened for what may not go yet."""
    with Server() as server:
        smtp = settings(server.port, connections=5, rate=40)
        done = send(post(20, pace=Pace(smtp)), smtp)
        assert len(server.accepted) == 20
    assert set(done.states().values()) == {State.ACCEPTED}
