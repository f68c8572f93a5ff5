"""What the judges said, for a terminal and as docs/quality.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tests.judges.allowed import Necessity
from tests.judges.model import Verdict

HEAD = """\
# What independent judges say

Written by `python -m tests.judges BUILD_DIR --write --date DATE`; `make judge` runs the same judges and
fails on any error.
Last run: {date}.

| judge | version | page | scheme | width | errors | allowed | left to a person |
| --- | --- | --- | --- | ---: | ---: | ---: | --- |
"""
ALLOWED = """
## Allowed in the mail

Outlook for Windows lays mails out with Word, which needs some things that HTML no longer allows. Each is
listed here with its reason (tests/judges/outlook-necessities.json); an entry that no longer matches anything
is an error.

| message of the W3C checker | at most | reason |
| --- | ---: | --- |
"""


def as_text(verdicts: Sequence[Verdict]) -> str:
    """One line for a verdict, one for each finding under it, and a closing line."""
    lines = [line for verdict in verdicts for line in (_line(verdict), *_findings(verdict))]
    total = sum(len(verdict.findings) for verdict in verdicts)
    return "\n".join([*lines, f"{total} findings in {len(verdicts)} verdicts"])


def as_markdown(verdicts: Sequence[Verdict], necessities: Sequence[Necessity], *, date: dt.date) -> str:
    """The whole of docs/quality.md."""
    rows = "".join(_row(_cells(verdict)) for verdict in verdicts)
    allowed = "".join(
        _row([f"`{n.message.pattern}`", str(n.at_most or "any"), n.reason]) for n in necessities
    )
    return HEAD.format(date=date.isoformat()) + rows + (ALLOWED + allowed if necessities else "")


def _line(verdict: Verdict) -> str:
    seen = f" {verdict.scheme} {verdict.width} px" if verdict.width else ""
    notes = f"{len(verdict.findings)} findings, {verdict.allowed} allowed"
    undecided = f", left to a person: {_undecided(verdict)}" if verdict.undecided else ""
    return f"{verdict.judge} {verdict.version}: {verdict.page}{seen}: {notes}{undecided}"


def _findings(verdict: Verdict) -> list[str]:
    return [f"  {f.place} [{f.rule}] {f.message}\n    {f.extract}" for f in verdict.findings]


def _cells(verdict: Verdict) -> list[str]:
    return [
        verdict.judge,
        verdict.version,
        verdict.page,
        verdict.scheme or "–",
        str(verdict.width or "–"),
        str(len(verdict.findings)),
        str(verdict.allowed),
        _undecided(verdict) or "–",
    ]


def _undecided(verdict: Verdict) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in verdict.undecided)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
