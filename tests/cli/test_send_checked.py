"""`newsletter send` checks what it is about to send, and refuses what has errors."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from newsletter import build, language
from newsletter.dispatch import clearing
from newsletter.dispatch.decisions import decisions
from newsletter.dispatch.model import State
from newsletter.issue_id import IssueId
from newsletter.workspace import Workspace
from tests.cli.office import HEAD, Office
from tests.dispatch.mailer import ISSUE, Mailer

SEND = ("send", "--yes", "--no-test")
FAULTY = f"""\
{HEAD}\
  - type: letter
    text: |
      Guten Tag.

      Das Programm schreiben wir noch: TODO.
      Und hier steht XXX.
"""
"""Two errors of content.placeholder, in lines 11 and 12."""
GOOD = FAULTY.partition("\n      Das")[0] + "\n"
REASON = "Die Leitung will es so"


@pytest.fixture
def mailer(once_built: Office, tmp_path: Path) -> Mailer:
    """An office with three subscribers, whose issue has errors."""
    made = Mailer.copied(once_built, tmp_path / "office")
    made.subscribe(3)
    _write(made, FAULTY)
    return made


def _write(mailer: Mailer, issue: str) -> None:
    mailer.office.put(f"issues/{ISSUE}/issue.yaml", issue)


def _decisions(mailer: Mailer) -> list[tuple[str, str]]:
    """Return what was decided about the latest mailing, and why."""
    with mailer.ledger() as ledger:
        mailing = ledger.mailings.latest(ISSUE)
        assert mailing is not None
        return [(one.action, one.reason) for one in decisions(ledger.connection, mailing.id)]


def _findings(done: subprocess.CompletedProcess[str]) -> str:
    """Return the row of the preview that tells of findings."""
    return next(line.strip() for line in done.stderr.splitlines() if line.startswith("  Findings"))


def test_errors_are_refused_and_named(mailer: Mailer) -> None:
    """By rule, file, line and column, with the cure; nothing is planned."""
    done = mailer.office.quick(*SEND)
    assert done.returncode == 1
    assert f"issues/{ISSUE}/issue.yaml:11:" in done.stderr
    assert f"issues/{ISSUE}/issue.yaml:12:" in done.stderr
    assert "2 errors (content.placeholder 2)" in done.stderr
    assert "newsletter check 2024-1" in done.stderr
    assert "--force" in done.stderr
    assert mailer.counts().audience == 0


def test_a_forced_mailing_keeps_reason_and_rules(mailer: Mailer) -> None:
    """As a decision with who took it, which `status` shows; errors are shown all the same."""
    done = mailer.office.quick(*SEND, "--force", REASON)
    assert done.returncode == 0, done.stderr
    assert "content.placeholder" in done.stderr
    assert mailer.counts()[State.ACCEPTED] == 3
    assert _decisions(mailer) == [("force", f"{REASON} (content.placeholder 2)")]
    told = mailer.office.quick("status", ISSUE).stdout
    assert re.search(rf"sent in spite of errors \(\S+\): {REASON}", told)
    [decision] = json.loads(mailer.office.quick("status", ISSUE, "--json").stdout)["decisions"]
    assert (decision["action"], decision["reason"]) == ("force", f"{REASON} (content.placeholder 2)")


@pytest.mark.parametrize("reason", ["", "  "])
def test_force_needs_a_reason(mailer: Mailer, reason: str) -> None:
    """An empty one is a wrong call."""
    done = mailer.office.quick(*SEND, "--force", reason)
    assert (done.returncode, "reason" in done.stderr) == (2, True)
    assert mailer.counts().audience == 0


def test_what_needs_no_force_records_none(mailer: Mailer) -> None:
    """Without errors nobody decided anything."""
    _write(mailer, GOOD)
    done = mailer.office.quick(*SEND, "--force", REASON)
    assert done.returncode == 0, done.stderr
    assert _decisions(mailer) == []


def test_the_preview_tells_how_many(mailer: Mailer) -> None:
    """Errors, warnings and hints; it goes on by itself when there are no errors."""
    assert _findings(mailer.office.quick(*SEND)).startswith("Findings      2 errors, ")
    _write(mailer, GOOD)
    done = mailer.office.quick(*SEND)
    assert done.returncode == 0
    assert "error" not in _findings(done)


def test_a_dry_run_shows_them_and_goes_on(mailer: Mailer) -> None:
    """Nothing goes out, so nothing is refused; JSON has the numbers."""
    done = mailer.office.quick("send", "--dry-run", "--json")
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["mails"], facts["findings"]["errors"]) == (0, 3, 2)
    assert f"issues/{ISSUE}/issue.yaml:11:" in done.stderr


def test_a_test_shows_them_and_goes_out(mailer: Mailer) -> None:
    """Who looks at a test is told what the check has found."""
    test = ("send", "--test", "redaktion@kreis.example")
    done = mailer.office.quick(*test)
    assert done.returncode == 0, done.stderr
    assert f"issues/{ISSUE}/issue.yaml:11:" in done.stderr
    assert "The check: 2 errors" in done.stderr
    facts = json.loads(mailer.office.quick(*test, "--json").stdout)
    assert facts["findings"]["errors"] == 2


def test_what_is_on_its_way_is_not_stopped(mailer: Mailer) -> None:
    """A mailing that has begun goes on with the edition it began with, whatever is in the files by now."""
    _write(mailer, GOOD)
    assert mailer.office.quick(*SEND, "--limit", "1").returncode == 1
    _write(mailer, FAULTY)
    assert mailer.office.quick(*SEND).returncode == 0
    assert mailer.counts()[State.ACCEPTED] == 3


def test_a_new_edition_is_checked_again(mailer: Mailer) -> None:
    """What others are to get instead is refused as well; forced, both decisions are kept together."""
    _write(mailer, GOOD)
    mailer.office.quick(*SEND, "--limit", "1")
    _write(mailer, FAULTY)
    renewed = (*SEND, "--new-edition", "Nachtrag")
    refused = mailer.office.quick(*renewed)
    assert (refused.returncode, "content.placeholder 2" in refused.stderr) == (1, True)
    assert _decisions(mailer) == []
    assert mailer.office.quick(*renewed, "--force", REASON).returncode == 0
    assert _decisions(mailer) == [
        ("new-edition", "Nachtrag"),
        ("force", f"{REASON} (content.placeholder 2)"),
    ]


def test_newcomers_get_what_was_checked(mailer: Mailer) -> None:
    """A further mailing is one of its own, with its own decision."""
    mailer.office.quick(*SEND, "--force", REASON)
    mailer.subscribe(5)
    assert mailer.office.quick(*SEND, "--newcomers").returncode == 1
    assert mailer.office.quick(*SEND, "--newcomers", "--force", "Auch diesen").returncode == 0
    assert _decisions(mailer) == [("force", "Auch diesen (content.placeholder 2)")]


def test_a_rule_set_off_does_not_stop_it(mailer: Mailer) -> None:
    """With its reason in the issue."""
    _write(
        mailer,
        FAULTY.replace("sections:", "check:\n  off:\n    content.placeholder: Ein Text über TODO\nsections:"),
    )
    done = mailer.office.quick(*SEND)
    assert done.returncode == 0, done.stderr
    assert _decisions(mailer) == []


def test_a_mailing_that_goes_on_tells_its_last_check(mailer: Mailer) -> None:
    """As `check.json` has it, if that is of this very edition."""
    _write(mailer, GOOD)
    mailer.office.quick(*SEND, "--limit", "1")
    assert "Findings" not in mailer.office.quick(*SEND, "--limit", "1").stderr
    found = json.loads(mailer.office.quick("check", "--json").stdout)
    assert f"{found['warnings']} warning" in _findings(mailer.office.quick(*SEND))


def test_an_issue_changed_while_it_was_checked_is_not_sent(mailer: Mailer) -> None:
    """Nobody could say where in the files a finding is, nor what the issue sets off."""
    language.use("en")
    workspace = Workspace.find(mailer.office.root, {})
    edition = build.edition_of(workspace, IssueId.parse(ISSUE))
    assert clearing.examined(workspace, edition).errors == 2
    _write(mailer, GOOD)
    with pytest.raises(clearing.ChangedMeanwhileError, match="just been changed"):
        clearing.examined(workspace, edition)
