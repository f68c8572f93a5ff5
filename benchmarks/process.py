"""How long the commands take as whole processes, from the shell's prompt to its return."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compose import ROOT
from benchmarks.measure import Run, commands

NEWSLETTER = [sys.executable, "-m", "newsletter"]


@dataclass(frozen=True)
class Commands:
    """The runs of each command."""

    unchanged: list[Run]
    text_changed: list[Run]
    cold: list[Run]
    help: list[Run]
    python: list[Run]


@contextmanager
def workspace() -> Iterator[Path]:
    """Give a copy of the workspace, so that measuring changes nothing here."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("issues", "templates"):
            shutil.copytree(ROOT / part, folder / part)
        shutil.copyfile(ROOT / "newsletter.toml", folder / "newsletter.toml")
        yield folder


def measure(runs: int = 12) -> Commands:
    """Run everything in turn."""
    with workspace() as folder:
        issue = folder / "issues" / "2023-3" / "issue.yaml"
        original = issue.read_text(encoding="utf-8")
        count = iter(range(10_000))

        def change() -> None:
            word = f"Erfahrungsaustausche Nr. {next(count)}"
            issue.write_text(original.replace("Erfahrungsaustausche", word), encoding="utf-8")

        build = [*NEWSLETTER, "build", "2023-3"]
        return Commands(
            unchanged=commands(build, folder, runs=runs),
            text_changed=commands(build, folder, runs=runs, before=change),
            cold=commands(
                build, folder, runs=3, before=lambda: shutil.rmtree(folder / "build", ignore_errors=True)
            ),
            help=commands([*NEWSLETTER, "--help"], folder, runs=runs),
            python=commands([sys.executable, "-c", "pass"], folder, runs=runs),
        )


def import_times() -> dict[str, int]:
    """Return the microseconds that importing takes, by `-X importtime`, for --help and for build."""
    totals = {}
    with workspace() as folder:
        for name, arguments in (("--help", ["--help"]), ("build", ["build", "2023-3"])):
            done = subprocess.run(
                [sys.executable, "-X", "importtime", "-m", "newsletter", *arguments],
                cwd=folder, capture_output=True, text=True, check=True,
            )  # fmt: skip
            own = re.findall(r"^import time:\s+(\d+) \|", done.stderr, re.MULTILINE)
            totals[name] = sum(map(int, own))
    return totals
