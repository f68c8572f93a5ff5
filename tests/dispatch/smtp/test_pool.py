"""The pool: connections come and go with the work, and whatever was taken is settled, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from newsletter.dispatch.model import Job, Outcome, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.smtp.pool import NoRelayError, Pool
from newsletter.settings_sending import Smtp
from tests.dispatch.sink_process import sink
from tests.dispatch.smtp.sending import LOOPS, PATIENT, Post, job, post, send, settings
from tests.dispatch.smtp.server import Server
from tests.dispatch.smtp.talk import Rule

HANGS = Rule(at="DOT", says=b"", then="hang")


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The event loop."""
    return str(request.param)


def test_a_host_is_needed() -> None:
    """Without any server there is nothing to send by."""
    with pytest.raises(NoRelayError, match=r"The settings name no mail server"):
        Pool(Smtp(), post(0), Pace(Smtp()), root=Path("/"))


def test_many_messages_in_one_connection_are_too_many(loop: str) -> None:
    """A server that closes after three messages is called again and again, and nobody waits."""
    with Server([Rule(at="MAIL", since=4, says=b"421 4.7.0 Too many\r\n", then="close")]) as server:
        done = send(post(20, again=20), settings(server.port), loop=loop)
        assert len(server.accepted) == 20
        assert server.met == 7
    assert set(done.states().values()) == {State.ACCEPTED}
    assert done.troubles == []


def test_a_server_may_close_after_each_message(loop: str) -> None:
    """An answer and the end of the connection in one: the message counts, the next goes out anew."""
    with Server([Rule(at="DOT", then="close")]) as server:
        done = send(post(10, again=20), settings(server.port), loop=loop)
        assert len(server.accepted) == 10
    assert set(done.states().values()) == {State.ACCEPTED}


def test_a_server_that_takes_few_connections_gets_few(tmp_path: Path) -> None:
    """421 to one connection more is no trouble while others work."""
    with sink(tmp_path / "sink", "--connections", "2") as server:
        done = send(post(60), settings(server.port, connections=10))
        assert sum(server.accepted().values()) == 60
        assert server.violations() == []
    assert done.troubles == []


def test_an_idle_connection_is_closed_and_opened_again(loop: str) -> None:
    """Work that comes later finds a new connection."""

    def later(pool: Pool) -> None:
        def more() -> None:
            letters.jobs.append(job(2))
            pool.wake()

        asyncio.get_running_loop().call_later(0.6, more)

    letters = post([job(1)])
    letters.expects = 2
    with Server() as server:
        send(letters, settings(server.port), timeouts=replace(PATIENT, idle=0.2), during=later, loop=loop)
        assert server.recipients == ["p1@x.example", "p2@x.example"]
        assert (server.met, server.count(b"QUIT")) == (2, 2)


def test_work_that_comes_soon_finds_the_connection_open() -> None:
    """A source that had nothing for a moment costs no new connection."""

    def later(pool: Pool) -> None:
        def more() -> None:
            letters.jobs.append(job(2))
            pool.wake()

        asyncio.get_running_loop().call_later(0.2, more)

    letters = post([job(1)])
    letters.expects = 2
    with Server() as server:
        send(letters, settings(server.port), during=later)
        assert server.met == 1


def test_finish_brings_to_an_end_what_was_taken(loop: str) -> None:
    """Asked to finish in the middle, the pool takes no more, and what it took is accepted."""
    with Server(delay=0.01) as server:

        def soon(pool: Pool) -> None:
            """Finish once all three connections are at work."""
            if server.count(b"DATA") > 30:
                pool.finish()
            else:
                asyncio.get_running_loop().call_later(0.02, soon, pool)

        done = send(post(1000), settings(server.port, connections=3), loop=loop, during=soon)
        server.wait()
        assert server.count(b"QUIT") == server.met
        assert {int(one[1:-10]) for one in server.recipients} == set(done.outcomes)
    assert set(done.states().values()) == {State.ACCEPTED}
    assert 0 < len(done.outcomes) < 1000


def test_finish_before_anything_began() -> None:
    """A pool that is finished before it runs takes nothing."""
    with Server() as server:
        done = send(post(10), settings(server.port), during=Pool.finish)
        assert server.met == 0
    assert done.outcomes == {}


@pytest.mark.parametrize("streaming", [False, True], ids=["overlap", "streaming"])
def test_abort_leaves_in_doubt_what_cannot_be_known(loop: str, *, streaming: bool) -> None:
    """What was handed over is in doubt, what was not goes out again."""

    def soon(pool: Pool) -> None:
        asyncio.get_running_loop().call_later(0.3, pool.abort)

    with Server([HANGS]) as server:
        done = send(post(5), settings(server.port, streaming=streaming), loop=loop, during=soon)
    states = list(done.states().values())
    assert states == [State.IN_DOUBT] * 5 if streaming else [State.IN_DOUBT, State.PENDING]


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_abort_gives_back_what_was_not_handed_over(at: str) -> None:
    """It was our will, so nobody has to wait for another attempt."""

    def soon(pool: Pool) -> None:
        asyncio.get_running_loop().call_later(0.2, pool.abort)

    with Server([Rule(at=at, says=b"", then="hang")]) as server:
        done = send(post(5), settings(server.port), during=soon)
    assert list(done.states().values()) == [State.PENDING]


def test_a_cancelled_run_settles_everything(loop: str) -> None:
    """Cancelling is aborting."""
    letters = post(5)

    async def run(port: int) -> None:
        pool = letters.pool = Pool(settings(port), letters, Pace(settings(port)), root=Path("/"))
        task = asyncio.create_task(pool.run())
        await asyncio.sleep(0.3)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    with Server([HANGS]) as server, asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(run(server.port))
    assert not letters.open
    assert list(letters.states().values()) == [State.IN_DOUBT, State.PENDING]


@dataclass
class Broken(Post):
    """A source whose disk is full at some moment."""

    at: str = ""

    def _break(self, at: str) -> None:
        if self.at == at and len(self.outcomes) > 2:
            raise OSError("disk full")

    def take(self, relay: str) -> Job | None:
        """Hand out a letter, or fail."""
        self._break("take")
        return super().take(relay)

    def starts(self, job: Job) -> bool:
        """Note a letter, or fail."""
        self._break("starts")
        return super().starts(job)

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Take an outcome, and fail."""
        super().settled(job, outcome)
        self._break("settled")


@pytest.mark.parametrize("at", ["take", "starts", "settled"])
@pytest.mark.parametrize("streaming", [False, True], ids=["overlap", "streaming"])
def test_an_error_of_the_source_ends_the_run(at: str, loop: str, *, streaming: bool) -> None:
    """It comes out of `run`, after everything taken was settled; nothing goes out that was not noted."""
    letters = Broken(post(20).jobs, at=at)
    with Server() as server:
        with pytest.raises(OSError, match="disk full"):
            send(letters, settings(server.port, connections=2, streaming=streaming), loop=loop)
        got = {int(one[1:-10]) for one in server.recipients}
    assert not letters.open
    sure = {number for number, state in letters.states().items() if state is State.ACCEPTED}
    doubt = {number for number, state in letters.states().items() if state is State.IN_DOUBT}
    assert sure <= got <= sure | doubt
    assert got <= set(letters.started)


def test_a_body_that_is_not_read_is_not_in_doubt(loop: str) -> None:
    """A server that stops reading in the middle of a large message has not got it."""
    with Server([Rule(at="DATA", then="hang")], offers=["PIPELINING"]) as server:
        letters = post([job(0, size=20_000_000)], stop_at_trouble=False)
        done = send(letters, settings(server.port), timeouts=replace(PATIENT, block=0.5), loop=loop)
    assert (done.outcomes[0].state, done.outcomes[0].stage) == (State.DEFERRED, Stage.DATA)
    assert done.outcomes[0].text == "No answer within 0.5 seconds."


def test_a_server_that_stopped_speaking_gets_no_more(loop: str) -> None:
    """It might still listen: the rest of the message is never sent, as nobody would learn of its end."""
    with Server([Rule(at="DATA", then="half-close")], offers=["PIPELINING"]) as server:
        done = send(post([job(0, size=20_000_000)], stop_at_trouble=False), settings(server.port), loop=loop)
        server.wait()
        assert server.accepted == []
    assert (done.outcomes[0].state, done.outcomes[0].stage) == (State.DEFERRED, Stage.DATA)


@pytest.mark.parametrize("at", ["GREETING", "EHLO"])
def test_a_silent_server_is_trouble(at: str, loop: str) -> None:
    """A server that does not answer while the connection opens costs no letter."""
    with Server([Rule(at=at, says=b"", then="hang")]) as server:
        timeouts = replace(PATIENT, greeting=0.3, command=0.3)
        done = send(post(3), settings(server.port), timeouts=timeouts, loop=loop)
    (trouble,) = done.troubles
    assert (str(trouble.stage), trouble.state) == (at.lower(), State.DEFERRED)
    assert trouble.text == "No answer within 0.3 seconds."
    assert done.outcomes == {}


def test_a_silent_goodbye_keeps_nobody() -> None:
    """A server that never answers QUIT does not keep the run from ending."""
    with Server([Rule(at="QUIT", says=b"", then="hang")]) as server:
        assert len(send(3, settings(server.port), timeouts=replace(PATIENT, quit=0.2)).outcomes) == 3


def test_answers_in_drops_do_not_count_as_answers() -> None:
    """A server that sends a byte now and then is given up like a silent one."""
    with Server([Rule(at="RCPT", says=100 * b"250-\r\n" + b"250 Ok\r\n", pause=0.01)]) as server:
        done = send(1, settings(server.port), timeouts=replace(PATIENT, command=0.5))
    assert done.outcomes[0].state is State.DEFERRED
    assert done.outcomes[0].text == "No answer within 0.5 seconds."


def test_we_call_ourselves_by_a_name_or_an_address() -> None:
    """EHLO carries a full name, or the address in brackets (RFC 5321 §4.1.3); settings win."""
    with Server() as server:
        letters = post(1)

        async def run() -> None:
            smtp = settings(server.port)
            letters.pool = Pool(smtp, letters, Pace(smtp), root=Path("/"))
            await letters.pool.run()

        asyncio.run(run())
        send(1, settings(server.port, hello="news.example"))
        names = [line.split()[1].decode() for line in server.said if line.startswith(b"EHLO")]
    assert re.fullmatch(r"\[127\.0\.0\.1\]|[\w-]+(\.[\w-]+)+", names[0])
    assert names[1] == "news.example"
