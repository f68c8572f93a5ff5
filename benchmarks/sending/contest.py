"""Commands that send, side by side: in turns, round by round, so that a noisy minute hits all of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.compose import ROOT
from benchmarks.measure import Spread

_LOOK = 0.05
"""Seconds between two looks at a process's memory."""


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A command that sends so many messages to a port."""

    name: str
    command: Callable[[int], Sequence[str]]
    """Gives the command line for a port. The last line it prints may be JSON with `wall`, `cpu`, `peak` of
    the sending alone; else the whole process counts."""
    messages: int
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    """Where it runs."""
    before: Callable[[], object] = int
    """What makes ready for a run, outside of the measured time."""


@dataclass(frozen=True)
class Sent:
    """One run: seconds on the clock, CPU seconds, peak memory in MB, and whatever else it told."""

    messages: int
    wall: float
    cpu: float
    peak: float
    told: Mapping[str, Any]

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.wall

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds for 1000 messages, the sender's alone."""
        return self.cpu / self.messages * 1000


@dataclass(frozen=True)
class Result:
    """All runs of a contestant."""

    name: str
    runs: tuple[Sent, ...]

    @property
    def rate(self) -> Spread:
        """Messages a second."""
        return Spread.of([run.rate for run in self.runs])

    @property
    def cpu(self) -> Spread:
        """CPU seconds for 1000 messages."""
        return Spread.of([run.cpu_per_thousand for run in self.runs])

    @property
    def peak(self) -> float:
        """The highest peak memory, in MB."""
        return max(run.peak for run in self.runs)

    def against(self, other: Result) -> float:
        """Return how many times as fast this one is, by the medians."""
        return self.rate.median / other.rate.median


def contest(
    contestants: Sequence[Contestant], port: int, *, rounds: int, between: Callable[[], object] = int
) -> dict[str, Result]:
    """Let all run in turns, after a first round that does not count; by name.

    Args:
        contestants: whose names differ.
        port: of the server they send to.
        rounds: that count.
        between: called before each run, outside of the measured time.
    """
    runs: dict[str, list[Sent]] = {one.name: [] for one in contestants}
    for number in range(rounds + 1):
        for one in contestants:
            between()
            sent = run(one, port)
            if number:
                runs[one.name].append(sent)
    return {name: Result(name, tuple(sent)) for name, sent in runs.items()}


def run(one: Contestant, port: int) -> Sent:
    """Run it once."""
    one.before()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+") as talk:
        done = _finished(one, port, out, talk)
        out.seek(0)
        lines = out.read().splitlines()
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    figures = done | told
    return Sent(one.messages, figures["wall"], figures["cpu"], figures["peak"], told)


def _finished(one: Contestant, port: int, out: IO[str], talk: IO[str]) -> dict[str, float]:
    command = one.command(port)
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=one.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **one.environ},
        stdout=out,
        stderr=talk,
    )
    with _watched(process.pid) as peak:
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        talk.seek(0)
        raise SystemExit(f"{talk.read()}\n{' '.join(command)} failed with {process.returncode}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak[-1]}


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """Look at a process's peak memory from time to time; the list's last is the highest, in MB.

    `ru_maxrss` would not do: it begins with what the measuring process had.
    """
    peaks, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(_LOOK):
            peaks.append(max(peaks[-1], peak_memory(str(pid))))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield peaks
    finally:
        over.set()
        watching.join()


def peak_memory(pid: str = "self") -> float:
    """Return the peak memory of a process in MB; 0 when it is gone, or where /proc does not tell it."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def table(results: Mapping[str, Result], reference: str) -> list[str]:
    """Write a Markdown table; the last column compares with one of them."""
    base = results[reference]
    return [
        "| what | messages/s | CPU s per 1000 | peak MB | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {one.rate.told(digits=0)} | {one.cpu.told(digits=3)} | {one.peak:.0f} "
            f"| {one.against(base):.2f} |"
            for name, one in results.items()
        ),
    ]
