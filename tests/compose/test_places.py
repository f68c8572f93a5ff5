"""Personal places: what an editor writes in double braces, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.compose.places import PlaceBook
from newsletter.errors import Where
from newsletter.issue.model import Text
from newsletter.language import Phrases
from tests.compose.workshop import edition_of, faults_of, neutral


def book() -> PlaceBook:
    """Open a book with one field of the office's own."""
    return PlaceBook(["region"], Phrases("de"))


def text(value: str) -> Text:
    """Put a text below line 10."""
    return Text(value, "markdown", Where(Path("issue.yaml"), 10, 3), body=True)


def test_places_become_markers() -> None:
    """Each name with its fallback has one marker, in order of appearance."""
    places = book()
    marked = places.mark(
        text("{{ first_name | Sie }}, {{region|}}, {{ first_name|Sie }}, {{ first_name | du }}")
    )
    assert marked == "zqP01zq, zqP02zq, zqP01zq, zqP03zq"
    assert [(place.name, place.fallback) for place in places.places] == [
        ("first_name", "Sie"),
        ("region", ""),
        ("first_name", "du"),
    ]
    assert places.plain(marked) == "Sie, , Sie, du"
    assert places.faults == []


def test_a_salutation_has_its_own_fallback() -> None:
    """`{{ salutation }}` needs no fallback; in German it is the neutral one."""
    places = book()
    assert places.plain(places.mark(text("{{ salutation }}"))) == "Sehr geehrte Damen und Herren,"
    assert places.plain(places.mark(text("{{ salutation | Hallo, }}"))) == "Hallo,"


def test_a_fallback_is_one_line() -> None:
    """A fallback may be wrapped in the file; its white space is one space."""
    places = book()
    assert places.plain(places.mark(text("{{ first_name |\n  liebe\n  Leserin }}"))) == "liebe Leserin"


@pytest.mark.parametrize(
    ("value", "line", "words", "cure"),
    [
        pytest.param("a\n{{ frist_name | b }}", 12, "“frist_name”", "first_name", id="unknown"),
        pytest.param("{{ 7*7 }}", 11, "“7*7”", "Known here", id="a sum"),
        pytest.param("{{ self.__class__ | x }}", 11, "self.__class__", "", id="a template's trick"),
        pytest.param(
            "a\n\n{{ first_name }}", 13, "not known of every reader", "first_name | dear", id="no fallback"
        ),
        pytest.param(
            "{{ region | a }}\n{{ region | b }\n",
            12,
            "not closed: “{{ region | b }",
            "{{ first_name",
            id="not closed, behind a good one",
        ),
        pytest.param("a }} b", 11, "not closed: “}} b”", "{{ first_name", id="not opened"),
        pytest.param("a\nzqP01zq", 12, "reserved", "differently", id="the program's own marker"),
        pytest.param("zqB0zq", 11, "reserved", "differently", id="the marker of a fragment"),
    ],
)
def test_faults(value: str, line: int, words: str, cure: str) -> None:
    """What cannot be filled is told at its line, with what was meant."""
    places = book()
    places.mark(text(value))
    (fault,) = places.faults
    assert fault.where.line == line
    assert words in fault.message
    assert cure in fault.cure


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(
            {"type": "letter", "text": "[a](https://a.example/{{ first_name | b }})"}, id="in Markdown"
        ),
        pytest.param({"type": "letter", "text": "<https://a.example/{{ region | b }}>"}, id="as an address"),
        pytest.param(
            {"type": "partner", "name": "a", "link": "https://a.example/{{ first_name | b }}"}, id="url"
        ),
        pytest.param(
            {
                "type": "teaser",
                "heading": "a",
                "buttons": [{"label": "b", "url": "https://a.example/{{ region | c }}"}],
            },
            id="button",
        ),
    ],
)
def test_no_place_in_a_link(tmp_path: Path, section: dict[str, object]) -> None:
    """A link is the same for all: one that differs would tell who clicked."""
    (fault,) = faults_of(tmp_path, section)
    assert "cannot stand in a link" in fault.message


@pytest.mark.parametrize("url", ["https://a.example/zqP01zq", "https://a.example/zqB0zq"])
def test_no_marker_in_a_link(tmp_path: Path, url: str) -> None:
    """A link with the program's own marker is refused like any text with one."""
    (fault,) = faults_of(tmp_path, {"type": "partner", "name": "a", "link": url})
    assert "reserved" in fault.message


@pytest.mark.parametrize(
    "section",
    [
        pytest.param({"type": "letter", "heading": "An {{ region | alle }}"}, id="heading"),
        pytest.param({"type": "letter", "text": "An {{ region | alle }}"}, id="text"),
        pytest.param({"type": "letter", "text": "x", "signature": "An\n{{ region | alle }}"}, id="lines"),
        pytest.param(
            {"type": "image", "image": {"file": "logo.png", "alt": "An {{ region | alle }}"}}, id="alt"
        ),
        pytest.param({"type": "table", "columns": ["a"], "rows": [["An {{ region | alle }}"]]}, id="cell"),
    ],
)
def test_places_stand_in_every_text(tmp_path: Path, section: dict[str, object]) -> None:
    """A place is filled wherever text stands, in the mail, the plain text, and neutrally on the page."""
    found = edition_of(tmp_path, section)
    values = {"region": "<Köln>"}
    assert "&lt;Köln&gt;" in found.fill(
        found.general.html, values, lambda value: value.replace("<", "&lt;").replace(">", "&gt;")
    )
    assert "<Köln>" in found.fill(found.general.text, values)
    assert "alle" in found.page
    assert all("zqP" not in document for document in (*neutral(found), found.page))


def test_the_readers_value_is_literal(tmp_path: Path) -> None:
    """What stands in a reader's record is never read as a template."""
    found = edition_of(tmp_path, {"type": "letter", "text": "An {{ region | alle }}!"})
    assert "An {{7*7}}!" in found.fill(found.general.text, {"region": "{{7*7}}"})
