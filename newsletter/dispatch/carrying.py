"""Carry out a mailing: put ledger, press, pace and transport together and run."""

from __future__ import annotations

import asyncio
import gc
import signal
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from newsletter.compose.edition import Edition
from newsletter.dispatch import warmup, ways
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.ending import Ending
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Opened, Outcome
from newsletter.dispatch.outgoing import Outgoing, SignedAhead
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.runner import Orders, Runner
from newsletter.dispatch.transport import Source, Transport
from newsletter.dispatch.trial import Trial
from newsletter.mail.letter import Letter
from newsletter.mail.press import Press, Recipient
from newsletter.settings_model import Settings
from newsletter.subscribers.secret import Secret

Tick = Callable[[Runner], None]
_Result = TypeVar("_Result")
_GC_AFTER = 50_000
_DATED_AGAIN = 60.0
"""Seconds after which letters get a new Date; one that is hours old looks like spam to filters."""


class Letters:
    """Prints the letters of a mailing, whichever of its editions a recipient gets."""

    def __init__(self, ledger: Ledger, mailing: int, root: Path) -> None:
        settings, secret = ledger.people.settings, ledger.people.secret
        editions = Editions(ledger.connection)
        self._now = partial(moment, settings)
        self._presses = {
            number: Press.of(
                editions.load(digest), settings, secret, root=root, mailing=mailing, date=self._now()
            )
            for number, digest in editions.of_mailing(mailing).items()
        }
        self._dated = time.monotonic()

    @property
    def costly(self) -> bool:
        """Whether they should be printed in threads."""
        return any(press.costly for press in self._presses.values())

    def __call__(self, row: Opened) -> Letter:
        """Print a letter, dated now (to the minute)."""
        if time.monotonic() - self._dated > _DATED_AGAIN:
            self._dated = time.monotonic()
            self._presses = {number: press.dated(self._now()) for number, press in self._presses.items()}
        return self._presses[row.edition].letter(row.recipient)


def moment(settings: Settings) -> datetime:
    """Return the present moment in the newsletter's time zone."""
    return datetime.now(ZoneInfo(settings.newsletter.timezone))


def carry_out(
    ledger: Ledger,
    mailing: int,
    root: Path,
    orders: Orders,
    *,
    rate: float | None,
    tick: Tick = lambda _runner: None,
) -> Ending:
    """Send a mailing until it is done or something ends it.

    The first Ctrl-C or SIGTERM lets what is on the wire come to its end, a second one breaks off.

    Raises:
        AliveError: another process is sending it.
    """
    settings = ledger.people.settings
    owner = ledger.enter(mailing)
    try:
        letters = Letters(ledger, mailing, root)
        pace = Pace(settings.smtp, rate=rate, allowance=warmup.allowance(ledger))
        outgoing = partial(SignedAhead if letters.costly else Outgoing, letters, pace)
        runner = Runner(ledger, mailing, owner, outgoing, pace, orders)
        make = partial(ways.transport, settings, root, pace=pace, mailing=ledger.mailing(mailing))
        return run_in_loop(_sending(runner, make, tick))
    finally:
        with suppress(sqlite3.OperationalError):  # a full disk, for one; the next run tidies up after us
            ledger.leave(owner)
            ledger.finish_if_done(mailing)


def try_out(
    edition: Edition,
    settings: Settings,
    secret: Secret,
    root: Path,
    recipients: list[Recipient],
    *,
    mark: str,
) -> dict[str, Outcome]:
    """Send test mails of an edition, outside of any mailing; return the outcome for each address."""
    press = Press.of(edition, settings, secret, root=root, mailing=0, date=moment(settings), mark=mark)
    trial = Trial([(recipient.address, press.letter(recipient)) for recipient in recipients])
    pace = Pace(settings.smtp)
    run_in_loop(trial.send(partial(ways.transport, settings, root, pace=pace)))
    return trial.outcomes


async def _sending(runner: Runner, make: Callable[[Source], Transport], tick: Tick) -> Ending:
    transport = make(runner)
    with _signals(asyncio.get_running_loop(), runner):
        return await runner.run(transport, lambda: tick(runner))


def run_in_loop(main: Coroutine[object, object, _Result]) -> _Result:
    """Run to the end, in uvloop where there is one: half the CPU time of asyncio's loop (measured)."""
    with _little_gc():
        try:
            from uvloop import new_event_loop  # noqa: PLC0415 (only what sends needs it)
        except ImportError:
            return asyncio.run(main)
        with asyncio.Runner(loop_factory=new_event_loop) as loop:
            return loop.run(main)


@contextmanager
def _little_gc() -> Iterator[None]:
    """Look for garbage cycles seldom: sending makes next to none, and looking took 4 % of its time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_GC_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _signals(loop: asyncio.AbstractEventLoop, runner: Runner) -> Iterator[None]:
    """Drain on the first Ctrl-C or SIGTERM, break off on the second."""
    asked = False

    def handle() -> None:
        nonlocal asked
        if asked:
            runner.abort()
        else:
            asked = True
            runner.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, handle)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
