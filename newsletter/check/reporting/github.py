"""Findings as GitHub's annotations: a line each, which a workflow shows at its place in the change.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from newsletter.check.finding import Finding, Severity
from newsletter.check.report import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def commands(report: Report, shown: Callable[[Path], Path]) -> Iterator[str]:
    """Give a line for each finding; `shown` says how a file is named there."""
    return (_annotation(finding, shown(finding.where.path)) for finding in report.findings)


def _annotation(finding: Finding, path: Path) -> str:
    where = finding.where
    properties = {
        "file": path.as_posix(),
        **({"line": str(where.line), "col": str(where.column or 1)} if where.line else {}),
        "title": finding.rule,
    }
    told = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in properties.items())
    said = f"{finding.message} {finding.cure}".strip()
    return f"::{_COMMANDS[finding.severity]} {told}::{_escaped(said, _DATA)}"


def _escaped(text: str, signs: dict[str, str]) -> str:
    """Escape what would end the value or begin another command."""
    return "".join(signs.get(char, char) for char in text)
