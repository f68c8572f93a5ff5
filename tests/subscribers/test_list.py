"""The list: statuses follow the one table, list and log agree, and erased addresses stay away."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings as rules
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from newsletter.address import Address
from newsletter.store.database import writing
from newsletter.subscribers.list import NoSubscriberError, StatusError, SubscriberList
from newsletter.subscribers.log import Draft
from newsletter.subscribers.model import FOLLOWS, Status
from newsletter.subscribers.suppression import Entry
from tests.subscribers import crowd
from tests.subscribers.importer import imported, written

ADDRESSES = ("a@x.example", "b@x.example", "c@müller.example")


def said_by_the_log(people: SubscriberList) -> dict[int, str]:
    """Return the status of each person as their events tell it; nothing of those who were forgotten."""
    told: dict[int, str] = {}
    for person, kind, detail in people.db.conn.execute("SELECT person, kind, detail FROM event ORDER BY seq"):
        if kind in set(Status):
            told[person] = kind
        elif kind in {"added", "imported"} and detail is not None:
            told[person] = json.loads(detail)["status"]
        elif kind in {"erased", "removed", "expired"}:
            told.pop(person, None)
    return told


def said_by_the_list(people: SubscriberList) -> dict[int, str]:
    """Return the status of each person on the list."""
    return dict(people.db.conn.execute("SELECT id, status FROM subscriber").fetchall())


def test_finds_by_every_spelling(people: SubscriberList) -> None:
    """A person is found by their address in any capitals and either form of the domain."""
    number = crowd.join(people, "Erika@Müller.example")
    for spelling in ("erika@müller.example", "ERIKA@XN--MLLER-KVA.EXAMPLE"):
        found = people.get(Address.parse(spelling))
        assert (found.id, found.address, found.domain) == (
            number,
            "Erika@Müller.example",
            "xn--mller-kva.example",
        )
    with pytest.raises(NoSubscriberError, match=r"b@x\.example is not on the list"):
        people.get(Address.parse("b@x.example"))


@pytest.mark.parametrize("before", list(Status), ids=str)
@pytest.mark.parametrize("after", list(Status), ids=str)
def test_statuses_follow_the_table(people: SubscriberList, before: Status, after: Status) -> None:
    """Every pair of statuses goes as `FOLLOWS` says; what is refused leaves list and log as they were."""
    crowd.join(people, "a@x.example", status=str(before))
    person, events = people.get(Address.parse("a@x.example")), people.log.head()
    if after in FOLLOWS[before]:
        with writing(people.db):
            people.set_status(person, after, at=crowd.AT, source="test", detail={"why": "ü"})
        assert people.get(Address.parse("a@x.example")).status is after
        assert [event.kind for event in people.log.of_person(person.id)] == ["imported", str(after)]
    else:
        with pytest.raises(StatusError, match=f"is {before}; this cannot become {after}"), writing(people.db):
            people.set_status(person, after, at=crowd.AT, source="test", detail={})
        assert people.get(Address.parse("a@x.example")) == person
        assert people.log.head() == events


def test_a_stale_view_changes_nothing(people: SubscriberList) -> None:
    """Who has read a person before somebody else changed them is refused by the statement itself."""
    crowd.join(people, "a@x.example")
    stale = people.get(Address.parse("a@x.example"))
    with writing(people.db):
        people.set_status(stale, Status.COMPLAINED, at=crowd.AT, source="test", detail={})
    with pytest.raises(StatusError), writing(people.db):
        people.set_status(stale, Status.UNSUBSCRIBED, at=crowd.AT, source="test", detail={})
    assert people.get(Address.parse("a@x.example")).status is Status.COMPLAINED


def test_numbers_are_never_given_twice(people: SubscriberList) -> None:
    """The number of a forgotten person goes to nobody else, or the log would speak of two."""
    first = crowd.join(people, "a@x.example")
    with writing(people.db):
        people.forget(first)
    assert crowd.join(people, "a@x.example") == first + 1 == people.newest_id()


@pytest.mark.parametrize("count", [1, 499, 500, 1234], ids=str)
def test_erased_addresses_are_found_among_many(people: SubscriberList, count: int) -> None:
    """Of any number of addresses, exactly the erased and suppressed are barred, each with its reason."""
    keys = [f"p{one}@x.example" for one in range(count)]
    with writing(people.db):
        people.bar(Address.parse(keys[-1]), crowd.AT)
        people.bar(Address.parse("nobody@x.example"), crowd.AT)
        people.suppression.add([Entry("z@y.example", "", "test", crowd.AT)])
    barred = people.barred([*keys, "z@y.example"])
    assert set(barred) == {keys[-1], "z@y.example"}
    assert barred[keys[-1]].startswith("has had their data erased")
    assert barred["z@y.example"] == "is on the suppression list: "


class Life(RuleBasedStateMachine):
    """Random lives of three people: imports, changes of status, erasures, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.people = self.stack.enter_context(crowd.opened_list(self.folder))
        self.expected: dict[str, Status] = {}
        self.barred: set[str] = set()

    @rule(names=st.sets(st.sampled_from(ADDRESSES)), status=st.sampled_from([Status.ACTIVE, Status.PENDING]))
    def take_a_file(self, names: set[str], status: Status) -> None:
        """An import adds who is new, and brings nobody back."""
        lines = "\n".join(["E-Mail", *sorted(names)])
        outcome = imported(self.people, written(self.folder, f"{lines}\n"), status=str(status))
        new = names - set(self.expected) - self.barred
        assert outcome.added == len(new)
        gone = {
            name for name in names if self.expected.get(name, status) not in {Status.ACTIVE, Status.PENDING}
        }
        assert outcome.rejected == len(gone | (names & self.barred))
        self.expected.update(dict.fromkeys(new, status))

    @precondition(lambda self: self.expected)
    @rule(pick=st.integers(0, 2), after=st.sampled_from(list(Status)))
    def change(self, pick: int, after: Status) -> None:
        """A status changes as the table says, or not at all."""
        name = sorted(self.expected)[pick % len(self.expected)]
        before = self.expected[name]
        try:
            with writing(self.people.db):
                self.people.set_status(
                    self.people.get(Address.parse(name)), after, at=crowd.AT, source="test", detail={}
                )
        except StatusError:
            assert after not in FOLLOWS[before]
        else:
            assert after in FOLLOWS[before]
            self.expected[name] = after

    @precondition(lambda self: self.expected)
    @rule(pick=st.integers(0, 2))
    def erase(self, pick: int) -> None:
        """An erased person is gone, for imports as well."""
        name = sorted(self.expected)[pick % len(self.expected)]
        person = self.people.get(Address.parse(name))
        with writing(self.people.db):
            self.people.forget(person.id)
            self.people.bar(Address.parse(name), crowd.AT)
            self.people.log.append(crowd.AT, [Draft(person.id, "erased", "test", {})])
        del self.expected[name]
        self.barred.add(name)

    @invariant()
    def list_and_log_agree(self) -> None:
        """The list is what was expected, the log says the same, and verifies."""
        assert {one.address: one.status for one in self.people.each()} == self.expected
        assert said_by_the_log(self.people) == said_by_the_list(self.people)
        assert list(self.people.log.damages()) == []

    def teardown(self) -> None:
        """Remove the folder."""
        self.stack.close()


TestLife = Life.TestCase
TestLife.settings = rules(max_examples=25, stateful_step_count=12, deadline=None)
