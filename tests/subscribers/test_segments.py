"""Segments: a small language that finds exactly those it says, and never lets a text become SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter.errors import UsageError
from newsletter.subscribers import periods, segments
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.model import Subscriber
from newsletter.subscribers.segment_syntax import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, MAX_VALUES
from newsletter.subscribers.segments import SegmentError
from tests.subscribers import crowd

SETTINGS = crowd.settings()
WORDS = [
    "Köln",
    "köln",
    "KÖLN",
    "Kreis Borken",
    "O'Neill",
    'der "Neue"',
    "50% *?[x]",
    "a_b",
    "Θεσσαλονίκη",
    "ß",
    "",
]
TAGS = ["kreise", "Kreise", "portal", "äöü", "a*b"]
NUMBERS = ["-3", "0", "2.5", "12", "100"]
DAYS = ["2010-01-01", "2023-12-31", "2024-01-01", "2024-02-29"]
MOMENTS = ["2023-12-31T22:59:59+00:00", "2023-12-31T23:00:00+00:00", "2024-02-29T12:00:00+00:00"]
ADDRESSES = ["Erika@kreis.nrw.de", "max@stadt.nrw.de", "info@köln.de", "a.b@example.org", "[x]@example.org"]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SubscriberList]:
    """A list with people of many kinds."""
    with crowd.opened_list(tmp_path_factory.mktemp("segments")) as people:
        for number in range(60):
            pick = [number // step for step in (1, 2, 3, 5, 7)]
            fields = {
                "region": WORDS[pick[2] % len(WORDS)],
                "size": NUMBERS[pick[1] % 5] if number % 3 else "",
                "since": DAYS[pick[3] % 4] if number % 4 else "",
                "vip": ("true", "false", "")[pick[4] % 3],
            }
            crowd.join(
                people,
                f"p{number}.{ADDRESSES[number % 4]}",
                status=("active", "pending", "unsubscribed", "bounced", "complained")[pick[1] % 5],
                form=("none", "frau", "herr", "neutral")[pick[0] % 4],
                organisation=WORDS[number % len(WORDS)],
                language=("de", "en", "")[pick[3] % 3],
                joined_at=MOMENTS[pick[2] % 3],
                tags=[tag for place, tag in enumerate(TAGS) if number >> place & 1],
                fields={name: value for name, value in fields.items() if value},
            )
        yield people


def _found(people: SubscriberList, text: str) -> set[int]:
    sql, values = segments.where(text, people.settings)
    return {person.id for person in people.each(sql, values)}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("status = active", lambda p: p.status == "active"),
        ("STATUS IN (active, Pending)", lambda p: p.status in {"active", "pending"}),
        ("not status = active", lambda p: p.status != "active"),
        ("tag = kreise", lambda p: p.tags & {"kreise", "Kreise"}),
        ("tag != PORTAL", lambda p: "portal" not in p.tags),
        ('tag begins "äö"', lambda p: "äöü" in p.tags),
        ('tag = "a*b"', lambda p: "a*b" in p.tags),
        ("tag is empty", lambda p: not p.tags),
        ('domain ends ".nrw.de"', lambda p: p.domain.endswith(".nrw.de")),
        ("domain = KÖLN.de", lambda p: p.domain == "xn--kln-sna.de"),
        ("domain ends „öln.de“", lambda p: p.domain.endswith("xn--ln-fka.de")),
        ("address = P1.MAX@stadt.nrw.de", lambda p: p.key == "p1.max@stadt.nrw.de"),
        ("address ends @köln.de", lambda p: p.domain == "xn--kln-sna.de"),
        ("organisation = köln", lambda p: p.organisation.lower() == "köln"),
        ("organisation contains „REIS B“", lambda p: p.organisation == "Kreis Borken"),
        ("organisation begins with θΕΣ", lambda p: p.organisation.startswith("Θε")),
        ("organisation not ends with n", lambda p: not p.organisation.lower().endswith("n")),
        ("organisation = ''", lambda p: not p.organisation),
        ("language is not empty", lambda p: p.language),
        ("joined < 2024", lambda p: p.joined_at < "2023-12-31T23"),
        ("joined = 1.1.2024", lambda p: p.joined_at == MOMENTS[1]),
        ("joined > 2024-01", lambda p: p.joined_at == MOMENTS[2]),
        ("size > 2,5", lambda p: float(p.fields.get("size", "-9")) > 2.5),
        ("size <= 2.5", lambda p: float(p.fields.get("size", "99")) <= 2.5),
        ("size != 12", lambda p: p.fields.get("size") != "12"),
        ("since >= 2023-12", lambda p: p.fields.get("since", "") >= "2023-12-01"),
        ("since < 2024", lambda p: "" < p.fields.get("since", "") < "2024"),
        ("vip = ja", lambda p: p.fields.get("vip") == "true"),
        ("vip is empty", lambda p: "vip" not in p.fields),
        (
            "form = frau or form = herr and status = active",
            lambda p: p.form == "frau" or (p.form == "herr" and p.status == "active"),
        ),
        (
            "(form = frau or form = herr) and status = active",
            lambda p: p.form in {"frau", "herr"} and p.status == "active",
        ),
        (
            "fields.region in (Köln, „Kreis Borken“)",
            lambda p: p.fields.get("region", "").lower() in {"köln", "kreis borken"},
        ),
    ],
)  # fmt: skip
def test_finds_those_it_says(people: SubscriberList, text: str, holds: Any) -> None:
    """An expression finds those people for whom it holds, and nobody else."""
    size_comma = text.replace("2,5", '"2,5"')
    wanted = {person.id for person in people.each() if holds(person)}
    assert _found(people, size_comma) == wanted
    assert wanted != {person.id for person in people.each()}


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 0, "A name such as “status” or “tag” belongs here, not the end."),
        ("statsu = active", 0, "Did you mean “status”?"),
        ("status = actve", 9, "Did you mean “active”?"),
        ("status == active", 7, "An operator belongs here, not “==”."),
        ("status active", 7, "An operator belongs here"),
        ("organisation contain x", 13, "Did you mean “contains”?"),
        ("organisation = Kreis Borken", 21, "Put a value of several words in quotes."),
        ('organisation = "Kreis', 15, "quotation mark is not closed"),
        ("(status = active", 16, "“and”, “or” or “)” belongs here, not the end."),
        ("status = active)", 15, "“and”, “or” or the end belongs here, not “)”."),
        ("region < Köln", 7, "“<” does not go with “region”."),
        ("status is empty", 7, "“is empty” does not go with “status”."),
        ("size = groß", 7, "is not a number"),
        ("joined = gestern", 9, "is no date"),
        ("joined = 2023-02-29", 9, "there is no day"),
        ('tag = "a,b"', 6, "without commas"),
        ("organisation contains ''", 22, "nothing between the quotes"),
        ("domain contains ö", 16, "umlauts"),
        ("tag in kreise", 7, "“(” belongs here"),
        ("status = and", 9, "A value belongs here, not “and”."),
        ("status = \x1b[31m", 9, "control character"),
        ("not " * (MAX_DEPTH + 1) + "vip = ja", 4 * MAX_DEPTH, "inside each other"),
        (" or ".join(["tag=a"] * (MAX_TERMS + 1)), 9 * MAX_TERMS - 3, "comparisons"),
        (f"tag in ({','.join(['a'] * (MAX_VALUES + 1))})", 8 + 2 * MAX_VALUES, "A list can have"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH, "2000 are possible"),
    ],
)
def test_a_fault_points_at_its_place(text: str, at: int, says: str) -> None:
    """A wrong expression is told with its place, what is wrong, and how it is put right."""
    with pytest.raises(SegmentError) as caught:
        segments.where(text, SETTINGS)
    assert caught.value.at == at
    assert says in str(caught.value)
    shown, caret = caught.value.message.splitlines()[-2:]
    assert shown[len(caret) - 1 :].strip() == text[at : at + 60].strip().replace("\x1b", "")


def test_a_name_is_not_what_it_seems() -> None:
    """What looks like SQL is a value or a fault; only constants of ours stand in the SQL."""
    text = "organisation = \"'; DROP TABLE subscriber; --\" and region contains '%_'"
    sql, values = segments.where(text, SETTINGS)
    assert "DROP" not in sql
    assert "'; drop table subscriber; --" in values


def test_named_segments() -> None:
    """A segment without expression is those who carry its name as a tag; unknown ones are told."""
    used = crowd.settings(kreise="", north='domain ends ".nrw.de"')
    assert segments.segment("kreise", used) == segments.where('tag = "kreise"', used)
    assert segments.segment("north", used) == segments.where('domain ends ".nrw.de"', used)
    with pytest.raises(UsageError, match="Did you mean “kreise”"):
        segments.segment("kreis", used)


def test_all_wrong_segments_are_told() -> None:
    """Every wrong segment of newsletter.toml is found, the right ones are not."""
    used = crowd.settings(good="status = active", bad="statsu = active", worse="(", empty="")
    assert [name for name, _fault in segments.faults(used)] == ["bad", "worse"]


def test_names_that_clash_are_reached() -> None:
    """A field with the name of a column of ours is reached by `fields.NAME`."""
    used = crowd.settings()
    used = used.model_copy(update={"fields": {**used.fields, "status": used.fields["region"]}})
    assert "fields.status" in segments.names(used)
    assert "json_extract" in segments.where("fields.status = x", used).sql
    assert "json_extract" not in segments.where("status = active", used).sql


def test_not_means_the_rest(people: SubscriberList) -> None:
    """Whoever is not found by a comparison is found by its negation, also those with no value at all."""
    everybody = {person.id for person in people.each()}
    for text in ("region = Köln", "size > 2", "since < 2024", "vip = true", "tag = kreise", "joined = 2024"):
        assert _found(people, f"not {text}") == everybody - _found(people, text)


def test_a_changed_type_compares_nothing(people: SubscriberList) -> None:
    """Texts that were stored before a field became a number or date are neither smaller nor greater."""
    types = {"region": "number", "size": "date"}
    changed = {
        name: field.model_copy(update={"type": types.get(name, field.type)})
        for name, field in SETTINGS.fields.items()
    }
    used = SETTINGS.model_copy(update={"fields": changed})
    for text in ("region < 1", "region > -1", "size < 2999", "size > 1000"):
        assert people.count(*segments.where(text, used)) == 0


@pytest.mark.parametrize("inner", ["not (size > 3 and not (vip = ja or (#)))", "tag=a and (tag=b or (#))"])
def test_the_deepest_that_is_allowed_runs(people: SubscriberList, inner: str) -> None:
    """An expression as deep as allowed is one that SQLite can still read."""
    text = "#"
    while True:
        following = text.replace("#", inner)
        try:
            segments.where(following.replace("#", "size > 1"), SETTINGS)
        except SegmentError:
            break
        text = following
    people.count(*segments.where(text.replace("#", "size > 1"), SETTINGS))


WORDS_OF_OURS = (
    "status tag region size since vip joined domain address fields.region = != < >= in ( ) , and or not is"
    " empty contains begins ends with active 12 2024-01-01 true"
)
PIECES = st.sampled_from([*WORDS_OF_OURS.split(), '"', '"x"', "„Köln“", *"'*[%@.\0\ud800", "öln.de"])
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=25).map(" ".join) | st.text(max_size=80)


@given(text=TEXTS)
@rules(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_compiled_or_refused(people: SubscriberList, text: str) -> None:
    """Whatever somebody writes either counts people or is a SegmentError; never another failure."""
    try:
        condition = segments.where(text, SETTINGS)
    except SegmentError:
        return
    assert 0 <= people.count(*condition) <= 60


# A second implementation of the meaning, in Python, to compare with what SQLite finds.


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _alike(value: str, char: str) -> bool:
    value, char = (one.lower() if one.isascii() else one for one in (value, char))
    return char in {value, value.lower(), value.upper()}


def _same(wanted: str, text: str) -> bool:
    return len(wanted) == len(text) and all(map(_alike, wanted, text))


def _holds_text(sign: str, wanted: str, text: str) -> bool:
    size = len(wanted)
    if sign == "=":
        return _same(wanted, text)
    if sign == "begins":
        return _same(wanted, text[:size])
    if sign == "ends":
        return size <= len(text) and _same(wanted, text[len(text) - size :])
    return any(_same(wanted, text[at : at + size]) for at in range(len(text) - size + 1))


def _holds_ordered(sign: str, wanted: Any, value: Any) -> bool:
    order = "<" if value < wanted else ">" if value > wanted else "="
    return order in sign


def _text_test(name: str) -> st.SearchStrategy[tuple[str, Any]]:
    def read(person: Subscriber) -> str:
        return person.fields.get(name, "") if name == "region" else str(getattr(person, name))

    values = st.sampled_from([word for word in WORDS if word]) | st.text(
        "aäÄkKöÖ*?[]^-'\"", min_size=1, max_size=3
    )
    return st.tuples(st.sampled_from(["=", "contains", "begins", "ends"]), values).map(
        lambda pair: (
            f"{name} {pair[0]} {_quoted(pair[1])}",
            lambda person: _holds_text(pair[0], pair[1], read(person)),
        )
    )


def _number_test() -> st.SearchStrategy[tuple[str, Any]]:
    signs = st.sampled_from(["<", "<=", ">", ">=", "="])
    return st.tuples(signs, st.sampled_from(NUMBERS) | st.integers(-5, 120).map(str)).map(
        lambda pair: (
            f"size {pair[0]} {pair[1]}",
            lambda person: (
                "size" in person.fields
                and _holds_ordered(pair[0], float(pair[1]), float(person.fields["size"]))
            ),
        )
    )


def _date_test() -> st.SearchStrategy[tuple[str, Any]]:
    signs = st.sampled_from(["<", "<=", ">", ">=", "="])
    return st.tuples(
        signs, st.sampled_from(DAYS) | st.dates(date(2009, 1, 1), date(2030, 1, 1)).map(str)
    ).map(
        lambda pair: (
            f"since {pair[0]} {pair[1]}",
            lambda person: (
                "since" in person.fields and _holds_ordered(pair[0], pair[1], person.fields["since"])
            ),
        )
    )


def _tag_test() -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.sampled_from(["=", "contains", "begins", "ends"]), st.sampled_from(TAGS)).map(
        lambda pair: (
            f"tag {pair[0]} {_quoted(pair[1])}",
            lambda person: any(_holds_text(pair[0], pair[1], tag) for tag in person.tags),
        )
    )


def _status_test() -> st.SearchStrategy[tuple[str, Any]]:
    names = st.lists(st.sampled_from(["active", "pending", "bounced"]), min_size=1)
    return names.map(lambda found: (f"status in ({', '.join(found)})", lambda person: person.status in found))


LEAVES = st.one_of(
    _text_test("organisation"),
    _text_test("region"),
    _number_test(),
    _date_test(),
    _tag_test(),
    _status_test(),
)


def _grown(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    pairs = st.lists(inner, min_size=2, max_size=3)
    return (
        inner.map(lambda one: (f"not ({one[0]})", lambda person: not one[1](person)))
        | pairs.map(lambda many: (
            " and ".join(f"({one[0]})" for one in many), lambda person: all(one[1](person) for one in many)))
        | pairs.map(lambda many: (
            " or ".join(f"({one[0]})" for one in many), lambda person: any(one[1](person) for one in many)))
    )  # fmt: skip


@given(tree=st.recursive(LEAVES, _grown, max_leaves=8))
@rules(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_sqlite_and_python_agree(people: SubscriberList, tree: tuple[str, Any]) -> None:
    """What SQLite finds for an expression is what its meaning, written again in Python, finds."""
    text, holds = tree
    assume(len(text) <= MAX_LENGTH)
    assert _found(people, text) == {person.id for person in people.each() if holds(person)}


@given(day=st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_periods_cover_the_calendar(day: date) -> None:
    """A day, its month and its year contain it, and end where the next one begins."""
    year, month, number = day.year, day.month, day.day
    for text in (
        day.isoformat(),
        f"{year}-{month}",
        f"{year}",
        f"{month}.{year}",
        f"{number}.{month}.{year}",
    ):
        first, after = periods.days(text)
        assert first <= day < after
    assert periods.days(day.isoformat()) == (day, day + timedelta(days=1))


def test_a_day_begins_at_local_midnight() -> None:
    """Days are those of the newsletter's time zone, in summer and in winter."""
    winter, spring = periods.moments(date(2024, 3, 31), date(2024, 4, 1), "Europe/Berlin")
    assert (winter, spring) == ("2024-03-30T23:00:00+00:00", "2024-03-31T22:00:00+00:00")


def test_a_condition_can_be_joined(tmp_path: Path) -> None:
    """A condition stands in parentheses: whoever joins it with another changes nothing of its meaning."""
    with crowd.opened_list(tmp_path) as people:
        crowd.join(people, "a@example.org", status="bounced")
        sql, values = segments.where("status = bounced or status = active", people.settings)
        assert people.count(f"{sql} AND 0", values) == 0
