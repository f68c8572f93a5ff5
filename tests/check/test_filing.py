"""The report kept with an issue: whole, of this edition, and never at the cost of the last good build."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from newsletter import build
from newsletter.check import checking
from newsletter.check.reporting import filing, report_page
from newsletter.issue_id import IssueId
from newsletter.mail.salutation import Reader
from newsletter.workspace import Workspace
from tests.check import proofs
from tests.cli.office import tree

ISSUE = IssueId(2024, 1)
BROKEN = "sections:\n  - type: article\n    headng: Falsch\n"


def _filed(workspace: Workspace) -> Path:
    report, proof = checking.check(workspace, ISSUE)
    return filing.put(workspace, report, proof)


def _folder(workspace: Workspace) -> Path:
    return workspace.build / str(ISSUE)


def _said(workspace: Workspace) -> Any:
    return json.loads((_folder(workspace) / "check.json").read_text(encoding="utf-8"))


def _rewritten(workspace: Workspace, *sections: str, tail: str = "") -> None:
    """Write the issue anew: other sections, or its head with a broken tail."""
    file = workspace.issue_file(ISSUE)
    text = file.read_text(encoding="utf-8")
    head = text.partition("sections:")[0]
    listed = "".join(f"  - type: letter\n    text: {json.dumps(section)}\n" for section in sections)
    file.write_text(head + (tail or f"sections:\n{listed}"), encoding="utf-8")


def _names(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_holds_report_and_build(tmp_path: Path) -> None:
    """Both files of the report, and everything of the same edition beside them."""
    workspace = proofs.office(tmp_path)
    page = _filed(workspace)
    assert page == _folder(workspace) / "check.html"
    assert {"check.html", "check.json", "edition.json", "mail.eml"} <= set(_names(page.parent))
    built = json.loads((page.parent / "edition.json").read_text(encoding="utf-8"))
    assert _said(workspace)["digest"] == built["digest"]


def test_a_build_of_the_same_edition_keeps_it(tmp_path: Path) -> None:
    """The report is about these bytes, however often they are written."""
    workspace = proofs.office(tmp_path)
    page = _filed(workspace)
    before = page.read_bytes()
    build.build(workspace, ISSUE, Reader(first_name="Erika"))
    assert page.read_bytes() == before


def test_a_build_of_another_edition_drops_it(tmp_path: Path) -> None:
    """A report about something else would only mislead."""
    workspace = proofs.office(tmp_path)
    page = _filed(workspace)
    _rewritten(workspace, "Guten Tag, dies ist neu.")
    build.build(workspace, ISSUE, Reader())
    assert not page.exists()
    assert not page.with_name("check.json").exists()


def test_faults_leave_the_last_good_build(tmp_path: Path) -> None:
    """Only the report changes; it has no digest, so nobody takes it for that of the build."""
    workspace = proofs.office(tmp_path)
    folder = _filed(workspace).parent
    before = tree(folder)
    _rewritten(workspace, tail=BROKEN)
    _filed(workspace)
    after = tree(folder)
    reports = {"check.html", "check.json"}
    assert {name: data for name, data in after.items() if name not in reports} == {
        name: data for name, data in before.items() if name not in reports
    }
    assert (_said(workspace)["digest"], _said(workspace)["errors"] > 0) == ("", True)


def test_an_issue_that_never_was_built_has_its_report(tmp_path: Path) -> None:
    """Alone in its folder, which the next build takes for its own."""
    workspace = proofs.office(tmp_path, {"type": "article", "headng": "Falsch"})
    assert _names(_filed(workspace).parent) == ["check.html", "check.json"]
    _rewritten(workspace, "Guten Tag.")
    build.build(workspace, ISSUE, Reader())
    assert "check.json" not in _names(_folder(workspace))
    assert "mail.html" in _names(_folder(workspace))


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """What neither build nor check has made is not written over."""
    workspace = proofs.office(tmp_path)
    folder = _folder(workspace)
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("Mine", encoding="utf-8")
    with pytest.raises(build.BuildError, match="nothing was changed"):
        _filed(workspace)
    assert _names(folder) == ["notes.txt"]


def test_the_last_report_is_that_of_the_edition(tmp_path: Path) -> None:
    """Asked for another edition there is none; neither is there when its file is broken."""
    workspace = proofs.office(tmp_path)
    _filed(workspace)
    edition = build.edition_of(workspace, ISSUE)
    found = filing.last(workspace, edition)
    assert found is not None
    assert found["digest"] == edition.digest
    _rewritten(workspace, "Guten Tag, dies ist neu.")
    assert filing.last(workspace, build.edition_of(workspace, ISSUE)) is None
    for broken in ("{", "[]", '{"digest": 1}'):
        (_folder(workspace) / "check.json").write_text(broken, encoding="utf-8")
        assert filing.last(workspace, edition) is None
        build.build(workspace, ISSUE, Reader())  # nor does it stop a build


def test_both_files_say_the_same(tmp_path: Path) -> None:
    """The page tells each finding of the file, and the numbers."""
    workspace = proofs.office(tmp_path, "Mehr dazu [im Programm](#).\n")
    report, proof = checking.check(workspace, ISSUE)
    page = filing.put(workspace, report, proof).read_text(encoding="utf-8")
    assert page == report_page.page(report)
    said = _said(workspace)
    assert said == report.as_dict()
    assert any(finding["rule"] == "content.dead-link" for finding in said["findings"])
