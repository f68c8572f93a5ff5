"""`newsletter resolve` as a process."""

from __future__ import annotations

import json

import pytest

from newsletter.dispatch.model import Mailing
from newsletter.dispatch.report import rows
from tests.cli.dispatched import dispatch, ledger_of, log_of, states
from tests.cli.office import Office
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, LOST


@pytest.fixture
def mailing(office: Office) -> Mailing:
    """A mailing with one accepted and three in doubt: a2, a3 and a4."""
    return dispatch(office, [ACCEPTED, LOST, LOST, LOST])


def message_ids(office: Office, mailing: Mailing) -> list[str]:
    """Return the Message-IDs of all recipients."""
    with ledger_of(office) as ledger:
        return [row.message_id or "" for row in rows(ledger, [mailing])]


def test_without_option_they_are_listed(office: Office, mailing: Mailing) -> None:
    """With address, time, relay and Message-ID, and nothing is changed."""
    done = office.quick("resolve", "2024-1")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["a2@x.example", "a3@x.example", "a4@x.example"]
    assert lines[0].split()[-1] == message_ids(office, mailing)[1]
    assert "--from-log" in done.stderr
    found = json.loads(office.quick("resolve", "2024-1", "--json").stdout)
    assert [one["state"] for one in found] == ["in_doubt"] * 3
    assert states(office, mailing) == ["accepted", "in_doubt", "in_doubt", "in_doubt"]


def test_nobody_in_doubt_is_0(office: Office) -> None:
    """There is nothing to resolve."""
    dispatch(office, [ACCEPTED])
    done = office.quick("resolve", "2024-1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Nobody is in doubt.\n")
    assert json.loads(office.quick("resolve", "2024-1", "--json").stdout) == []


def test_they_may_be_taken_as_accepted(office: Office, mailing: Mailing) -> None:
    """Some by name, then all; the mailing is finished with the last."""
    done = office.quick("resolve", "2024-1", "A3@X.example", "--assume-accepted", "--yes")
    assert (done.returncode, done.stdout) == (0, "1 recipient taken as accepted.\n")
    assert states(office, mailing) == ["accepted", "in_doubt", "accepted", "in_doubt"]
    done = office.quick("resolve", "2024-1", "--assume-accepted", "--yes", "--json")
    assert json.loads(done.stdout) == {"assumed_accepted": 2}
    assert office.quick("status").returncode == 0


def test_they_may_be_sent_again(office: Office, mailing: Mailing) -> None:
    """They are pending; the next `send` does it."""
    done = office.quick("resolve", "2024-1", "a2@x.example", "--resend", "--yes", "--reason", "asked")
    assert done.stdout == "1 recipient gets it again with the next “newsletter send”.\n"
    assert states(office, mailing) == ["accepted", "pending", "in_doubt", "in_doubt"]


@pytest.mark.parametrize(
    ("option", "question"),
    [("--assume-accepted", "Take it that 3 recipients have got it?"), ("--resend", "who may get it twice?")],
)
def test_it_asks(office: Office, mailing: Mailing, option: str, question: str) -> None:
    """Without a yes nothing is decided."""
    done = office.quick("resolve", "2024-1", option)
    assert done.returncode == 1
    assert question in done.stderr
    assert states(office, mailing)[1:] == ["in_doubt"] * 3


def test_a_log_settles_them(office: Office, mailing: Mailing) -> None:
    """What it proves is shown with file and line and written down; who left no trace stays in doubt."""
    ids = message_ids(office, mailing)
    log = log_of(office.root / "mail.log", ids[1], ids[3])
    done = office.quick("resolve", "2024-1", "--from-log", "mail.log", "--yes")
    assert done.returncode == 1
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert lines[0] == ["a2@x.example", "accepted by the server (4F2A0000; mail.log:2:1)"]
    assert lines[1] == ["a3@x.example", "no trace"]
    assert done.stdout.endswith("2 recipients settled, 1 still in doubt\n")
    assert states(office, mailing) == ["accepted", "accepted", "in_doubt", "accepted"]
    log_of(log, ids[2])
    done = office.quick("resolve", "2024-1", "--from-log", log, "--yes", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["settled"], found["in_doubt"], found["states"]) == (1, 0, {"accepted": 1})
    assert found["recipients"][0]["evidence"]["queue_id"] == "4F2A0000"


def test_a_log_is_asked_about(office: Office, mailing: Mailing) -> None:
    """Without a yes it is only looked into."""
    log = log_of(office.root / "mail.log", *message_ids(office, mailing))
    done = office.quick("resolve", "2024-1", "--from-log", log)
    assert done.returncode == 1
    assert "accepted by the server" in done.stdout
    assert "Write this into the ledger? [y/N]" in done.stderr
    assert states(office, mailing)[1:] == ["in_doubt"] * 3


def test_a_dead_process_is_tidied_up_first(office: Office) -> None:
    """What it handed over is in doubt, what it did not is pending again."""
    mailing = dispatch(office, [ACCEPTED], rest=3)
    with ledger_of(office) as ledger:
        dead = books.Sender.of(ledger, mailing)
        lease = dead.begin()
        [first, *_others] = ledger.exchange(lease, [], want=3).opened
        dead.owner.journal.started(lease.slice, first.seq, first.attempt)
        dead.owner.journal.close()
        ledger.connection.execute("UPDATE slice SET lease_until = 0")
    assert office.quick("resolve", "2024-1").stdout.startswith("a2@x.example ")
    assert states(office, mailing) == ["accepted", "in_doubt", "pending", "pending"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--resend", "--assume-accepted"], 2, "exclude each other"),
        (["a1@x.example"], 2, "Not in doubt: a1@x.example."),
        (["nobody"], 2, "the @ is missing"),
        (["--from-log", "none.log"], 1, "none.log cannot be read"),
        (["--from-log", "newsletter.toml"], 1, "No message is named in newsletter.toml."),
    ],
)
def test_what_cannot_work_is_told(
    office: Office, mailing: Mailing, arguments: list[str], code: int, says: str
) -> None:
    """Nothing is changed then."""
    done = office.quick("resolve", "2024-1", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert states(office, mailing)[1:] == ["in_doubt"] * 3
