"""`newsletter status` as a process: what it says, what it lists, and its exit code."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing, Outcome, Stage, State
from newsletter.mail.message_ids import MessageIds
from tests.cli.dispatched import dispatch, ledger_of
from tests.cli.office import Office, clean_environ
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, NO_SUCH

FACTS = {
    "id", "mailing", "segment", "digest", "state", "audience", "open", "counts", "left_out", "created_at",
    "created_by", "not_before", "started_at", "finished_at", "title", "subject", "edition", "next_at",
    "process", "problems", "problems_complete", "decisions",
}  # fmt: skip


def told(office: Office, *arguments: str | Path, code: int = 0) -> str:
    """Run `newsletter status` and return what it prints."""
    done = office.quick("status", *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout


def facts(office: Office, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run `newsletter status --json`."""
    found: dict[str, Any] = json.loads(told(office, *arguments, "--json", code=code))
    return found


def test_a_mailing_in_numbers(office: Office) -> None:
    """Subject, edition, counts with shares, what goes wrong where, what to do; no addresses."""
    mailing = dispatch(office, rest=10)
    text = told(office, code=1)
    lines = [line.split() for line in text.splitlines()]
    assert text.startswith("Kreisblatt (2024-1)\n  Subject         Neues\n")
    assert mailing.digest[:16] in text
    for line in (
        "not begun 10 50.0 %", "accepted by the server 4 20.0 %", "deferred 2 10.0 %", "refused 2 10.0 %",
        "in doubt 2 10.0 %", "recipients 20",
        "2 deferred: 450 4.2.0 greylisted (main) – x.example 2",
        "1 refused: 550 5.1.1 no such user (main) – x.example 1",
    ):  # fmt: skip
        assert line.split() in lines, line
    for step in ("newsletter send 2024-1", "newsletter resolve 2024-1", "newsletter retry 2024-1 --refused"):
        assert step in text
    assert "@" not in text


def test_nothing_open_is_0(office: Office) -> None:
    """With everybody accounted for the exit code is 0, and there is nothing to do."""
    dispatch(office, [ACCEPTED, ACCEPTED, NO_SUCH])
    text = told(office)
    assert "finished" in text
    assert "→" not in text


def test_facts_have_stable_keys(office: Office) -> None:
    """The latest mailing's facts, and all mailings of the issue."""
    mailing = dispatch(office, rest=1)
    found = facts(office, "2024-1", code=1)
    assert set(found) == FACTS | {"mailings"}
    assert {key: found[key] for key in ("id", "digest", "state", "audience", "open", "title", "subject")} == {
        "id": "2024-1",
        "digest": mailing.digest,
        "state": "running",
        "audience": 11,
        "open": 5,
        "title": "Kreisblatt",
        "subject": "Neues",
    }
    assert list(found["counts"]) == [str(state) for state in State]
    assert sum(found["counts"].values()) == 11
    assert [set(one) for one in found["mailings"]] == [FACTS]
    assert found["problems"][0] == {
        "state": "deferred", "count": 2, "relay": "main", "stage": "rcpt", "code": 450, "enhanced": "4.2.0",
        "reply": "greylisted", "reason": "", "domains": [{"domain": "x.example", "count": 2}],
    }  # fmt: skip


def test_several_mailings_of_an_issue(office: Office) -> None:
    """All are shown and counted; one may be chosen; one that is not there is told."""
    first = dispatch(office, [ACCEPTED], segment="cities")
    second = dispatch(office, [ACCEPTED], segment="districts", rest=2)
    found = facts(office, code=1)
    assert [one["mailing"] for one in found["mailings"]] == [first.id, second.id]
    assert (found["mailing"], found["open"]) == (second.id, 2)
    assert told(office, code=1).count("Kreisblatt (2024-1)") == 2
    assert facts(office, "2024-1", "--mailing", str(first.id))["segment"] == "cities"
    done = office.quick("status", "2024-1", "--mailing", "9")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no mailing 9.\n    There are: 1, 2." in done.stderr


def test_without_id_everything_open_counts(office: Office) -> None:
    """The latest mailing is shown; somebody open in another issue is told, and makes it 1."""
    dispatch(office, [ACCEPTED], issue=2, rest=1)
    dispatch(office, [ACCEPTED], issue=3, segment="cities")
    done = office.quick("status")
    assert done.returncode == 1
    assert "(2024-3)" in done.stdout
    assert "newsletter status 2024-2" in done.stderr
    assert office.quick("status", "2024-3").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says", "known"),
    [([], "Nothing has been sent.", None), (["2024-1"], "Issue 2024-1 has not been sent.", "2024-1")],
    ids=["nothing", "an issue"],
)
@pytest.mark.parametrize("database", [False, True], ids=["no list yet", "list"])
def test_nothing_was_sent(
    office: Office, arguments: list[str], says: str, known: str | None, *, database: bool
) -> None:
    """That is said, and is nothing wrong."""
    if database:
        office.quick("subscribers", "list")
    assert told(office, *arguments) == f"{says}\n"
    found = facts(office, *arguments)
    assert (found["id"], found["state"], found["audience"], found["mailings"]) == (known, "unsent", 0, [])


def test_who_is_sending_is_told(office: Office) -> None:
    """The process that has it under way, by its number."""
    mailing = dispatch(office, [ACCEPTED], rest=3)
    with ledger_of(office) as ledger, books.sending(ledger, mailing):
        found = facts(office, code=1)
        text = told(office, code=1)
    assert set(found["process"]) == {"pid", "host", "started_at"}
    assert f"process {found['process']['pid']} on " in text
    assert "→" not in text


def test_what_a_dead_process_left_is_told(office: Office) -> None:
    """Recipients under way with nobody sending are pointed out."""
    mailing = dispatch(office, [ACCEPTED], rest=3)
    with ledger_of(office) as ledger:
        dead = books.Sender.of(ledger, mailing)
        ledger.exchange(dead.begin(), [], want=2)
        dead.owner.journal.close()
        ledger.connection.execute("UPDATE slice SET lease_until = 0")
    assert "A process died with 2 recipients under way" in told(office, code=1)


def rows_of(ledger: Ledger, mailing: Mailing) -> dict[str, str]:
    """Return each recipient's Message-ID by their address."""
    name = MessageIds.of(mailing.digest, ledger.people.settings)
    rows = ledger.connection.execute("SELECT address, person FROM dispatch")
    return {address: name(person) for address, person in rows}


def test_each_recipient_is_listed(office: Office) -> None:
    """Address, state, attempt, Message-ID, the server's words: one object a line."""
    mailing = dispatch(office, rest=1)
    found = [json.loads(line) for line in told(office, "--recipients", "--json", code=1).splitlines()]
    assert list(found[4]) == [
        "mailing", "address", "state", "attempt", "message_id", "code", "enhanced", "reply", "reason",
        "relay", "stage", "at", "next_at", "segments",
    ]  # fmt: skip
    with ledger_of(office) as ledger:
        names = rows_of(ledger, mailing)
    assert [one["message_id"] for one in found[:-1]] == [names[one["address"]] for one in found[:-1]]
    assert (found[-1]["state"], found[-1]["message_id"], found[-1]["at"]) == ("pending", None, None)
    assert (found[6]["state"], found[6]["code"], found[6]["reply"]) == ("refused", 550, "no such user")


def test_recipients_are_chosen_by_state(office: Office) -> None:
    """One state or several; the exit code is about those listed."""
    dispatch(office)
    lines = told(office, "--recipients", "--state", "refused").splitlines()
    assert [line.split()[0] for line in lines] == ["a7@x.example", "a8@x.example"]
    assert "550 5.1.1 no such user" in lines[0]
    assert (
        len(told(office, "--recipients", "--state", "refused", "--state", "in_doubt", code=1).splitlines())
        == 4
    )
    assert told(office, "--recipients", "--state", "skipped", "--json") == ""


def test_the_record_as_csv(office: Office) -> None:
    """Excel opens it; what strangers have said is no formula; the file is private and stays."""
    evil = Outcome(State.REFUSED, Stage.RCPT, 550, "5.1.1", "=HYPERLINK(1)\x1b;x", "main")
    dispatch(office, [ACCEPTED, evil])
    path = office.root / "record.csv"
    assert told(office, "--csv", path) == ""
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfmailing;address;state;")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [(row["address"], row["state"]) for row in rows] == [
        ("a1@x.example", "accepted"),
        ("a2@x.example", "refused"),
    ]
    assert rows[1]["reply"].startswith("'=HYPERLINK(1)")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "there already" in office.quick("status", "--csv", path).stderr
    assert told(office, "--csv", path, "--overwrite", "--state", "refused") == ""
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    assert told(office, "--csv", "-").startswith("\ufeffmailing;")


def test_erased_people_stay_counted(office: Office) -> None:
    """Their rows are there, without address and words."""
    dispatch(office, [ACCEPTED, NO_SUCH])
    office.quick("subscribers", "erase", "a2@x.example", "--yes")
    assert facts(office)["counts"]["refused"] == 1
    assert "(erased)" in told(office, "--recipients")
    assert "a2@" not in told(office, "--recipients", "--json")


def test_words_cannot_steer_a_terminal(office: Office) -> None:
    """What servers say is shown without control characters."""
    evil = Outcome(State.DEFERRED, Stage.RCPT, 450, "", "\x1b[2J\u202eevil\nx", "main")
    dispatch(office, [evil])
    for arguments in ([], ["--recipients"], ["--json"], ["--recipients", "--json"]):
        text = told(office, *arguments, code=1)
        assert "\x1b" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--state", "refused"], "goes with --recipients"),
        (["--csv", "x.csv", "--json"], "--csv goes without"),
        (["drei"], "no issue ID"),
        (["--recipients", "--state", "gone"], "is not one of"),
    ],
)
def test_wrong_usage(office: Office, arguments: list[str], says: str) -> None:
    """What cannot work ends with 2."""
    done = office.quick("status", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_recipients_of_nothing(office: Office) -> None:
    """An issue that was not sent has none; that is said."""
    done = office.quick("status", "2024-1", "--recipients")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Issue 2024-1 has not been sent.\n")


def test_faults_in_the_settings_are_told(office: Office) -> None:
    """What the quick way does not understand is told by the long one."""
    dispatch(office, [ACCEPTED])
    office.put("newsletter.toml", "[newsletter")
    done = office.quick("status")
    assert done.returncode == 1
    assert "newsletter.toml: This is not valid TOML" in done.stderr


def test_it_is_light(office: Office) -> None:
    """A status is told without loading what sending needs."""
    dispatch(office, [ACCEPTED])
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "newsletter", "status"],
        cwd=office.root,
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.split("|")[-1].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "sqlite3" in loaded
    assert not loaded & {"pydantic", "sqlite_utils", "jinja2", "cryptography", "asyncio", "ssl", "lxml"}


def test_a_person_learns_of_their_mailings(office: Office) -> None:
    """Art. 15: each mailing with its issue, edition, outcome, the server's words and the time."""
    mailing = dispatch(office)
    done = office.quick("subscribers", "evidence", "a7@x.example", "--json")
    assert done.returncode == 0, done.stderr
    [one] = json.loads(done.stdout)["mailings"]
    assert one["at"]
    assert {name: one[name] for name in ("issue", "digest", "address", "state", "code", "reply")} == {
        "issue": "2024-1",
        "digest": mailing.digest,
        "address": "a7@x.example",
        "state": "refused",
        "code": NO_SUCH.code,
        "reply": NO_SUCH.text,
    }
    text = office.quick("subscribers", "evidence", "a7@x.example").stdout
    assert "2024-1          refused" in text
    assert NO_SUCH.text in text
