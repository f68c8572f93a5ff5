"""`newsletter diff` as a process: what is compared with what, and what it prints."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.office import ISSUE, Office, png

CHANGED = ISSUE.replace("Guten Tag.", "Guten Tag und [willkommen](https://kreis.example/neu).")


@pytest.fixture
def tested(once_built: Office, built_office: Office) -> Office:
    """An office whose issue was tested, and changed since."""
    assert once_built.root != built_office.root
    done = built_office.quick("send", "--test", "erika@kreis.example")
    assert done.returncode == 0, done.stderr
    built_office.put("issues/2024-1/issue.yaml", CHANGED)
    return built_office


def _digest(office: Office) -> str:
    with closing(sqlite3.connect(office.root / "subscribers.db")) as connection:
        return str(connection.execute("SELECT digest FROM edition").fetchone()[0])


def test_since_it_was_tested(tested: Office) -> None:
    """Without anything more, an issue is compared with the edition that anything was done with last."""
    done = tested.quick("diff")

    assert (done.returncode, done.stderr) == (0, "")
    before, after, *rest = done.stdout.splitlines()
    assert before.startswith("--- 2024-1 as tested on ")
    assert before.endswith(_digest(tested)[:12])
    assert after.startswith("+++ 2024-1 as its files say now")
    assert "  ~ Guten Tag{+ und willkommen+}." in rest
    assert "  + Link “willkommen”: https://kreis.example/neu" in rest


@pytest.mark.parametrize(
    "names", [["2024-1"], ["tested"], ["tested", "2024-1"], ["DIGEST"], ["DIGEST", "2024-1"]], ids=" ".join
)
def test_names_of_the_same_editions(tested: Office, names: list[str]) -> None:
    """An issue, a deed and the first digits of a digest name them alike."""
    digest = _digest(tested)[:6]
    done = tested.quick("diff", *(digest if name == "DIGEST" else name for name in names), "--json")

    facts = json.loads(done.stdout)
    assert facts["before"]["digest"] == _digest(tested)
    assert facts["after"]["what"] == "as its files say now"
    assert facts["counts"]["words_added"] == 2
    assert [section["state"] for section in facts["sections"]] == ["changed"]


def test_two_issues(office: Office) -> None:
    """What one issue says and another does not; no database is made for it."""
    office.put("issues/2024-2/issue.yaml", CHANGED.replace("number: 1", "number: 2"))
    office.put("issues/2024-2/feld.png", png(colour="blue"))
    done = office.quick("diff", "2024-1", "2024-2")

    assert done.returncode == 0, done.stderr
    assert "  ~ Issue: [-2024-1-]{+2024-2+}" in done.stdout
    assert "another picture; before: feld-" in done.stdout
    assert not (office.root / "subscribers.db").exists()


def test_approved_and_sent(tested: Office) -> None:
    """An approval keeps its edition as well; what was never sent cannot be compared."""
    assert tested.quick("approve", "2024-1", "--yes").returncode == 0
    same = tested.quick("diff", "approved")
    both = tested.quick("diff", "tested", "approved", "--json")
    sent = tested.quick("diff", "sent")

    assert "Nothing changed: it is the same edition." in same.stdout
    assert json.loads(both.stdout)["counts"]["links"] == 1
    assert (sent.returncode, sent.stdout) == (1, "")
    assert "No edition of 2024-1" in sent.stderr


def test_the_page(tested: Office, tmp_path: Path) -> None:
    """`--html` writes it, and says where."""
    done = tested.quick("diff", "--html", tmp_path / "new" / "diff.html")

    assert done.returncode == 0
    assert "diff.html" in done.stderr
    page = (tmp_path / "new" / "diff.html").read_text(encoding="utf-8")
    assert "<ins>" in page
    assert "willkommen" in page


def test_exit_code(tested: Office) -> None:
    """Differences are no failure, unless a script asks for it."""
    assert tested.quick("diff", "--exit-code").returncode == 1
    tested.put("issues/2024-1/issue.yaml", ISSUE)
    assert tested.quick("diff", "--exit-code").returncode == 0


@pytest.mark.parametrize(
    ("names", "code", "told"),
    [
        (["letztes"], 2, "“letztes” names no edition."),
        (["abcdef"], 1, "The ledger keeps no edition abcdef…."),
        (["abc"], 2, "“abc” names no edition."),
        (["2025-1", "2024-1"], 1, "There is no issue 2025-1"),
        (
            [],
            1,
            "No edition of 2024-1 has been tested, approved or sent like that.\n    Name what to compare",
        ),
    ],
    ids=["word", "unknown digest", "short digest", "unknown issue", "nothing kept"],
)
def test_what_cannot_be_compared(office: Office, names: list[str], code: int, told: str) -> None:
    """Each says why, and what to write instead."""
    done = office.quick("diff", *names)

    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_digits_that_several_editions_begin_with(tested: Office) -> None:
    """They are refused with more digits of each."""
    digest = _digest(tested)
    twin = digest[:6] + ("0" if digest[6] != "0" else "1") * 58
    with closing(sqlite3.connect(tested.root / "subscribers.db")) as connection, connection:
        connection.execute(
            "INSERT INTO edition SELECT ?, issue, content, at FROM edition WHERE digest = ?", (twin, digest)
        )
    done = tested.quick("diff", digest[:6])

    assert done.returncode == 1
    assert digest[:12] in done.stderr
    assert twin[:12] in done.stderr


def test_a_faulty_issue_is_told(tested: Office) -> None:
    """With its line, as everywhere."""
    tested.put("issues/2024-1/issue.yaml", ISSUE.replace("type: letter", "type: leter"))
    done = tested.quick("diff")

    assert (done.returncode, done.stdout) == (1, "")
    assert "issues/2024-1/issue.yaml:7:" in done.stderr
