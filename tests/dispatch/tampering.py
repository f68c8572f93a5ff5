"""What is changed around a sending process from outside: shorter waits, other clocks, a full disk."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any

from newsletter.dispatch import gates, runner
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.smtp import pool
from newsletter.dispatch.smtp.timeouts import Timeouts

SHORT = Timeouts(connect=2, greeting=1, command=1, encrypt=2, data=1, block=1, dot=1, quit=0.5, idle=2)
"""Waits that a test can wait for; the program's own are those of the RFC."""


def impatient() -> None:
    """Wait for a server as short as tests can bear, and try it again soon."""
    named: Any = pool
    named.Timeouts = lambda: SHORT
    named.PAUSES = (0.1, 0.2)
    calm: Any = gates
    calm._LONGEST_REST = 0.1  # noqa: SLF001 (its own is a minute, after several refusals)
    _orders(unreachable=3.0)


def short_leases() -> None:
    """Hold slices for a second only."""
    _orders(lease=1.0)


def jumping_clock() -> None:
    """Let the wall clock jump by days, to and fro, whenever it is looked at."""
    jumps: Iterator[float] = cycle((0, 3, -3, 400, -400, 0.5))
    real = Ledger.__init__

    def begin(self: Ledger, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        self.now = lambda: datetime.now(UTC) + timedelta(days=next(jumps))

    named: Any = Ledger
    named.__init__ = begin


def full_disk(room: int) -> Callable[[], None]:
    """Let no file grow beyond so many bytes (Python ignores SIGXFSZ, so writing fails instead)."""

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        _orders(patience=1.0)

    return prepare


def _orders(*, lease: float = 60.0, unreachable: float = 60.0, patience: float = 30.0) -> None:
    named: Any = runner
    named.Orders = partial(runner.Orders, lease=lease, unreachable=unreachable, patience=patience)
