"""Imports: everything or nothing, nobody brought back, each row accounted for."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter.address import Address, AddressError, key_of
from newsletter.errors import FaultsFound, UsageError
from newsletter.store.database import writing
from newsletter.subscribers import apart
from newsletter.subscribers.formulas import restored
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.log import Draft
from newsletter.subscribers.model import Status
from tests import unmeasured
from tests.subscribers import crowd
from tests.subscribers.importer import AT, counts, imported, workbook, written
from tests.subscribers.test_list import said_by_the_list, said_by_the_log

ROOT = Path(__file__).parents[2]
PROCESS = [sys.executable, "-m", "tests.subscribers.processes"]


def _reject(people: SubscriberList, folder: Path, text: str, **order: Any) -> tuple[int, str, str]:
    """Import a table with one wrong row; return its line, address and reason."""
    outcome = imported(people, written(folder, text), **order)
    [reject] = outcome.rejects
    assert outcome.rejected == 1
    return reject.line, reject.value, reject.reason


def _one(people: SubscriberList, address: str) -> dict[str, Any]:
    return people.get(Address.parse(address)).as_dict()


def test_a_german_table_is_taken(people: SubscriberList, tmp_path: Path) -> None:
    """What an office keeps in Excel arrives as it is meant."""
    text = (
        "E-Mail-Adresse;Anrede;Titel;Vorname;Name;Kommune;Sprache;Schlagwörter;Region;since\r\n"
        "Jürgen.Groß@Müller.example;Herr;Dr.\xa0jur.;Jürgen;Groß;Stadt Köln;Deutsch;kreise, portal;Süd;"
        "2.8.2023\r\n"
        "b@x.example;;;;;;;;;\r\n"
    )
    outcome = imported(people, written(tmp_path, text, encoding="cp1252"), tags=frozenset({"alle"}))
    assert counts(outcome) == (2, 0, 0, 0)
    assert _one(people, "jürgen.groß@xn--mller-kva.example") == {
        "address": "Jürgen.Groß@Müller.example",
        "status": "active",
        "form": "herr",
        "title": "Dr. jur.",
        "first_name": "Jürgen",
        "last_name": "Groß",
        "organisation": "Stadt Köln",
        "language": "de",
        "tags": ["alle", "kreise", "portal"],
        "fields": {"region": "Süd", "since": "2023-08-02"},
        "source": "import:people.csv",
        "joined_at": AT,
        "changed_at": AT,
        "expires_at": None,
    }
    assert _one(people, "b@x.example")["form"] == "none"
    assert list(people.log.damages()) == []


def test_a_workbook_is_taken(people: SubscriberList, tmp_path: Path) -> None:
    """Days and numbers in cells fit fields of those types."""
    file = workbook(
        tmp_path, [["E-Mail", "since", "size", "vip"], ["a@x.example", date(2024, 2, 29), 12.0, True]]
    )
    assert counts(imported(people, file)) == (1, 0, 0, 0)
    assert _one(people, "a@x.example")["fields"] == {"since": "2024-02-29", "size": "12", "vip": "true"}


def test_listmonk(people: SubscriberList, tmp_path: Path) -> None:
    """An export of listmonk: attributes become own fields; who is blocklisted or disabled there stays out."""
    text = (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'u1,a@x.example,Erika Muster,"{""region"": ""Süd"", ""size"": 3, ""vip"": true,'
        ' ""city"": {""a"": 1}}",enabled,'
        "2023-01-01 00:00:00+00,2023-01-01 00:00:00+00\n"
        "u2,b@x.example,B,{},blocklisted,2023-01-01,2023-01-01\n"
        "u3,c@x.example,C,{},disabled,2023-01-01,2023-01-01\n"
        'u4,d@x.example,D,"[1]",enabled,2023-01-01,2023-01-01\n'
        'u5,e@x.example,E,"{""region"": [1]}",enabled,2023-01-01,2023-01-01\n'
        f'u6,f@x.example,F,"{"[" * 50_000}",enabled,2023-01-01,2023-01-01\n'
    )
    outcome = imported(people, written(tmp_path, text))
    assert [(one.line, one.reason) for one in outcome.rejects] == [
        (3, "has left in the system this file comes from"),
        (4, "has left in the system this file comes from"),
        (5, "the attributes are no JSON"),
        (6, "“region” in the attributes is a list or more"),
        (7, "the attributes are no JSON"),
    ]
    assert outcome.ignored_columns == ("uuid", "created_at", "updated_at")
    kept = _one(people, "a@x.example")
    assert (kept["last_name"], kept["fields"]) == (
        "Erika Muster",
        {"region": "Süd", "size": "3", "vip": "true"},
    )


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON", "has left in the system this file comes from"),
        (
            "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID",
            "mail came back in the system this file comes from",
        ),
        ("OPTIN_TIME,CONFIRM_TIME,LAST_CHANGED", None),
    ],
    ids=["unsubscribed", "cleaned", "subscribed"],
)
def test_mailchimp(people: SubscriberList, tmp_path: Path, head: str, reason: str | None) -> None:
    """Mailchimp writes a file for each status, told apart by their columns."""
    text = (
        f"Email Address,First Name,Last Name,Address,MEMBER_RATING,{head},LEID,EUID,NOTES,TAGS\n"
        'a@x.example,Erika,Muster,"Musterweg 1, Musterstadt",2,"2023-05-01 10:00:00",x,x,1,2,,'
        '"""kreise"",""Rat und Tat"""\n'
    )
    outcome = imported(people, written(tmp_path, text))
    if reason is None:
        kept = _one(people, "a@x.example")
        assert (kept["first_name"], kept["tags"]) == ("Erika", ["Rat und Tat", "kreise"])
    else:
        assert [one.reason for one in outcome.rejects] == [reason]


def test_cleverreach(people: SubscriberList, tmp_path: Path) -> None:
    """CleverReach writes the days on which somebody came and left; 0 and nothing mean never."""
    text = (
        "email;registered;activated;deactivated;bounced;source;anrede;vorname;nachname\n"
        "a@x.example;2023-01-01 10:00:00;2023-01-01 10:05:00;0;0;Form;Frau;Erika;Muster\n"
        "b@x.example;2023-01-01 10:00:00;2023-01-01 10:05:00;2024-01-01 09:00:00;;Form;Herr;B;B\n"
        "c@x.example;2023-01-01 10:00:00;2023-01-01 10:05:00;;2024-01-01;Form;;C;C\n"
    )
    outcome = imported(people, written(tmp_path, text))
    assert counts(outcome) == (1, 0, 0, 2)
    assert [(one.line, one.reason.split(" in the")[0]) for one in outcome.rejects] == [
        (3, "has left"),
        (4, "mail came back"),
    ]
    assert _one(people, "a@x.example")["form"] == "frau"


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ("active", "active", None),
        ("Subscribed", "active", None),
        ("", "active", None),
        ("enabled", "pending", None),
        ("unconfirmed", "pending", None),
        ("pending", "active", "has not confirmed"),
        ("unsubscribed", "pending", "has left"),
        ("cleaned", "active", "mail came back"),
        ("bounced", "active", "mail came back"),
        ("complained", "active", "has complained"),
        ("inactive", "active", "has left"),
        ("gold", "active", "“gold” is no status we know"),
    ],
)
def test_their_status_never_becomes_active(
    people: SubscriberList, tmp_path: Path, said: str, status: str, reason: str | None
) -> None:
    """Only who takes part where the file comes from takes part here."""
    outcome = imported(people, written(tmp_path, f"E-Mail;Status\na@x.example;{said}\n"), status=status)
    assert counts(outcome) == ((1, 0, 0, 0) if reason is None else (0, 0, 0, 1))
    assert [one.reason[: len(reason or "")] for one in outcome.rejects] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("head", "row", "reason"),
    [
        ("E-Mail", "nonsense", "the @ is missing."),
        ("E-Mail;Name", ";Muster", "it is empty."),
        ("E-Mail;Anrede", "a@x.example;Sir", "“Sir” is no form of address"),
        (
            "E-Mail;Name",
            'a@x.example;"Muster\r\nBcc: b@x"',
            "a cell is too long, or holds a control character",
        ),
        (
            "E-Mail;Name",
            "a@x.example;=?utf-8?q?x?=",
            "a cell is too long, or holds a control character or “=?”",
        ),
        ("E-Mail;Name", f"a@x.example;{'x' * 1001}", "a cell is too long"),
        ("E-Mail;Name", "a@x.example;Muster;GmbH", "the row has more cells than there are headings"),
        ("E-Mail;Sprache", "a@x.example;Kölsch!", "“Kölsch!” is no language"),
        ("E-Mail;Tags", f"a@x.example;{'x' * 51}", "is no tag"),
        ("E-Mail;since", "a@x.example;gestern", "“gestern” in “since” is not a date"),
        ("E-Mail", f"{'l' * 64}@{'d' * 251}.org", "it has 320 characters, 254 are possible."),
    ],
    ids=[
        "no address",
        "empty",
        "form",
        "header injection",
        "encoded word",
        "long",
        "too many cells",
        "language",
        "tag",
        "field",
        "320 characters",
    ],
)
def test_a_wrong_row_is_told(
    people: SubscriberList, tmp_path: Path, head: str, row: str, reason: str
) -> None:
    """A row that cannot be taken is told with its line, and the others are taken."""
    text = f"{head}\nb@x.example\n{row}\nc@x.example\n"
    line, _value, told = _reject(people, tmp_path, text)
    assert (line, reason in told) == (3, True)
    assert people.count() == 2


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a@x.example", {"last_name": ""}),
        ("a@x.example;Muster;;;", {"last_name": "Muster"}),
        ("'-a@x.example;'=1+1", {"address": "-a@x.example", "last_name": "=1+1"}),
        ("a@x.example;'n Abend", {"last_name": "'n Abend"}),
        ('"""a b""@x.example";O\'Hara', {"address": '"a b"@x.example', "last_name": "O'Hara"}),
    ],
    ids=["short row", "empty cells", "neutralised formula", "real apostrophe", "quoted local part"],
)
def test_a_strange_row_is_taken(
    people: SubscriberList, tmp_path: Path, row: str, expected: dict[str, str]
) -> None:
    """Missing and empty cells at the end mean nothing; what an export neutralised comes back as it was."""
    assert counts(imported(people, written(tmp_path, f"E-Mail;Name\n{row}\n"))) == (1, 0, 0, 0)
    [person] = people.each()
    assert {name: person.as_dict()[name] for name in expected} == expected


def test_what_changes(people: SubscriberList, tmp_path: Path) -> None:
    """An import adds to what is known: no empty cell takes anything away, the spelling stays."""
    first = "E-Mail;Vorname;Name;Tags;region\nErika@x.example;Erika;Muster;a;Süd\nb@x.example;B;B;;\n"
    imported(people, written(tmp_path, first))
    second = (
        "E-Mail;Vorname;Name;Tags;size\nerika@X.example;;Meier;b;3\nB@x.example;B;;;\nc@x.example;C;C;;\n"
    )
    outcome = imported(
        people, written(tmp_path, second), at="2025-01-01T00:00:00+00:00", status="pending", consent=""
    )
    assert counts(outcome) == (1, 1, 1, 0)
    kept = _one(people, "erika@x.example")
    assert (kept["address"], kept["first_name"], kept["last_name"], kept["status"]) == (
        "Erika@x.example",
        "Erika",
        "Meier",
        "active",
    )
    assert (kept["tags"], kept["fields"]) == (["a", "b"], {"region": "Süd", "size": "3"})
    assert (kept["joined_at"], kept["changed_at"]) == (AT, "2025-01-01T00:00:00+00:00")
    assert [event.kind for event in people.log.of_person(1)] == ["imported", "changed"]
    assert [event.kind for event in people.log.of_person(2)] == ["imported"]


@pytest.mark.parametrize("batch", [1, 2, 100], ids=["apart", "some together", "together"])
def test_an_address_counts_once_in_a_file(
    people: SubscriberList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """The second row of an address is rejected, new or known, in whatever batch it comes."""
    monkeypatch.setattr(apart, "BATCH", batch)
    imported(people, written(tmp_path, "E-Mail;Name\nknown@x.example;A\nsame@x.example;S\n"))
    text = "E-Mail;Name\n" + "".join(
        f"{one}@x.example;{name}\n"
        for one, name in [
            ("known", "B"),
            ("new", "N"),
            ("same", "S"),
            ("NEW", "M"),
            ("Known", "C"),
            ("same", "T"),
        ]
    )
    outcome = imported(people, written(tmp_path, text))
    assert counts(outcome) == (1, 1, 1, 3)
    assert {one.reason for one in outcome.rejects} == {"the address stands in the file twice"}
    assert {person.address: person.last_name for person in people.each()} == {
        "known@x.example": "B",
        "new@x.example": "N",
        "same@x.example": "S",
    }


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED], ids=str)
def test_nobody_is_brought_back(people: SubscriberList, tmp_path: Path, status: Status) -> None:
    """Who has left, in whatever way, is reported and stays as they are, whatever the file says."""
    crowd.join(people, "a@x.example", status=str(status), last_name="Muster")
    before = people.get(Address.parse("a@x.example"))
    line, value, reason = _reject(people, tmp_path, "E-Mail;Name;Status\nA@x.example;Meier;active\n")
    assert (line, value) == (2, "A@x.example")
    assert reason
    assert people.get(Address.parse("a@x.example")) == before


def test_the_erased_are_not_brought_back(people: SubscriberList, tmp_path: Path) -> None:
    """An erased or suppressed address is rejected in every spelling, though no address of theirs is kept."""
    number = crowd.join(people, "a@müller.example")
    with writing(people.db):
        people.forget(number)
        people.bar(Address.parse("a@müller.example"), AT)
        people.log.append(AT, [Draft(number, "erased", "test", {})])
    line, _value, reason = _reject(people, tmp_path, "E-Mail\nA@XN--MLLER-KVA.example\nb@x.example\n")
    assert (line, reason) == (2, "has had their data erased; only their own new request brings them back")
    assert people.count() == 1


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"status": "active", "consent": " "}, "Importing people as active needs their consent."),
        ({"status": "unsubscribed"}, "Nobody begins as unsubscribed."),
    ],
    ids=["no consent", "strange status"],
)
def test_an_order_that_cannot_be(
    people: SubscriberList, tmp_path: Path, order: dict[str, Any], told: str
) -> None:
    """Without the words of their consent nobody becomes active."""
    with pytest.raises(UsageError) as caught:
        imported(people, written(tmp_path, "E-Mail\na@x.example\n"), **order)
    assert caught.value.message == told
    assert people.count() == 0


def test_a_dry_run_tells_the_same_and_writes_nothing(people: SubscriberList, tmp_path: Path) -> None:
    """The outcome is that of the real run, and the file of the list stays as it is."""
    crowd.join(people, "a@x.example")
    file = written(tmp_path, "E-Mail;Name\na@x.example;A\nb@x.example;B\nc\n")
    before = "\n".join(people.db.conn.iterdump())
    dry = imported(people, file, dry_run=True)
    assert "\n".join(people.db.conn.iterdump()) == before
    real = imported(people, file)
    assert dry.as_dict() | {"dry_run": False} == real.as_dict()
    assert counts(real) == (1, 1, 0, 1)


@pytest.mark.parametrize("end", [b'"open;x\n', b'x;"y" z\n'], ids=["unclosed quote", "text after a quote"])
def test_a_file_is_taken_whole_or_not_at_all(people: SubscriberList, tmp_path: Path, end: bytes) -> None:
    """A line that cannot be read, after thousands that were, leaves the list as before."""
    crowd.join(people, "a@x.example")
    before = "\n".join(people.db.conn.iterdump())
    file = tmp_path / "people.csv"
    file.write_bytes(b"E-Mail;Name\n" + b"".join(b"p%d@x.example;x\n" % one for one in range(9_000)) + end)
    with pytest.raises(FaultsFound) as caught:
        imported(people, file)
    assert caught.value.faults[0].where.line == 9_002
    assert "\n".join(people.db.conn.iterdump()) == before


def test_rejected_rows_are_counted_beyond_those_told(people: SubscriberList, tmp_path: Path) -> None:
    """A file of nonsense does not fill memory or screen: the first thousand are told, all are counted."""
    outcome = imported(people, written(tmp_path, "E-Mail\n" + "x\n" * 2_500))
    assert (outcome.rejected, len(outcome.rejects), outcome.rejects[-1].line) == (2_500, 1_000, 1_001)


def test_progress_is_told(people: SubscriberList, tmp_path: Path) -> None:
    """After each batch the caller learns how many rows are done."""
    told: list[int] = []
    text = "E-Mail\n" + "".join(f"p{one}@x.example\n" for one in range(9_000))
    imported(people, written(tmp_path, text), progress=told.append)
    assert told == [4_000, 8_000, 9_000]


CELLS = st.text("abÄß @.;\"'=\n,1", max_size=6)
ROWS = st.lists(
    st.tuples(
        st.one_of(
            st.builds(
                "{}@{}".format, st.sampled_from("abcÄä"), st.sampled_from(["x.de", "X.DE", "müller.de"])
            ),
            CELLS,
        ),
        st.sampled_from(["", "Frau", "herr", "?"]),
        CELLS,
    ),
    max_size=12,
)


@given(ROWS)
@rules(max_examples=60, deadline=None)
def test_importing_again_changes_nothing(rows: list[tuple[str, str, str]]) -> None:
    """The same file a second time: nobody added or changed, the same rejected; every row is accounted for."""
    with tempfile.TemporaryDirectory() as name, crowd.opened_list(Path(name)) as people:
        lines = [";".join('"{}"'.format(cell.replace('"', '""')) for cell in row) for row in rows]
        file = written(Path(name), "\n".join(["E-Mail;Anrede;Name", *lines]) + "\n")
        first = imported(people, file)
        events = people.log.head()
        second = imported(people, file)
        assert sum(counts(first)) == len(rows)
        assert counts(second) == (0, 0, first.added, first.rejected)
        assert people.log.head() == events
        assert second.rejects == first.rejects
        assert first.added == len({_key(row[0]) for row in rows} - _rejected_only(rows) - {None})
        assert said_by_the_log(people) == said_by_the_list(people)


def _key(address: str) -> str | None:
    try:
        return key_of(address.strip())
    except AddressError:
        return None


def _rejected_only(rows: list[tuple[str, str, str]]) -> set[str | None]:
    """Return the keys of which every row is wrong."""
    good = {
        _key(address)
        for address, form, name in rows
        if form != "?"
        and restored(name.strip()).strip().isprintable()
        and "=?" not in address + name
        and restored(address.strip()).strip().isprintable()
    }
    return {_key(address) for address, _form, _name in rows} - good


def _checked(folder: Path) -> int:
    """Check list and log; return how many people there are."""
    with crowd.opened_list(folder) as people:
        assert list(people.log.damages()) == []
        assert said_by_the_log(people) == said_by_the_list(people)
        assert people.db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return people.count()


def test_a_kill_in_the_middle_leaves_the_list_as_before(tmp_path: Path) -> None:
    """Kill -9 at random moments of an import: nobody of the file is on the list, or everybody is."""
    chance, rows = random.Random(7), 30_000  # noqa: S311 (moments, not secrets)
    file = written(
        tmp_path, "E-Mail\n" + "".join(f"p{one}@x.example\n" for one in range(rows)), name="large.csv"
    )
    with crowd.opened_list(tmp_path) as people:
        crowd.join(people, "before@x.example")
    killed = 0
    for _attempt in range(8):
        with subprocess.Popen(
            [*PROCESS, "take", str(tmp_path), str(file)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=unmeasured.environ(),
        ) as running:
            assert running.stdout
            for _batch in range(chance.randint(1, 7)):
                running.stdout.readline()
            time.sleep(chance.random() / 10)
            running.kill()
        count = _checked(tmp_path)
        assert count in {1, rows + 1}
        if count > 1:
            break
        killed += 1
    assert killed > 2
    with crowd.opened_list(tmp_path) as people:
        imported(people, file)
    assert _checked(tmp_path) == rows + 1


def test_the_log_survives_a_crash_at_any_statement(tmp_path: Path) -> None:
    """Killed before each statement of imports, changes and an erasure in turn: list and log always agree."""
    done = subprocess.run(
        [*PROCESS, "crash", str(tmp_path)],
        cwd=ROOT,
        env=unmeasured.environ(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.soak)], ids=["5 s", "30 s"])
def test_two_processes_lose_nothing(tmp_path: Path, seconds: int) -> None:
    """Two processes that import and change at once: everything that each was promised is there."""
    with crowd.opened_list(tmp_path):
        pass
    running = [
        subprocess.Popen(
            [*PROCESS, "write", str(tmp_path), name, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=unmeasured.environ(),
        )
        for name in ("one", "two")
    ]
    added = [int(one.communicate(timeout=seconds + 600)[0]) for one in running]
    assert [one.returncode for one in running] == [0, 0]
    assert min(added) > 10
    assert _checked(tmp_path) == sum(added)
    with crowd.opened_list(tmp_path) as people:
        assert people.count("status = 'unsubscribed'") == sum(added) // 3
