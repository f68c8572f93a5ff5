"""The workspace: how it is found, and which issue is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import UsageError
from newsletter.issue_id import IssueId
from newsletter.workspace import NoIssueError, NoWorkspaceError, Workspace
from tests.cli.office import Office


def _workspace(office: Office, *names: str) -> Workspace:
    for name in names:
        office.put(f"issues/{name}/issue.yaml", "")
    return Workspace.find(office.root, {})


def test_found_from_below(office: Office) -> None:
    """The folder of newsletter.toml is found from any folder below it."""
    found = Workspace.find(office.root / "issues" / "2024-1", {})
    assert found.root == office.root
    assert found.build == office.root / "build"


def test_not_found(tmp_path: Path) -> None:
    """Outside of any newsletter, the message says how one is made."""
    with pytest.raises(NoWorkspaceError, match=r"There is no newsletter.toml in .*\n.*newsletter init DIR"):
        Workspace.find(tmp_path, {})


def test_newest(office: Office) -> None:
    """Without ID the newest issue is meant: by year and number, not by spelling."""
    workspace = _workspace(office, "2024-2", "2024-10", "2023-12", "2025-0", "entwurf", "2024-010")
    office.put("issues/2025-1/notes.txt", "")
    assert [str(one) for one in workspace.issue_ids()] == ["2023-12", "2024-1", "2024-2", "2024-10"]
    assert workspace.issue_id(None) == IssueId(2024, 10)
    assert workspace.issue_id("2024-2") == IssueId(2024, 2)


def test_no_such_issue(office: Office) -> None:
    """An ID without an issue is answered with those there are."""
    with pytest.raises(NoIssueError, match=r"There is no issue 2025-1 in .*\n.*There are: 2024-1\."):
        _workspace(office).issue_id("2025-1")


def test_no_issue_yet(office: Office) -> None:
    """In an empty newsletter the message says how the first issue is started."""
    (office.root / "issues/2024-1/issue.yaml").unlink()
    with pytest.raises(NoIssueError, match="newsletter new"):
        _workspace(office).issue_id(None)


@pytest.mark.parametrize(
    "text", ["2024", "2024-0", "2024-01", "24-1", "2024-1000", "../2024-1", "2024-1 ", ""]
)
def test_no_id(text: str) -> None:
    """What is not YEAR-NUMBER is wrong usage."""
    with pytest.raises(UsageError, match="is no issue ID"):
        IssueId.parse(text)


@pytest.mark.parametrize(
    ("text", "per_year", "after"),
    [("2024-1", 4, "2024-2"), ("2024-4", 4, "2025-1"), ("2024-12", 4, "2025-1"), ("2024-1", 1, "2025-1")],
)
def test_next(text: str, per_year: int, after: str) -> None:
    """After the last issue of a year comes the first of the next."""
    assert str(IssueId.parse(text).next(per_year=per_year)) == after


@pytest.mark.parametrize(("number", "roman"), [(1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (366, "CCCLXVI")])
def test_roman(number: int, roman: str) -> None:
    """Numbers are written as German newsletters write them."""
    assert IssueId(2024, number).roman == roman


def test_early_year() -> None:
    """An ID always has four digits for the year, as its folder has."""
    assert str(IssueId.parse("0999-1")) == "0999-1"
