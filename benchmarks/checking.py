"""How long the check of the real issue takes offline, in process and warm, and what in it takes the time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.compose import ROOT
from benchmarks.measure import Spread, repeated
from newsletter.check import checking, registry
from newsletter.check.proof import Proof
from newsletter.check.reporting import report_page
from newsletter.check.rule import Rule
from newsletter.issue_id import IssueId
from newsletter.workspace import Workspace

ISSUE = IssueId(2023, 3)
SLOWEST = 5


@dataclass(frozen=True)
class Point:
    """Seconds for the parts of a check."""

    whole: Spread
    """Read, composed, every rule that stays offline asked."""
    first: Spread
    """The same when nothing is kept from an earlier check or build but the images."""
    proof: Spread
    page: Spread
    rules: int
    slowest: tuple[tuple[str, Spread], ...]


def measure(*, runs: int) -> Point:
    """Check the issue again and again; what is kept between checks lies in a folder of its own."""
    with _workspace() as workspace:
        whole = repeated(lambda: checking.check(workspace, ISSUE), runs=runs)
        report, _proof = checking.check(workspace, ISSUE)

        def forget() -> None:
            for path in workspace.cache.glob("*.json"):
                path.unlink()
            checking.check(workspace, ISSUE)

        return Point(
            whole=whole,
            first=repeated(forget, runs=max(runs // 3, 3), warmup=1),
            proof=repeated(lambda: checking.proof_of(workspace, ISSUE), runs=runs),
            page=repeated(lambda: report_page.page(report), runs=runs),
            rules=len(report.asked),
            slowest=_slowest(workspace, runs),
        )


def lines(point: Point) -> list[str]:
    """Tell the figures."""
    return [
        "### Checking the issue 2023-3 in process, offline, warm",
        "",
        "| what | ms |",
        "| --- | ---: |",
        f"| check: read, compose, ask {point.rules} rules | {point.whole.told(1000)} |",
        f"| the same, nothing kept from before but the images | {point.first.told(1000)} |",
        f"| of it read and compose | {point.proof.told(1000)} |",
        *(f"| of it the rule `{name}` | {spread.told(1000)} |" for name, spread in point.slowest),
        f"| the page of the report | {point.page.told(1000)} |",
    ]


@contextmanager
def _workspace() -> Iterator[Workspace]:
    """Give the repository's newsletter, with another folder for what is built."""
    workspace = Workspace.find(ROOT, {})
    with tempfile.TemporaryDirectory() as name:
        paths = workspace.settings.paths.model_copy(update={"build": Path(name)})
        yield replace(workspace, settings=workspace.settings.model_copy(update={"paths": paths}))


def _slowest(workspace: Workspace, runs: int) -> tuple[tuple[str, Spread], ...]:
    """Time each rule after all others have looked at the same proof: what they share is made by then."""
    found = []
    for rule in registry.chosen([], with_online=False):
        times = [_seconds(workspace, rule) for _run in range(max(runs // 5, 3))]
        found.append((rule.id, Spread.of(times)))
    return tuple(sorted(found, key=lambda one: -one[1].median)[:SLOWEST])


def _seconds(workspace: Workspace, rule: Rule) -> float:
    proof = checking.proof_of(workspace, ISSUE)
    _ask_all(proof, but=rule.id)
    begin = time.perf_counter()
    list(rule.examine(proof))
    return time.perf_counter() - begin


def _ask_all(proof: Proof, *, but: str) -> None:
    for rule in registry.chosen([], with_online=False):
        if rule.id != but:
            list(rule.examine(proof))
