"""Medians of repeated runs: functions in this process, and whole commands with their CPU time and memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum of some runs."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Take the three figures of a series."""
        return cls(min(values), statistics.median(values), max(values))

    def told(self, factor: float = 1.0, digits: int = 1) -> str:
        """Return `median (low-high)`, each times a factor."""
        median, low, high = (f"{value * factor:.{digits}f}" for value in (self.median, self.low, self.high))
        return f"{median} ({low}–{high})"


@dataclass(frozen=True)
class Run:
    """One finished command: seconds on the clock, CPU seconds, peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def repeated(call: Callable[[], object], *, runs: int, warmup: int = 3) -> Spread:
    """Time a function, in seconds."""
    for _ in range(warmup):
        call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return Spread.of(times)


def command(arguments: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end and account for it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        arguments, cwd=folder, env={**os.environ, **(environ or {})}, stdout=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with {process.returncode}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def commands(
    arguments: Sequence[str], folder: Path, *, runs: int, before: Callable[[], object] = int
) -> list[Run]:
    """Run a command several times after one warm-up; `before` is called before each run."""
    finished = []
    for _ in range(runs + 1):
        before()
        finished.append(command(arguments, folder))
    return finished[1:]


def own_peak() -> float:
    """Return this process's peak memory in MB."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
