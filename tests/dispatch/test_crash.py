"""The program is killed (SIGKILL) at every step and at any moment, and goes on: nobody lost, nobody twice.

The server writes down what it takes before it says so; the ledger is compared with that at the end, and the
accounts must add up after each death. That is 190 deaths at random moments and at least one, mostly six, at
each of the steps; `make soak` has 10,000.
"""

from __future__ import annotations

import random
import signal
import time
from functools import partial

import pytest

from newsletter.dispatch.model import State
from tests.dispatch.dying import LABELS, die_at
from tests.dispatch.mailer import Mailer, compare
from tests.dispatch.sink_process import SinkProcess

AT_STEP = (1, 2, 3, 5, 8, 13)
"""At which time a step is deadly, one death after the other in the same mailing."""
SEND = ("send", "--yes", "--no-test")


@pytest.mark.parametrize("label", LABELS)
def test_killed_at_a_step(label: str, mailer: Mailer, server: SinkProcess) -> None:
    """Wherever it dies, the next run goes on; in doubt is at most one message for each connection."""
    mailer.subscribe(60)
    mailer.server(server.port)
    doubts = deaths = 0
    for number in AT_STEP:
        done = mailer.office.forked(*SEND, prepare=partial(die_at, label, number)).wait()
        assert done.returncode in {-signal.SIGKILL, 0, 1}, done.stderr
        deaths += done.returncode == -signal.SIGKILL
        seen = mailer.counts()[State.IN_DOUBT]
        assert seen - doubts <= mailer.connections
        doubts = seen
    assert deaths > 0
    _finish(mailer, server, kills=deaths)


@pytest.mark.parametrize("seed", range(10))
def test_killed_at_any_moment(seed: int, mailer: Mailer, server: SinkProcess) -> None:
    """Nineteen deaths at random moments of one mailing."""
    kill_at_random(mailer, server, random.Random(seed), kills=19)  # noqa: S311 (a test that can be repeated)


def kill_at_random(mailer: Mailer, server: SinkProcess, chance: random.Random, *, kills: int) -> None:
    """Kill a run of a large mailing again and again, then let it come to its end."""
    mailer.subscribe(1500)
    mailer.server(server.port)
    server.misbehave({"stage": "dot", "delay": 0.01}, {"stage": "accepted", "delay": 0.01})
    doubts = 0
    for _number in range(kills):
        child = mailer.office.forked(*SEND, "--rate", "150")
        time.sleep(chance.uniform(0.0, 0.6))
        child.signal(signal.SIGKILL)
        assert child.wait().returncode == -signal.SIGKILL
        seen = mailer.counts()[State.IN_DOUBT]
        assert seen - doubts <= mailer.connections
        assert [one.reply for one in mailer.records() if one.state is State.IN_DOUBT and one.reply] == []
        doubts = seen
    server.misbehave()
    _finish(mailer, server, kills=kills)


def _finish(mailer: Mailer, server: SinkProcess, *, kills: int) -> None:
    done = mailer.office.quick(*SEND)
    counts = mailer.counts()
    assert counts[State.ACCEPTED] + counts[State.IN_DOUBT] == counts.audience, done.stderr
    assert done.returncode == (1 if counts[State.IN_DOUBT] else 0)
    assert counts[State.IN_DOUBT] <= kills * mailer.connections
    compare(mailer.records(), server.accepted())
    assert server.violations() == []
