"""Every judge on one build: `judge(build)`, and the command line `python -m tests.judges`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from newsletter.check.checking import check
from newsletter.check.reporting import filing
from newsletter.issue_id import IssueId
from newsletter.settings_model import Paths
from newsletter.workspace import Workspace
from tests.browser import NoBrowser, browser
from tests.compose import workshop
from tests.compose.kitchen_sink import ISSUE
from tests.judges.accessibility import WIDTHS, axe
from tests.judges.allowed import read_necessities, without_necessities
from tests.judges.markup import JudgeBroken, html_validate, nu
from tests.judges.model import HERE, MAIL, PAGE, REPORT, JudgeMissing, Verdict
from tests.judges.report import as_markdown, as_text

QUALITY = HERE.parents[1] / "docs" / "quality.md"


def judge(builds: Sequence[Path]) -> tuple[Verdict, ...]:
    """All verdicts on the mails, the archive pages and the check's reports of some builds.

    Raises:
        FileNotFoundError: a folder holds no such build.
        JudgeMissing, JudgeBroken, NoBrowser: a judge cannot work.
    """
    for build in builds:
        for page in (MAIL, PAGE, REPORT):
            if not (build / page).is_file():
                raise FileNotFoundError(f"{build / page} is not there: run `newsletter check` first.")
    mails = [_of(build, nu(build, MAIL)) for build in builds]
    pages = [
        verdict
        for build in builds
        for page in (PAGE, REPORT)
        for verdict in (_of(build, nu(build, page)), _of(build, html_validate(build, page)))
    ]
    looks = [verdict for build in builds for verdict in look(build)]
    return (*without_necessities(mails, read_necessities()), *pages, *looks)


def _of(build: Path, verdict: Verdict) -> Verdict:
    return replace(verdict, page=f"{build.name}/{verdict.page}")


def kitchen_sink(folder: Path) -> Path:
    """Check the issue that has everything, so that the judges see every section type and many findings."""
    settings = workshop.SETTINGS.model_copy(update={"paths": Paths()})
    workshop.issue_file(folder / "issues", ISSUE)
    workspace, issue = Workspace(folder, settings), IssueId(2024, 4)
    return filing.put(workspace, *check(workspace, issue)).parent


def look(build: Path) -> tuple[Verdict, ...]:
    """The verdicts of axe-core: every page in both schemes at every width."""
    with browser() as chromium:
        return tuple(
            _of(build, axe(chromium, build, page, dark=dark, width=width))
            for page in (MAIL, PAGE, REPORT)
            for dark in (False, True)
            for width in WIDTHS
        )


def main() -> int:
    """Parse, judge, print; 0 when nothing was found, 1 on findings, 2 when a judge cannot work."""
    arguments = _parse()
    try:
        with tempfile.TemporaryDirectory() as folder:
            verdicts = judge([*arguments.builds, kitchen_sink(Path(folder))])
    except (FileNotFoundError, JudgeBroken, JudgeMissing, NoBrowser) as err:
        print(err, file=sys.stderr)
        return 2
    print(as_text(verdicts))
    if arguments.write:
        QUALITY.write_text(as_markdown(verdicts, read_necessities(), date=arguments.date), encoding="utf-8")
    return 1 if any(verdict.findings for verdict in verdicts) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.judges",
        description="Every judge on some builds, and on an issue that has everything.",
    )
    parser.add_argument("builds", type=Path, nargs="+", help="folders that “newsletter check” has made")
    parser.add_argument("--write", action="store_true", help="write docs/quality.md as well")
    parser.add_argument("--date", type=dt.date.fromisoformat, help="the date that --write puts in")
    arguments = parser.parse_args()
    if arguments.write and arguments.date is None:
        parser.error("--write needs --date YYYY-MM-DD")
    return arguments
