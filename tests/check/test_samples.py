"""False alarms: the offline check over ten newsletters of good practice finds nothing wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from newsletter.check import checking, registry
from newsletter.check.finding import Finding, Severity
from newsletter.check.report import Report
from newsletter.workspace import Workspace

SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/newsletter.toml"))
SPELLING = "wording.spelling"
"""What it says depends on the machine's dictionaries: en_US does not know “colours”, none knows “Ishbel”."""
MOST_UNKNOWN = 5
"""Words of a sample that no dictionary needs to know: names, and words of a craft."""
HINTS: Mapping[str, set[str]] = {"sc-birkenau": {"inbox.emoji"}}
"""Hints that are right: the one emoji of the sports club's subject is meant to be seen by its editor."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """The report of each sample; its build folder lies elsewhere."""
    return {name: _report(name, tmp_path_factory.mktemp(name)) for name in NAMES}


def _report(name: str, build: Path) -> Report:
    workspace = Workspace.find(SAMPLES / name, {"NEWSLETTER_PATHS__BUILD": str(build)})
    assert workspace.root == SAMPLES / name
    return checking.check(workspace, workspace.issue_id(None))[0]


def _told(findings: list[Finding]) -> str:
    return "\n".join(f"{one.where}: {one.rule}: {one.message}" for one in findings)


def test_there_are_ten() -> None:
    """In two languages."""
    languages = [Workspace.find(SAMPLES / name, {}).settings.newsletter.language for name in NAMES]
    assert len(NAMES) == 10
    assert {languages.count("de"), languages.count("en")} == {6, 4}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_keeps_a_good_newsletter_from_being_sent(reports: dict[str, Report], name: str) -> None:
    """No error and no warning: each would be a false alarm."""
    found = [one for one in reports[name].findings if one.severity is not Severity.HINT]
    assert not found, _told(found)


@pytest.mark.parametrize("name", NAMES)
def test_hints_are_few(reports: dict[str, Report], name: str) -> None:
    """Only those that are right, and some names that no dictionary knows."""
    hints = [one for one in reports[name].findings if one.severity is Severity.HINT]
    unexpected = [one for one in hints if one.rule not in HINTS.get(name, set()) | {SPELLING}]
    assert not unexpected, _told(unexpected)
    assert sum(one.rule == SPELLING for one in hints) <= MOST_UNKNOWN, _told(hints)


def test_every_rule_was_asked(reports: dict[str, Report]) -> None:
    """Of all that need no web; spelling cannot be asked where hunspell is missing."""
    offline = {rule.id for rule in registry.rules().values() if not rule.online}
    for report in reports.values():
        assert set(report.rules) == offline
        assert {one.rule for one in report.not_asked} <= {SPELLING}
        assert not report.off
