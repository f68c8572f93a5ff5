"""`newsletter pause|resume|cancel|retry|approve` as processes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from newsletter.dispatch.decisions import decisions
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.model import State
from tests.cli.dispatched import counts, dispatch, ledger_of, states
from tests.cli.office import Office
from tests.dispatch.books import ACCEPTED, DEFERRED, NO_SUCH, POLICY


def facts(office: Office, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run a command with `--json`."""
    done = office.quick(*arguments, "--json")
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_pause_and_resume(office: Office) -> None:
    """A paused mailing stands still until it is resumed; who did it and why is kept."""
    mailing = dispatch(office, [ACCEPTED], rest=2)
    done = office.quick("pause", "2024-1", "--reason", "Tippfehler")
    assert (done.returncode, done.stdout) == (
        0,
        "Mailing 1 of issue 2024-1: paused; 1 of 3 accepted, 2 open\n",
    )
    assert "newsletter resume 2024-1" in office.quick("status").stdout
    assert facts(office, "resume", "2024-1")["state"] == "running"
    with ledger_of(office) as ledger:
        assert [(one.action, one.reason) for one in decisions(ledger.connection, mailing.id)] == [
            ("pause", "Tippfehler"),
            ("resume", ""),
        ]


def test_cancel(office: Office) -> None:
    """Who waits gets nothing, who has it keeps it, who is in doubt stays there."""
    mailing = dispatch(office, rest=2)
    found = facts(office, "cancel", "2024-1", "--yes")
    assert (found["state"], found["counts"]["cancelled"], found["open"]) == ("cancelled", 4, 2)
    assert counts(office, mailing)[State.ACCEPTED] == 4


def test_cancel_asks(office: Office) -> None:
    """Without a yes nothing is cancelled; how far it is stands before the question."""
    mailing = dispatch(office, [ACCEPTED], rest=2)
    done = office.quick("cancel", "2024-1")
    assert done.returncode == 1
    assert "1 of 3 accepted, 2 open\nCancel it for good? [y/N]" in done.stderr
    assert counts(office, mailing)[State.CANCELLED] == 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["resume"], "Mailing 1 is finished; this cannot be done with it."),
        (["pause"], "Mailing 1 is finished; this cannot be done with it."),
        (["cancel", "--yes"], "Mailing 1 is finished; this cannot be done with it."),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_told(office: Office, command: list[str], says: str) -> None:
    """A mailing in which everybody has been dealt with stays as it is."""
    dispatch(office, [ACCEPTED])
    done = office.quick(command[0], "2024-1", *command[1:])
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


@pytest.mark.parametrize("command", ["pause", "resume", "cancel", "retry"])
def test_an_issue_without_mailing_is_told(office: Office, command: str) -> None:
    """What was never sent cannot be steered."""
    done = office.quick(command, "2024-1")
    assert done.returncode == 1
    assert "Issue 2024-1 has not been sent.\n    “newsletter send 2024-1” sends it." in done.stderr


def test_several_mailings_are_steered_together(office: Office) -> None:
    """All of an issue that can be, or the one that is named."""
    first = dispatch(office, [ACCEPTED], segment="cities", rest=1)
    second = dispatch(office, [ACCEPTED], segment="districts", rest=1)
    found = facts(office, "pause", "2024-1", "--mailing", str(first.id))
    assert [one["mailing"] for one in found["mailings"]] == [first.id]
    found = facts(office, "pause", "2024-1")
    assert [one["mailing"] for one in found["mailings"]] == [second.id]
    found = facts(office, "resume", "2024-1")
    assert [(one["mailing"], one["state"]) for one in found["mailings"]] == [
        (first.id, "running"),
        (second.id, "running"),
    ]


def test_retry(office: Office) -> None:
    """Deferred ones are due at once; with --refused also those refused through no fault of theirs."""
    mailing = dispatch(office, [ACCEPTED, DEFERRED, NO_SUCH, POLICY])
    done = office.quick("retry", "2024-1")
    assert (done.returncode, done.stdout) == (0, "1 recipient is tried again: newsletter send 2024-1\n")
    with ledger_of(office) as ledger:
        assert ledger.next_due(mailing.id) == 0
    assert facts(office, "retry", "2024-1", "--refused") == {"id": "2024-1", "retried": 2}
    assert states(office, mailing) == ["accepted", "deferred", "refused", "pending"]


def test_approve(built_office: Office) -> None:
    """The issue as it is now, once for each person; the edition's digest is what they approve of."""
    done = built_office.quick("approve", "2024-1")
    assert done.returncode == 1
    assert "Neues aus dem Kreis" in done.stderr
    assert "Approve of it? [y/N]" in done.stderr
    found = facts(built_office, "approve", "2024-1", "--yes")
    assert (found["id"], found["approved"]) == ("2024-1", True)
    assert "had approved of it already" in built_office.quick("approve", "2024-1", "--yes").stdout
    with ledger_of(built_office) as ledger:
        [approval] = Editions(ledger.connection).approvals(found["digest"])
    assert approval.actor == found["actor"]


def test_what_is_approved_is_what_the_files_make_now(built_office: Office) -> None:
    """An open mailing may be about to get the changed issue (`send --new-edition`)."""
    mailing = dispatch(built_office, [ACCEPTED], rest=1)
    assert facts(built_office, "approve", "2024-1", "--yes")["digest"] != mailing.digest
