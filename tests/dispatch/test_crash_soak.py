"""Ten thousand deaths: `make soak`, or `pytest -n auto -m soak tests/dispatch/test_crash_soak.py` (hours)."""

from __future__ import annotations

import random

import pytest

from tests.dispatch.mailer import Mailer
from tests.dispatch.sink_process import SinkProcess
from tests.dispatch.test_crash import kill_at_random

MAILINGS = 400
DEATHS = 25


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1_000, 1_000 + MAILINGS))
def test_killed_again_and_again(seed: int, mailer: Mailer, server: SinkProcess) -> None:
    """Twenty-five deaths of a mailing at random moments, four hundred mailings."""
    kill_at_random(mailer, server, random.Random(seed), kills=DEATHS)  # noqa: S311 (can be repeated)
