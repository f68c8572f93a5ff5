"""Every judge on one build: `judge(build)`, and the command line `python -m tests.judges`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from tests.browser import NoBrowser, browser
from tests.judges.accessibility import WIDTHS, axe
from tests.judges.allowed import read_necessities, without_necessities
from tests.judges.markup import JudgeBroken, html_validate, nu
from tests.judges.model import HERE, MAIL, PAGE, JudgeMissing, Verdict
from tests.judges.report import as_markdown, as_text

QUALITY = HERE.parents[1] / "docs" / "quality.md"


def judge(build: Path) -> tuple[Verdict, ...]:
    """All verdicts on the mail and the archive page of a build.

    Raises:
        FileNotFoundError: the folder holds no such build.
        JudgeMissing, JudgeBroken, NoBrowser: a judge cannot work.
    """
    for page in (MAIL, PAGE):
        if not (build / page).is_file():
            raise FileNotFoundError(f"{build / page} is not there: run `newsletter build` first.")
    mail = without_necessities(nu(build, MAIL), read_necessities())
    return (mail, nu(build, PAGE), html_validate(build, PAGE), *look(build))


def look(build: Path) -> tuple[Verdict, ...]:
    """The verdicts of axe-core: both pages in both schemes at every width."""
    with browser() as chromium:
        return tuple(
            axe(chromium, build, page, dark=dark, width=width)
            for page in (MAIL, PAGE)
            for dark in (False, True)
            for width in WIDTHS
        )


def main() -> int:
    """Parse, judge, print; 0 when nothing was found, 1 on findings, 2 when a judge cannot work."""
    arguments = _parse()
    try:
        verdicts = judge(arguments.build)
    except (FileNotFoundError, JudgeBroken, JudgeMissing, NoBrowser) as err:
        print(err, file=sys.stderr)
        return 2
    print(as_text(verdicts))
    if arguments.write:
        QUALITY.write_text(as_markdown(verdicts, read_necessities(), date=arguments.date), encoding="utf-8")
    return 1 if any(verdict.findings for verdict in verdicts) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.judges", description="Every judge on one build.")
    parser.add_argument("build", type=Path, help="folder with mail.html and archive/index.html")
    parser.add_argument("--write", action="store_true", help="write docs/quality.md as well")
    parser.add_argument("--date", type=dt.date.fromisoformat, help="the date that --write puts in")
    arguments = parser.parse_args()
    if arguments.write and arguments.date is None:
        parser.error("--write needs --date YYYY-MM-DD")
    return arguments
