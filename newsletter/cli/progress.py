"""How far a sending is, on one line of the terminal: rate, deferred, refused, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

import click

from newsletter.dispatch.model import Outcome, State
from newsletter.language import _, number

_BAR = 24
_QUIET = 15.0
"""Seconds between two lines where nobody looks on (a log file, cron's mail)."""
_MINUTE, _HOUR = 60, 3600


class Progress:
    """Tells how a run is getting on; `total` is what it can come to."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._began = time.monotonic()
        self._seen = sys.stderr.isatty()
        self._last = self._began
        self._width = 0

    def show(self, tally: Mapping[State, int], trouble: Outcome | None) -> None:
        """Show where we are; often called."""
        now = time.monotonic()
        if not self._seen and now - self._last < _QUIET:
            return
        self._last = now
        line = self._line(tally, trouble, now - self._began)
        if self._seen:
            click.echo(f"\r{line:<{self._width}}", nl=False, err=True)
            self._width = len(line)
        else:
            click.echo(line, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._seen and self._width:
            click.echo(f"\r{'':<{self._width}}\r", nl=False, err=True)

    def _line(self, tally: Mapping[State, int], trouble: Outcome | None, seconds: float) -> str:
        done = sum(count for state, count in tally.items() if state is not State.PENDING)
        rate = tally.get(State.ACCEPTED, 0) / seconds if seconds > 0 else 0.0
        filled = _BAR * min(done, self._total) // self._total if self._total else _BAR
        parts = [
            f"{'█' * filled}{'░' * (_BAR - filled)} {done}/{self._total}",
            _("{rate} a second").format(rate=number(rate)),
        ]
        for state, text in (
            (State.DEFERRED, _("{count} deferred")),
            (State.REFUSED, _("{count} refused")),
            (State.IN_DOUBT, _("{count} in doubt")),
        ):
            if count := tally.get(state, 0):
                parts.append(text.format(count=count))
        if trouble is not None:
            parts.append(_("waiting for the server: {text}").format(text=trouble.text or trouble.stage))
        elif rate and done < self._total:
            parts.append(_("{time} left").format(time=duration((self._total - done) / rate)))
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Write a duration as people say it: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    hours, rest = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
