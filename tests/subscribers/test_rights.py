"""The rights of each person: to know, to correct, to take along, to leave, to be forgotten."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter.address import Address
from newsletter.errors import UsageError
from newsletter.store.database import writing
from newsletter.subscribers import columns, exporting, forgetting, importing, rights, tables
from newsletter.subscribers.list import NoSubscriberError, SubscriberList
from newsletter.subscribers.model import Person, Status, Subscriber
from newsletter.subscribers.suppression import Entry
from tests.subscribers import crowd

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
ANNA = Address.parse("Anna.Muster@Example.org")
NEW = Address.parse("anna@neu.example.org")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[SubscriberList]:
    """An empty list."""
    with crowd.opened_list(tmp_path) as opened:
        yield opened


def _add(people: SubscriberList, address: Address = ANNA, status: str = "active", **known: Any) -> Subscriber:
    return rights.add(
        people,
        address,
        Person(**known),
        status=Status(status),
        consent="Formular 2022: Ja, ich möchte.",
        source="test",
        now=NOW,
    )


def _edit(people: SubscriberList, who: Address = ANNA, /, **changes: Any) -> Subscriber:
    return rights.edit(people, who, changes, source="test", now=NOW + timedelta(hours=1))


def _erase(people: SubscriberList, address: Address = ANNA, *, bar: bool = True) -> bool:
    return forgetting.erase(people, address, source="test", now=NOW + timedelta(days=1), bar=bar)


def _leave(people: SubscriberList, address: Address = ANNA) -> Subscriber:
    return rights.unsubscribe(people, address, source="test", reason="zu viel", now=NOW)


def _import(people: SubscriberList, path: Path, text: str, **chosen: str) -> importing.Outcome:
    path.write_text(text, encoding="utf-8")
    table = tables.survey(path)
    found = columns.mapped(table.headers, people.settings, chosen)
    at = "2024-03-01T12:00:00+00:00"
    order = importing.Order(table=table, columns=found, status="active", consent="Formular", at=at)
    return importing.run(people, order)


def _left(folder: Path, *words: str) -> list[str]:
    """List the words that are to be read in any file of the database, in whatever capitals."""
    raw = b"".join(path.read_bytes() for path in sorted(folder.glob("subscribers.db*"))).lower()
    return [word for word in words if word.lower().encode() in raw]


def _damages(people: SubscriberList) -> list[str]:
    return [damage.message for damage in people.log.damages()]


def test_adding_writes_row_and_event(people: SubscriberList) -> None:
    """Who is added is on the list, and the log says when, from where and with which consent."""
    added = _add(people, form="frau", title="Dr.", tags=frozenset({"kreise"}), fields={"size": "1,50"})
    assert (added.address, added.key, added.status) == (ANNA.text, ANNA.key, Status.ACTIVE)
    assert (added.form, added.title, sorted(added.tags)) == ("frau", "Dr.", ["kreise"])
    assert added.fields == {"size": "1.5"}
    (event,) = people.log.of_person(added.id)
    assert (event.kind, event.at, event.source) == ("added", "2024-03-01T12:00:00+00:00", "test")
    consent = "Formular 2022: Ja, ich möchte."
    assert event.detail == {"address": ANNA.text, "status": "active", "consent": consent}


def test_only_pending_people_expire(people: SubscriberList) -> None:
    """A pending person is deleted after the set days unless they confirm, an active one stays."""
    assert _add(people).expires_at is None
    assert _add(people, NEW, "pending").expires_at == "2024-03-15T12:00:00+00:00"


@pytest.mark.parametrize("consent", ["", " \n"])
def test_active_needs_a_consent(people: SubscriberList, consent: str) -> None:
    """Nobody becomes active without the words of their consent."""
    with pytest.raises(UsageError, match="consent"):
        rights.add(people, ANNA, Person(), status=Status.ACTIVE, consent=consent, source="test", now=NOW)
    assert people.count() == 0


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED])
def test_nobody_begins_as_gone(people: SubscriberList, status: Status) -> None:
    """A new person is pending or active."""
    with pytest.raises(UsageError, match=str(status)):
        _add(people, status=status)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        pytest.param({"form": "madam"}, "no form of address", id="form"),
        pytest.param({"title": "Dr.\x1b[31m"}, "control character", id="escape sequence"),
        pytest.param({"first_name": "A\r\nBcc: x@example.org"}, "control character", id="line break"),
        pytest.param({"last_name": "=?utf-8?q?Hi=0D=0ABcc:_a?="}, "control character", id="encoded word"),
        pytest.param({"organisation": "x" * 1001}, "too long", id="too long"),
        pytest.param({"language": "Deutsch sprechend"}, "no language", id="language"),
        pytest.param({"tags": frozenset({"a,b"})}, "no tag", id="tag"),
        pytest.param({"fields": {"size": "many"}}, "not a number", id="type of a field"),
        pytest.param({"fields": {"shoe": "42"}}, "no field “shoe”", id="unknown field"),
    ],
)
def test_what_does_not_fit_is_refused(people: SubscriberList, known: dict[str, Any], told: str) -> None:
    """Neither adding nor editing takes what an import would refuse; nothing is written."""
    with pytest.raises(UsageError, match=told):
        _add(people, **known)
    before = _add(people)
    with pytest.raises(UsageError, match=told):
        _edit(people, **known)
    assert people.get(ANNA) == before
    assert people.log.head()[0] == 1


def test_nobody_is_added_twice(people: SubscriberList) -> None:
    """Another spelling of an address is the same person; who has left comes back only on their own."""
    _add(people)
    with pytest.raises(rights.TakenError, match="as active") as found:
        _add(people, Address.parse("anna.muster@EXAMPLE.ORG"))
    assert "edit" in found.value.cure
    _leave(people)
    with pytest.raises(rights.TakenError, match="as unsubscribed") as found:
        _add(people)
    assert "their own new request" in found.value.cure


def test_editing_corrects_and_says_what_was(people: SubscriberList) -> None:
    """What changes is in the event, before and after; what is the same is not."""
    _add(people, first_name="Ana", last_name="Muster", fields={"region": "OWL", "size": "3"})
    edited = _edit(people, first_name="Anna", last_name="Muster", language="DE_at", fields={"size": ""})
    assert (edited.first_name, edited.language, edited.fields) == ("Anna", "de-at", {"region": "OWL"})
    *_, event = people.log.of_person(edited.id)
    assert event.detail == {
        "changes": {
            "first_name": ["Ana", "Anna"],
            "language": ["", "de-at"],
            "fields": [{"region": "OWL", "size": "3"}, {"region": "OWL"}],
        }
    }


def test_editing_nothing_writes_nothing(people: SubscriberList) -> None:
    """A correction that changes nothing leaves row and log as they are."""
    before = _add(people, first_name="Anna")
    assert _edit(people, first_name=" Anna ") == before
    assert people.log.head()[0] == 1


def test_a_field_no_longer_declared_hinders_nobody(people: SubscriberList) -> None:
    """Who has a field that newsletter.toml no longer names can be corrected, and lose it."""
    _add(people)
    with writing(people.db):
        people.db.conn.execute("""UPDATE subscriber SET fields = '{"old":"x"}'""")
    assert _edit(people, first_name="Anna").fields == {"old": "x"}
    assert _edit(people, fields={"old": ""}).fields == {}


def test_a_person_moves_to_another_address(people: SubscriberList) -> None:
    """The new address finds the person, the old one nobody; the spelling may change as well."""
    number = _add(people).id
    moved = _edit(people, address=NEW)
    assert (moved.id, moved.address, moved.key, moved.domain) == (number, NEW.text, NEW.key, NEW.domain)
    assert people.find(ANNA) is None
    assert _edit(people, NEW, address=Address.parse("ANNA@neu.example.org")).address == "ANNA@neu.example.org"


def test_nobody_moves_where_they_must_not(people: SubscriberList) -> None:
    """A taken, a suppressed and an erased address are refused, and nothing changes."""
    before = _add(people)
    _add(people, NEW)
    with pytest.raises(rights.TakenError):
        _edit(people, address=NEW)
    _erase(people, NEW)
    with pytest.raises(rights.BarredError, match="erased"):
        _edit(people, address=NEW)
    with writing(people.db):
        people.suppression.add([Entry("@barred.example", "complained", "test", "")])
    with pytest.raises(rights.BarredError, match="complained"):
        _edit(people, address=Address.parse("a@barred.example"))
    assert people.get(ANNA) == before


def test_tags_are_given_and_taken(people: SubscriberList) -> None:
    """Only those who really change count and get an event."""
    _add(people, tags=frozenset({"old"}))
    _add(people, NEW, tags=frozenset({"new"}))
    add, drop = frozenset({"new"}), frozenset({"old"})
    assert rights.tag(people, [ANNA, NEW], add=add, drop=drop, source="test", now=NOW) == 1
    assert people.get(ANNA).tags == {"new"}
    *_, event = people.log.of_person(people.get(ANNA).id)
    assert event.detail == {"changes": {"tags": [["old"], ["new"]]}}
    with pytest.raises(UsageError):
        rights.tag(people, [ANNA], add=frozenset({"a,b"}), drop=drop, source="test", now=NOW)


def test_tagging_is_for_all_or_nobody(people: SubscriberList) -> None:
    """One address that is not on the list, and nobody is changed."""
    _add(people)
    with pytest.raises(NoSubscriberError):
        rights.tag(people, [ANNA, NEW], add=frozenset({"x"}), drop=frozenset(), source="test", now=NOW)
    assert people.get(ANNA).tags == frozenset()


def test_leaving_works_once_and_always(people: SubscriberList) -> None:
    """Who leaves has left; leaving again changes nothing, and a complaint stays a complaint."""
    number = _add(people).id
    assert _leave(people).status is Status.UNSUBSCRIBED
    assert _leave(people).status is Status.UNSUBSCRIBED
    assert [event.kind for event in people.log.of_person(number)] == ["added", "unsubscribed"]
    _add(people, NEW)
    with writing(people.db):
        people.set_status(people.get(NEW), Status.COMPLAINED, at="2024", source="test", detail={})
    assert _leave(people, NEW).status is Status.COMPLAINED


def test_a_dossier_has_everything(people: SubscriberList) -> None:
    """Row, events, suppression: all that is kept; of somebody unknown nothing, which is an answer too."""
    _add(people, first_name="Anna")
    _edit(people, first_name="Anne")
    with writing(people.db):
        people.suppression.add([Entry(ANNA.key, "hard bounce", "test", "")])
    found = json.loads(json.dumps(rights.dossier(people, ANNA).as_dict()))
    assert list(found) == ["address", "subscriber", "events", "erased_at", "suppressed"]
    assert found["subscriber"]["first_name"] == "Anne"
    assert [event["kind"] for event in found["events"]] == ["added", "edited"]
    assert "hard bounce" in found["suppressed"]
    nobody = rights.dossier(people, NEW).as_dict()
    assert nobody == {
        "address": NEW.text, "subscriber": None, "events": [], "erased_at": None, "suppressed": None
    }  # fmt: skip


WORDS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=40).filter(
    lambda text: "=?" not in text
)
TAGS = st.frozensets(
    st.from_regex(r"[\w äöü-]{1,20}", fullmatch=True).map(str.strip).filter(bool), max_size=3
)
PERSONS = st.builds(
    Person,
    form=st.sampled_from(["none", "frau", "herr", "neutral"]),
    title=WORDS,
    first_name=WORDS,
    last_name=WORDS,
    organisation=WORDS,
    language=st.sampled_from(["", "de", "de-at", "en"]),
    tags=TAGS,
    fields=st.fixed_dictionaries({}, optional={"region": WORDS, "vip": st.sampled_from(["ja", "nein"])}),
)


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(person=PERSONS)
def test_whoever_is_exported_comes_back_the_same(tmp_path: Path, person: Person) -> None:
    """What `portable` gives is what was kept, and an exported person is unchanged when imported again."""
    for path in tmp_path.iterdir():
        path.unlink()
    with crowd.opened_list(tmp_path) as people:
        added = _add(people, **vars(person))
        taken = json.loads(json.dumps(rights.portable(added)))
        assert list(taken) == [
            "address", "form", "title", "first_name", "last_name", "organisation", "language", "tags",
            "fields", "joined_at",
        ]  # fmt: skip
        again = Person(**{**{name: taken[name] for name in vars(person)}, "tags": frozenset(taken["tags"])})
        assert again == Person(**{name: getattr(added, name) for name in vars(person)})
        exporting.write(people, tmp_path / "people.csv", "csv")
        text = (tmp_path / "people.csv").read_text(encoding="utf-8-sig")
        outcome = _import(people, tmp_path / "again.csv", text)
        assert (outcome.unchanged, outcome.changed, outcome.rejects) == (1, 0, [])


def test_nothing_of_an_erased_person_is_left(people: SubscriberList, tmp_path: Path) -> None:
    """No byte of address, former address or name is in any file of the database, and the log is whole."""
    words = [
        ANNA.text,
        "anna.muster",
        NEW.text,
        "Mustermann",
        "Bürgerwehr",
        "wechselt die Stelle",
        "musterland",
    ]
    _import(people, tmp_path / "anna.csv", f"email;nachname\n{ANNA.text};Mustermann\nb@example.org;Beier\n")
    _edit(people, organisation="Bürgerwehr", fields={"region": "Musterland"})
    rights.tag(people, [ANNA], add=frozenset({"mustertag"}), drop=frozenset(), source="test", now=NOW)
    _edit(people, address=NEW, last_name="M")
    rights.unsubscribe(people, NEW, source="test", reason="wechselt die Stelle", now=NOW)
    headers = (ANNA.text, "Mustermann")
    with writing(people.db):
        people.suppression.add([Entry(ANNA.key, "Frau Mustermann hat sich beschwert", "test", "")])
        people.suppression.add([Entry("@example.org", "domain", "test", "")])
        columns.remember(people.db.conn, headers, {ANNA.text: "address"}, "2024")
    assert _left(tmp_path, *words) == words
    assert _erase(people, NEW)
    assert _left(tmp_path, *words, "mustertag") == []
    assert _left(tmp_path, "b@example.org", "Beier", "@example.org") == [
        "b@example.org",
        "Beier",
        "@example.org",
    ]
    assert _damages(people) == []


def test_the_words_of_one_persons_consent_are_erased(people: SubscriberList, tmp_path: Path) -> None:
    """A consent that was typed for one person may name them, so it goes with them."""
    consent = "Mail von Frau Mustermann vom 3. Mai"
    person = Person()
    rights.add(people, ANNA, person, status=Status.ACTIVE, consent=consent, source="test", now=NOW)
    assert _left(tmp_path, "Mustermann") == ["Mustermann"]
    _erase(people)
    assert _left(tmp_path, "Mustermann") == []


def test_no_copy_is_left_in_a_large_list(people: SubscriberList, tmp_path: Path) -> None:
    """Pages that SQLite divided and freed while the list grew and changed hold nothing of the erased."""
    people.db.conn.execute("PRAGMA secure_delete = OFF")
    names = [f"u{number * 7919 % 10007}" for number in range(1, 3001)]
    rows = "".join(f"{name}@example.org;{name * 3}\n" for name in names)
    _import(people, tmp_path / "a.csv", "email;nachname\n" + rows)
    _import(people, tmp_path / "b.csv", "email;nachname\n" + rows.replace(";", ";von "))
    gone = [f"{name}@example.org" for name in names[::300]]
    for address in gone:
        _edit(people, Address.parse(address), address=Address.parse(f"neu-{address}"))
    assert len(_left(tmp_path, *gone)) == len(gone)
    for address in gone:
        _erase(people, Address.parse(f"neu-{address}"))
    assert _left(tmp_path, *gone) == []


def test_no_import_brings_an_erased_person_back(people: SubscriberList, tmp_path: Path) -> None:
    """Neither the last address nor a former one is taken again; only a keyed hash of each is kept."""
    _add(people)
    _edit(people, address=NEW)
    _erase(people, NEW)
    outcome = _import(people, tmp_path / "a.csv", f"email\n{ANNA.text}\n{NEW.text.upper()}\nc@example.org\n")
    assert (outcome.added, outcome.rejected) == (1, 2)
    assert all("erased" in one.reason for one in outcome.rejects)
    with pytest.raises(rights.BarredError, match="erased"):
        _add(people)
    assert people.erased_at(ANNA) == "2024-03-02T12:00:00+00:00"
    digests = [row[0] for row in people.db.conn.execute("SELECT digest FROM erased")]
    assert sorted(digests) == sorted([people.digest(ANNA.key), people.digest(NEW.key)])


def test_a_former_address_that_somebody_else_has_stays_theirs(people: SubscriberList) -> None:
    """The successor in an office is not barred with the predecessor."""
    _add(people)
    _edit(people, address=NEW)
    successor = _add(people)
    _erase(people, NEW)
    assert people.get(ANNA) == successor
    assert people.barred([ANNA.key]) == {}


def test_erasing_somebody_unknown_bars_them(people: SubscriberList) -> None:
    """They asked for it, so a later import must not bring them; erasing twice is no mistake."""
    assert _erase(people) is False
    assert _erase(people) is False
    assert ANNA.key in people.barred([ANNA.key])


def test_removing_allows_a_new_beginning(people: SubscriberList, tmp_path: Path) -> None:
    """An entry made by mistake goes with all its data and may be made again, under a new number."""
    number = _add(people).id
    assert _erase(people, bar=False)
    assert _left(tmp_path, ANNA.text) == []
    assert _add(people).id > number
    assert _damages(people) == []
    with pytest.raises(NoSubscriberError):
        _erase(people, NEW, bar=False)


def test_who_has_left_is_not_removed(people: SubscriberList) -> None:
    """Removing them would forget that they left, and the next import would bring them back."""
    _add(people)
    left = _leave(people)
    with pytest.raises(forgetting.GoneError) as found:
        _erase(people, bar=False)
    assert "erase" in found.value.cure
    assert people.get(ANNA) == left
    assert _erase(people)


def test_traces_that_cannot_be_cleaned_are_told(people: SubscriberList, tmp_path: Path) -> None:
    """While another process reads, the file cannot be cleaned: that is said, and done the next time."""
    _add(people)
    people.db.conn.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM subscriber").fetchall()
        with pytest.raises(forgetting.TracesError):
            _erase(people)
    assert people.find(ANNA) is None
    assert _erase(people) is False
    assert _left(tmp_path, ANNA.text) == []


def test_unconfirmed_sign_ups_are_deleted_in_time(people: SubscriberList, tmp_path: Path) -> None:
    """At the set day, not before, a pending person is gone with all data; the log says so without them."""
    number = _add(people, status="pending").id
    _add(people, NEW)
    early, late = NOW + timedelta(days=14, seconds=-1), NOW + timedelta(days=14)
    assert forgetting.tidy(people, now=early) == forgetting.Tidied(0, 0)
    assert forgetting.tidy(people, now=late) == forgetting.Tidied(1, 0)
    assert forgetting.tidy(people, now=late) == forgetting.Tidied(0, 0)
    assert people.find(ANNA) is None
    assert people.find(NEW) is not None
    assert [(event.kind, event.detail) for event in people.log.of_person(number)] == [
        ("added", None), ("expired", {})
    ]  # fmt: skip
    assert people.barred([ANNA.key]) == {}
    assert _left(tmp_path, ANNA.text) == []
    assert _damages(people) == []


def test_shortened_ip_addresses_are_deleted_in_time(people: SubscriberList) -> None:
    """What proves a consent stays, the network it came from goes."""
    number = _add(people).id
    with writing(people.db):
        people.db.conn.execute("INSERT INTO event_ip VALUES (1, '192.0.2.0/24', '2024-03-08T00:00:00+00:00')")
    assert [event.network for event in people.log.of_person(number)] == ["192.0.2.0/24"]
    assert forgetting.tidy(people, now=NOW + timedelta(days=30)) == forgetting.Tidied(0, 1)
    assert [event.network for event in people.log.of_person(number)] == [None]
