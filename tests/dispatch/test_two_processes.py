"""Two processes and one mailing; people who leave while it runs."""

from __future__ import annotations

import signal
import time

from newsletter.dispatch.model import State
from tests.dispatch.mailer import Mailer, compare
from tests.dispatch.sink_process import SinkProcess
from tests.dispatch.tampering import short_leases

SEND = ("send", "--yes", "--no-test")


def _wait_for(server: SinkProcess, count: int) -> None:
    while len(server.accepted()) < count:
        time.sleep(0.01)


def test_a_second_one_is_refused_while_the_first_lives(mailer: Mailer, server: SinkProcess) -> None:
    """It is told who is at it; the first one comes to its end as if nothing had been."""
    mailer.subscribe(60)
    mailer.server(server.port)
    server.misbehave({"stage": "dot", "delay": 0.1})
    first = mailer.office.forked(*SEND)
    _wait_for(server, 4)
    second = mailer.office.quick(*SEND)
    assert second.returncode == 1
    assert f"process {first.pid}" in second.stderr
    assert first.wait().returncode == 0
    assert mailer.counts()[State.ACCEPTED] == 60
    compare(mailer.records(), server.accepted())


def test_one_that_was_stopped_and_wakes_sends_nothing_twice(mailer: Mailer, server: SinkProcess) -> None:
    """SIGSTOP past the lease: another one takes over and finishes; SIGCONT: the first sees that and ends."""
    mailer.subscribe(300)
    mailer.server(server.port)
    server.misbehave({"stage": "dot", "delay": 0.02})
    first = mailer.office.forked(*SEND, prepare=short_leases)
    _wait_for(server, 20)
    first.signal(signal.SIGSTOP)
    time.sleep(1.5)
    second = mailer.office.quick(*SEND)
    first.signal(signal.SIGCONT)
    woken = first.wait()
    assert woken.returncode == 1
    assert "Another process has taken over." in woken.stderr
    counts = mailer.counts()
    assert counts[State.ACCEPTED] + counts[State.IN_DOUBT] == 300, second.stderr
    assert counts[State.IN_DOUBT] <= mailer.connections
    compare(mailer.records(), server.accepted())


def test_who_leaves_while_it_runs_gets_nothing(mailer: Mailer, server: SinkProcess) -> None:
    """Unsubscribed, suppressed, erased: from the next window on they are skipped, and the row says why."""
    addresses = mailer.subscribe(600)
    mailer.server(server.port)
    server.misbehave({"stage": "dot", "delay": 0.02})
    child = mailer.office.forked(*SEND)
    _wait_for(server, 4)
    office = mailer.office
    assert office.quick("subscribers", "unsubscribe", addresses[550]).returncode == 0
    assert office.quick("subscribers", "suppression", "add", addresses[560], "--reason", "x").returncode == 0
    office.quick("subscribers", "erase", addresses[570], "--yes")
    child.wait()
    by_seq = {record.seq: (record.state, record.reason) for record in mailer.records()}
    assert by_seq[551] == (State.SKIPPED, "unsubscribed")
    assert by_seq[561] == (State.SKIPPED, "suppressed")
    assert by_seq[571] == (State.SKIPPED, "erased")
    taken = server.accepted()
    assert not {addresses[550], addresses[560], addresses[570]} & set(taken)
    assert mailer.counts()[State.ACCEPTED] == 597
    assert sum(taken.values()) == 597
