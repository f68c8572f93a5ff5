"""`newsletter subscribers …` as a process: what it prints where, its exit codes, what it writes."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.office import Office

CONSENT = "Formular 2022: Ja, ich möchte den Newsletter."
TABLE = "email;Vorname;Nachname;Ort\nanna@example.org;Anna;Muster;Ahlen\nb@example.org;Ben;Beier;Bonn\n"
Done = subprocess.CompletedProcess[str]
_WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def _run(office: Office, *arguments: str | Path, lang: str = "en") -> Done:
    return office.quick("subscribers", *arguments, environ={"NEWSLETTER_LANG": lang})


def _facts(office: Office, *arguments: str | Path, code: int = 0) -> Any:
    """Run a command with --json; return what it says on stdout."""
    done = _run(office, *arguments, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def _add(office: Office, address: str, *more: str) -> Any:
    return _facts(office, "add", address, "--status", "active", "--consent", CONSENT, *more)


def _sql(office: Office, statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(office.root / "subscribers.db")) as db, db:
        return db.execute(statement, values).fetchall()


def _digest(office: Office) -> str:
    return hashlib.sha256((office.root / "subscribers.db").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "command",
    [
        "import", "list", "count", "show", "add", "edit", "tag", "unsubscribe", "remove", "erase", "evidence",
        "export", "stats", "tidy", "verify-log",
    ],
)  # fmt: skip
def test_every_command_has_help(office: Office, command: str) -> None:
    """`--help` tells what a command is for, and makes no list."""
    done = _run(office, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"subscribers {command}" in done.stdout
    assert ("--json" in done.stdout) == (command != "export")
    assert not (office.root / "subscribers.db").exists()


def test_a_person_from_beginning_to_end(office: Office) -> None:
    """Added, shown, corrected, tagged, gone: each command says what is now, with stable keys."""
    added = _add(
        office, "Anna@Example.org", "--form", "frau", "--first-name", "Anna", "--field", "region=OWL"
    )
    assert list(added) == [
        "address", "status", "form", "title", "first_name", "last_name", "organisation", "language", "tags",
        "fields", "source", "joined_at", "changed_at", "expires_at",
    ]  # fmt: skip
    assert (added["address"], added["status"], added["expires_at"]) == ("Anna@Example.org", "active", None)
    assert _facts(office, "show", "anna@example.org") == added
    edited = _facts(office, "edit", "anna@example.org", "--last-name", "Muster", "--field", "region=")
    assert (edited["last_name"], edited["fields"]) == ("Muster", {})
    assert _facts(office, "tag", "anna@example.org", "--add", "kreise") == {"changed": 1}
    assert _facts(office, "list", "--where", "tag = kreise")[0]["tags"] == ["kreise"]
    assert _facts(office, "count") == {"count": 1, "segment": None, "where": None}
    assert (
        _facts(office, "unsubscribe", "anna@example.org", "--reason", "zu viel")["status"] == "unsubscribed"
    )
    assert _facts(office, "stats")["by_status"]["unsubscribed"] == 1
    gone = {"address": "anna@example.org", "was_on_the_list": True, "barred": True}
    assert _facts(office, "erase", "anna@example.org", "--yes") == gone
    assert _facts(office, "list") == []
    assert _facts(office, "verify-log") == {"events": 5, "damages": []}


def test_the_same_person_as_text(office: Office) -> None:
    """Without --json people read labelled lines; nothing is said on stderr."""
    done = _run(office, "add", "anna@example.org", "--first-name", "Anna", "--tag", "b", "--tag", "a")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "anna@example.org (pending)\n  First name      Anna\n  Tags            a, b\n"
    )
    assert "Deleted unless confirmed by" in done.stdout
    listed = _run(office, "list")
    assert listed.stdout.split() == ["anna@example.org", "pending", "Anna"]
    assert _run(office, "count").stdout == "1\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "nonsense"], "the @ is missing"),
        (["add", "a@b"], "no usable address"),
        (["add", "a@example.org", "--status", "active"], "An active subscriber needs a consent."),
        (["add", "a@example.org", "--status", "bounced"], "--status"),
        (["add", "a@example.org", "--field", "region"], "not of the form NAME=VALUE"),
        (["add", "a@example.org", "--field", "shoe=42"], "no field “shoe” in newsletter.toml"),
        (["add", "a@example.org", "--tag", "a,b"], "“a,b” is no tag"),
        (["add", "a@example.org", "--title", "=?utf-8?q?x?="], "“title” is too long, or holds"),
        (["edit", "a@example.org"], "Nothing is to be changed."),
        (["tag", "a@example.org"], "Nothing is to be changed."),
        (["tag"], "Missing argument"),
        (["list", "--segment", "nobody"], "nobody"),
        (["list", "--limit", "0"], "--limit"),
        (["export", "people.doc"], "does not tell what kind of file"),
        (["export", "--format", "xlsx"], "XLSX needs a file"),
        (["export", "--columns", "adress"], "There is no column “adress”"),
        (["export", "--portable", "a@example.org", "--format", "csv"], "whole, as JSON"),
        (["export", "newsletter.toml", "--format", "csv"], "is there already"),
        (["import", "people.csv", "--status", "active"], "needs their consent"),
        (["import", "people.csv", "--column", "Ort"], "not of the form HEADING=field"),
        (["import", "people.csv", "--column", "Ort=town"], "There is no field “town”"),
        (["import", "people.csv", "--column", "Stadt=region"], "There is no column “Stadt”"),
        (["import", "people.csv", "--tag", ""], "“” is no tag"),
    ],
    ids=" ".join,
)
def test_wrong_usage(office: Office, arguments: list[str], told: str) -> None:
    """What cannot work ends with 2 and one clear message on stderr; nobody is on the list afterwards."""
    office.put("people.csv", TABLE)
    done = _run(office, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "program itself" not in done.stderr
    assert _facts(office, "count")["count"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"], ["edit", "--title", "Dr."], ["tag", "--add", "x"], ["unsubscribe"], ["remove", "--yes"],
        ["export", "--portable"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_somebody_unknown(office: Office, arguments: list[str]) -> None:
    """Who is not on the list is told as that, with 1."""
    command, *options = arguments
    done = _run(office, command, *options, "a@example.org")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "a@example.org is not on the list.\n"


def test_evidence_as_text_and_json(office: Office) -> None:
    """Evidence has when, what, from where, and the words that were agreed to, by their version."""
    office.put("people.csv", "email\nanna@example.org\n")
    _run(office, "import", "people.csv", "--status", "active", "--consent", f"{CONSENT}\nZweite Zeile")
    _run(office, "edit", "anna@example.org", "--field", "region=OWL", "--first-name", "Anna")
    found = _facts(office, "evidence", "Anna@example.org")
    assert list(found) == ["address", "subscriber", "events", "erased_at", "suppressed", "mailings"]
    imported, edited = found["events"]
    assert list(imported) == [
        "seq", "at", "person", "kind", "source", "wording", "wording_version", "detail", "network"
    ]  # fmt: skip
    assert imported["wording"] == f"{CONSENT}\nZweite Zeile"
    assert imported["wording_version"].startswith("import 20")
    assert imported["detail"]["address"] == "anna@example.org"
    assert edited["detail"]["changes"] == {"first_name": ["", "Anna"], "fields": [{}, {"region": "OWL"}]}
    text = _run(office, "evidence", "anna@example.org").stdout
    assert f"    {CONSENT}\n    Zweite Zeile\n" in text
    assert imported["wording_version"] in text
    assert "  first_name      – → Anna\n  fields          – → region=OWL\n" in text
    assert "people.csv" in text


def test_evidence_of_nobody_is_an_answer(office: Office) -> None:
    """That nothing is kept is what somebody may have asked for."""
    done = _run(office, "evidence", "a@example.org")
    assert (done.returncode, done.stdout) == (0, "a@example.org is not on the list.\n")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE event SET at = '2020' WHERE seq = 2", "altered"),
        ("DELETE FROM event WHERE seq = 2", "missing"),
        ("DELETE FROM event WHERE seq = 3", "3"),
        ("UPDATE event SET seq = CASE seq WHEN 1 THEN 22 ELSE 11 END WHERE seq < 3", "missing"),
    ],
    ids=["altered", "missing", "cut short", "reordered"],
)
def test_a_damaged_log_is_found(office: Office, statement: str, told: str) -> None:
    """An altered, missing or moved event ends with 1 and its place, as text and as JSON."""
    for name in "abc":
        _add(office, f"{name}@example.org")
    _sql(office, "DROP TRIGGER event_stays")
    _sql(office, "DROP TRIGGER event_is_not_changed")
    _sql(office, statement)
    done = _run(office, "verify-log")
    assert done.returncode == 1
    assert told in done.stdout
    assert _facts(office, "verify-log", code=1)["damages"]


def test_import_says_what_happened(office: Office) -> None:
    """Added, changed, unchanged and rejected rows; rejected ones with line and reason, and then 1."""
    office.put("people.csv", TABLE)
    first = _facts(office, "import", "people.csv", "--status", "active", "--consent", CONSENT)
    assert list(first)[:5] == ["added", "changed", "unchanged", "rejected_count", "rejected"]
    assert (first["added"], first["ignored_columns"], first["dry_run"]) == (2, ["Ort"], False)
    office.put(
        "more.csv", "email;Vorname\nanna@example.org;Anne\nb@example.org;Ben\nc@example.org;C\nnobody;D\n"
    )
    done = _run(office, "import", "more.csv")
    assert done.returncode == 1
    assert done.stdout == (
        "  Added           1\n  Changed         1\n  Unchanged       1\n  Rejected        1\n"
    )
    assert done.stderr.startswith("more.csv:5: nobody: the @ is missing.\n")
    assert "They are pending" in done.stderr
    again = _facts(office, "import", "more.csv", code=1)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 3)
    assert again["rejected"] == [{"line": 5, "value": "nobody", "reason": "the @ is missing."}]


def test_a_dry_run_writes_nothing(office: Office) -> None:
    """It counts the same, but no byte of the database changes, no mapping is kept, nobody expires."""
    office.put("people.csv", TABLE)
    _run(office, "add", "old@example.org")
    _sql(office, "UPDATE subscriber SET expires_at = '2020-01-01T00:00:00+00:00'")
    _sql(office, "PRAGMA wal_checkpoint(TRUNCATE)")
    before = _digest(office)
    found = _facts(office, "import", "people.csv", "--dry-run", "--column", "Ort=region")
    assert (found["added"], found["dry_run"]) == (2, True)
    assert _digest(office) == before
    told = _run(office, "import", "people.csv", "--dry-run")
    assert told.stderr == "Columns not taken: Ort.\nThis was a dry run; nothing was written.\n"


def test_columns_are_remembered(office: Office) -> None:
    """What a column was said to mean holds for the next file with the same headings."""
    office.put("people.csv", TABLE)
    _facts(office, "import", "people.csv", "--column", "Ort=region")
    office.put("next.csv", TABLE.replace("Ahlen", "Aachen"))
    assert _facts(office, "import", "next.csv")["changed"] == 1
    assert _facts(office, "show", "anna@example.org")["fields"] == {"region": "Aachen"}


def test_whoever_is_gone_stays_gone(office: Office) -> None:
    """Unsubscribed, erased and suppressed people are rejected with the reason, in the editor's language."""
    office.put("people.csv", "email\na@example.org\nb@example.org\nc@example.org\n")
    _facts(office, "import", "people.csv")
    _facts(office, "unsubscribe", "a@example.org")
    _facts(office, "erase", "b@example.org", "--yes")
    _facts(office, "suppression", "add", "c@example.org", "--reason", "Beschwerde")
    rejected = _facts(office, "import", "people.csv", code=1)["rejected"]
    assert [one["line"] for one in rejected] == [2, 3, 4]
    for one, told in zip(rejected, ["unsubscribed", "erased", "Beschwerde"], strict=True):
        assert told in one["reason"]


@pytest.mark.parametrize("name", ["people.csv", "people.xlsx"])
def test_what_is_exported_is_imported_unchanged(office: Office, name: str) -> None:
    """A round trip changes nobody, formulas and apostrophes included."""
    _add(office, "a@example.org", "--first-name", "=1+1", "--last-name", "'n Abend", "--field", "region=O'W")
    _add(office, "B@Köln.de", "--organisation", "Stadt Köln; Amt", "--tag", "x", "--tag", "y")
    done = _run(office, "export", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "2 people written\n")
    found = _facts(office, "import", name)
    assert (found["unchanged"], found["changed"], found["added"], found["rejected"]) == (2, 0, 0, [])


def test_export_chooses_people_and_columns(office: Office) -> None:
    """Columns in their order, a condition, and stdout; what is there is replaced only on request."""
    _add(office, "a@example.org", "--tag", "x")
    _add(office, "b@example.org")
    done = _run(office, "export", "--columns", "tags, address", "--where", "tag = x", "--delimiter", "TAB")
    assert done.stdout.lstrip("\ufeff").splitlines() == ["tags\taddress", "x\ta@example.org"]
    office.put("people.json", "old")
    assert _run(office, "export", "people.json").returncode == 2
    assert (office.root / "people.json").read_text(encoding="utf-8") == "old"
    assert _run(office, "export", "people.json", "--overwrite").returncode == 0
    people = json.loads((office.root / "people.json").read_text(encoding="utf-8"))
    assert [person["address"] for person in people] == ["a@example.org", "b@example.org"]


def test_a_person_takes_their_data_along(office: Office) -> None:
    """--portable is what the person gave, as JSON, on stdout or in a private file."""
    _add(office, "a@example.org", "--first-name", "Änne")
    shown = json.loads(_run(office, "export", "--portable", "a@example.org").stdout)
    assert (shown["address"], shown["first_name"]) == ("a@example.org", "Änne")
    done = _run(office, "export", "mine.json", "--portable", "a@example.org")
    assert done.stdout == "mine.json\n"
    path = office.root / "mine.json"
    assert json.loads(path.read_text(encoding="utf-8")) == shown
    assert path.stat().st_mode & 0o777 == 0o600
    assert _run(office, "export", "mine.json", "--portable", "a@example.org").returncode == 2


def test_nothing_of_an_erased_person_is_in_the_folder(office: Office) -> None:
    """After an erase no file that the program wrote holds the address, its former one or the name."""
    office.put("people.csv", "anna@example.org;Mustermann\nb@example.org;Beier\n")
    columns = ("--column", "anna@example.org=address", "--column", "Mustermann=last_name")
    _facts(office, "import", "people.csv", *columns)
    _add(office, "Anna@example.org", "--last-name", "Mustermann")
    _facts(office, "edit", "anna@example.org", "--address", "am@neu.example.org")
    done = _run(office, "erase", "am@neu.example.org", "--yes")
    assert done.stdout == "All data of am@neu.example.org are deleted.\n"
    (office.root / "people.csv").unlink()
    raw = b"".join(path.read_bytes() for path in office.root.iterdir() if path.is_file()).lower()
    assert b"b@example.org" in raw
    for word in (b"anna@example.org", b"am@neu.example.org", b"mustermann"):
        assert word not in raw


def test_deleting_asks_first(office: Office) -> None:
    """Without an answer, as without a terminal, nobody is deleted."""
    _add(office, "a@example.org")
    for command in ("erase", "remove"):
        done = office.run("subscribers", command, "a@example.org")
        assert (done.returncode, done.stdout) == (1, "")
        assert "Delete all data of a@example.org for good?" in done.stderr
    assert _facts(office, "count")["count"] == 1


def test_sign_ups_expire_with_any_command(office: Office) -> None:
    """Whatever command comes next deletes what was never confirmed, and says so; so does `tidy`."""
    for name in "ab":
        _run(office, "add", f"{name}@example.org")
        _sql(office, "UPDATE subscriber SET expires_at = '2020-01-01T00:00:00+00:00'")
        if name == "a":
            done = _run(office, "count")
            assert done.stdout == "0\n"
            assert done.stderr == "1 sign-up that was never confirmed was deleted.\n"
    assert _facts(office, "tidy") == {"pending": 1, "networks": 0}


ESCAPES = "\x1b]0;x\x07\x9b31m\u202e\x7f"


@pytest.mark.parametrize(
    "arguments",
    [["show", "a@example.org"], ["list"], ["evidence", "a@example.org"], ["suppression", "list"]],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_no_escape_sequence_reaches_the_terminal(
    office: Office, arguments: list[str], form: list[str]
) -> None:
    """Control characters that came into the database somehow are shown as signs or escaped."""
    _add(office, "a@example.org")
    _facts(office, "edit", "a@example.org", "--title", "Dr.")
    _facts(office, "suppression", "add", "a@example.org", "--reason", "x")
    _sql(office, "UPDATE subscriber SET first_name = ?", ESCAPES)
    _sql(office, "UPDATE suppression SET reason = ?", ESCAPES)
    _sql(office, "DROP TRIGGER event_is_not_changed")
    _sql(office, "UPDATE event SET source = ?, detail = ?", ESCAPES, json.dumps({"reason": ESCAPES}))
    done = _run(office, *arguments, *form)
    assert done.returncode == 0
    assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)
    if form:
        assert repr(ESCAPES) in str(json.loads(done.stdout)).replace("is on the suppression list: ", "")


def test_rejected_rows_steer_no_terminal(office: Office) -> None:
    """What a file holds is told without its control characters; without a terminal no bar is drawn."""
    office.put("people.csv", "email;status\n\x1b[31mx@;\na@example.org;\x1b[2J\n")
    done = _run(office, "import", "people.csv")
    assert done.returncode == 1
    assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)
    assert "Importing" not in done.stderr


def test_two_at_once_both_succeed(office: Office) -> None:
    """Processes that write at the same time, the first use included, wait for each other."""
    office.put("people.csv", "email\n" + "".join(f"p{number}@example.org\n" for number in range(3000)))
    children = [office.forked("subscribers", "import", "people.csv")]
    children += [office.forked("subscribers", "add", f"a{number}@example.org") for number in range(5)]
    for child in children:
        done = child.wait()
        assert done.returncode == 0, done.stderr
    assert _facts(office, "count")["count"] == 3005
    assert _facts(office, "verify-log") == {"events": 3005, "damages": []}


def _key(office: Office) -> Path:
    return office.root / "subscribers.key"


def _lose_key(office: Office) -> None:
    _key(office).unlink()


def _show_key(office: Office) -> None:
    _key(office).chmod(0o644)


def _spoil_key(office: Office) -> None:
    _key(office).write_text("abc", encoding="utf-8")


def _from_the_future(office: Office) -> None:
    _sql(office, "INSERT INTO _sqlite_migrations SELECT 999, 'newsletter', 'm999_mars', applied_at"
                 " FROM _sqlite_migrations LIMIT 1")  # fmt: skip


def _no_database(office: Office) -> None:
    office.put("subscribers.db", "just words, and quite a few of them" * 200)


def _foreign(office: Office) -> None:
    (office.root / "subscribers.db").unlink()
    _sql(office, "CREATE TABLE photo (id)")


def _folder(office: Office) -> None:
    (office.root / "subscribers.db").unlink()
    (office.root / "subscribers.db").mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_lose_key, "is missing; this list was made with one"),
        (_show_key, "can be read by others"),
        (_spoil_key, "holds no key"),
        (_from_the_future, "newer version of this program (m999_mars)"),
        (_no_database, "cannot be used: file is not a database"),
        (_foreign, "is the database of another program"),
        (_folder, "cannot be used: it is a folder"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_list_that_cannot_be_used(office: Office, spoil: Any, told: str) -> None:
    """One clear message with place and cure, no traceback."""
    _add(office, "a@example.org")
    spoil(office)
    done = _run(office, "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert str(office.root / "subscribers.") in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_lose_key, "fehlt; diese Liste wurde mit einem"),
        (_show_key, "können auch andere lesen"),
        (_from_the_future, "neueren Version"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_it_is_told_in_german(office: Office, spoil: Any, told: str) -> None:
    """An editor who reads German is told in German."""
    _add(office, "a@example.org")
    spoil(office)
    assert told in _run(office, "list", lang="de").stderr


def test_the_key_of_barred_addresses_is_needed(office: Office) -> None:
    """A list that has only barred somebody must not get a new key either: it would let them in again."""
    _facts(office, "erase", "a@example.org", "--yes")
    _lose_key(office)
    done = _run(office, "add", "a@example.org")
    assert done.returncode == 1
    assert "is missing" in done.stderr


def test_a_folder_that_cannot_be_written(office: Office) -> None:
    """Where nothing may be written, that is said."""
    office.root.chmod(0o555)
    done = office.wrapped(_WITHOUT_RIGHTS, "subscribers", "list")
    office.root.chmod(0o755)
    assert (done.returncode, done.stdout) == (1, "")
    assert "subscribers.db cannot be used: Permission denied." in done.stderr
    assert "can be written by you" in done.stderr


def test_a_reader_that_stops_early(office: Office) -> None:
    """`list | head -1` ends quietly."""
    office.put("people.csv", "email\n" + "".join(f"p{number}@example.org\n" for number in range(3000)))
    _facts(office, "import", "people.csv")
    command = " ".join(office.command("subscribers", "list"))
    done = office.wrapped(["sh", "-c", f"{command} | head -1"], "--version")
    assert done.stdout.startswith("p0@example.org")
    assert done.stderr == ""
