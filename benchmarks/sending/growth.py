"""Sending to more and more people: time, memory, and how quickly the state of it is told."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.compose import ROOT
from benchmarks.measure import Spread, command
from benchmarks.sending import sinks
from benchmarks.sending.arena import Arena
from benchmarks.sending.contest import run
from benchmarks.sending.office import Office

_HEADINGS = (
    "people", "planning s", "people/s", "sending s", "messages/s", "CPU s per 1000", "peak MB", "database MB",
    "`status` s",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A mailing of some size: seconds to plan, seconds and CPU seconds to send, peak memory in MB."""

    people: int
    planned: float
    sent: float
    cpu: float
    peak: float
    database: float
    """MB on the disk afterwards."""
    status: Spread
    """Seconds that `newsletter status` takes as a process."""


def measure(arena: Arena, people: int) -> Point:
    """Send once to so many, and ask for the state."""
    folder = arena.root / f"office-{people}"
    if not folder.exists():
        Office.made(folder, people).edition()
    with sinks.fast(arena.sink, expected=people) as port:
        ours = arena.ours("ours", people)
        sent = run(ours, port)
    asked = [sys.executable, "-m", "newsletter", "status", "--json"]
    environ = {**ours.environ, "PYTHONPATH": str(ROOT)}
    status = [command(asked, ours.folder, environ).wall for _ in range(6)][1:]
    size = (ours.folder / "subscribers.db").stat().st_size / 1e6
    for used in (folder, ours.folder):
        shutil.rmtree(used)
    return Point(
        people,
        sent.told["planned"],
        sent.wall,
        sent.cpu,
        sent.peak,
        size,
        Spread.of(status),
    )


def table(points: Sequence[Point]) -> list[str]:
    """Write a Markdown table."""
    return [
        "To more and more people, into the fast sink:",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.people:,} | {one.planned:.1f} | {one.people / one.planned:,.0f} | {one.sent:.1f} "
            f"| {one.people / one.sent:,.0f} | {one.cpu / one.people * 1000:.3f} | {one.peak:.0f} "
            f"| {one.database:.0f} | {one.status.told(digits=2)} |"
            for one in points
        ),
    ]
