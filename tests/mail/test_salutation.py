"""How readers are addressed, and how a reader is described on the command line or in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import UsageError
from newsletter.language import Phrases
from newsletter.mail.salutation import Reader, values
from tests.mail.samples import SETTINGS

CHAIN = [
    ("frau", "", "Erika", "Müller", "Sehr geehrte Frau Müller,", "Dear Ms Müller,"),
    ("frau", "Dr.", "Erika", "Müller", "Sehr geehrte Frau Dr. Müller,", "Dear Dr. Müller,"),
    ("frau", "Dr.", "", "Müller", "Sehr geehrte Frau Dr. Müller,", "Dear Dr. Müller,"),
    ("frau", "Dr.", "Erika", "", "", ""),
    ("frau", "", "", "", "", ""),
    ("herr", "", "Max", "Müller", "Sehr geehrter Herr Müller,", "Dear Mr Müller,"),
    ("herr", "Prof. Dr.", "Max", "Müller", "Sehr geehrter Herr Prof. Dr. Müller,", "Dear Prof. Dr. Müller,"),
    ("herr", "", "Max", "", "", ""),
    ("neutral", "", "Kim", "Müller", "Guten Tag Kim Müller,", "Dear Kim Müller,"),
    ("neutral", "Dr.", "Kim", "Müller", "Guten Tag Dr. Kim Müller,", "Dear Dr. Kim Müller,"),
    ("neutral", "Dr.", "", "Müller", "", ""),
    ("neutral", "", "Kim", "", "", ""),
    ("none", "", "Erika", "Müller", "Guten Tag Erika Müller,", "Dear Erika Müller,"),
    ("none", "", "", "Müller", "", ""),
    ("none", "", "Erika", "", "", ""),
    ("none", "Dr.", "", "", "", ""),
    ("none", "", "", "", "", ""),
    ("none", " ", " \t", "\u00a0", "", ""),
    ("frau", "", "Erika", "  ", "", ""),
    ("frau", "", "Erika", "-", "", ""),
    ("none", "?", "Erika", " Müller ", "Guten Tag Erika Müller,", "Dear Erika Müller,"),
    ("frau", "  ", " ", " von der Tann ", "Sehr geehrte Frau von der Tann,", "Dear Ms von der Tann,"),
    ("none", "", "{name}", "{0}", "", ""),
    ("none", "", "{name}", "{x}", "Guten Tag {name} {x},", "Dear {name} {x},"),
]
ROWS = [
    pytest.param(language, *row[:4], row[4 + number], id="-".join((language, *row[:4])))
    for row in CHAIN
    for number, language in enumerate(("de", "en"))
]


@pytest.mark.parametrize(("language", "form", "title", "first", "last", "greeting"), ROWS)
def test_chain(language: str, form: str, title: str, first: str, last: str, greeting: str) -> None:
    """By form and last name, else by first and last name, else nothing: never a guess, never half a name."""
    data = {"form": form, "title": title, "first_name": first, "last_name": last}
    assert values(Reader.of(data, SETTINGS), Phrases(language))["salutation"] == greeting


def test_values_of_a_known_reader() -> None:
    """Every place has its value: the names with no space around them, and the newsletter's own fields."""
    reader = Reader(
        title="Dr.",
        first_name=" Erika ",
        last_name="Müller",
        organisation=" Kreis ",
        fields={"district": " Unna "},
    )
    assert values(reader, Phrases("en")) == {
        "salutation": "Dear Dr. Erika Müller,",
        "title": "Dr.",
        "name": "Erika Müller",
        "first_name": "Erika",
        "last_name": "Müller",
        "organisation": "Kreis",
        "district": "Unna",
    }


def test_values_of_an_unknown_reader() -> None:
    """Of one of whom nothing is known every value is empty, so that the fallbacks stand."""
    assert set(values(Reader(), Phrases("de")).values()) == {""}


def test_own_fields_never_stand_for_the_salutation() -> None:
    """A field of the newsletter that is named like a place of ours does not replace it."""
    reader = Reader(fields={"salutation": "Hallo Schatz,"})
    assert values(reader, Phrases("de"))["salutation"] == ""


def test_parse() -> None:
    """`key=value` pairs parted by commas; segments parted by +."""
    text = "first_name=Erika, last_name = Beispiel,form=frau,district=Unna=West,segments=districts+cities"
    assert Reader.parse(text, SETTINGS) == Reader(
        form="frau",
        first_name="Erika",
        last_name="Beispiel",
        fields={"district": "Unna=West"},
        segments=frozenset({"districts", "cities"}),
    )


@pytest.mark.parametrize("text", ["", " , "])
def test_parse_nothing(text: str) -> None:
    """Nothing said is a reader of whom nothing is known."""
    assert Reader.parse(text, SETTINGS) == Reader()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("fist_name=Erika", "Did you mean “first_name”", id="key"),
        pytest.param("distric=Unna", "Did you mean “district”", id="own-field"),
        pytest.param("form=frua", "Did you mean “frau”", id="form"),
        pytest.param("segments=district", "Did you mean “districts”", id="segment"),
        pytest.param("organisation=Amt, Abteilung 3", "TOML or JSON", id="comma-in-a-value"),
        pytest.param("title=Dr.,title=Prof.", "twice", id="twice"),
    ],
)
def test_parse_mistakes(text: str, message: str) -> None:
    """What is not known is wrong usage, with the nearest thing that is."""
    with pytest.raises(UsageError, match=message):
        Reader.parse(text, SETTINGS)


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        pytest.param(
            "reader.toml",
            'last_name = "Müller, geb. Meier"\nmembers = 12\nsegments = ["districts"]\n',
            id="toml",
        ),
        pytest.param(
            "reader.json",
            '{"last_name": "Müller, geb. Meier", "members": "12", "segments": "districts"}',
            id="json",
        ),
    ],
)
def test_from_file(tmp_path: Path, filename: str, content: str) -> None:
    """A file holds the same keys; numbers need no quotes."""
    path = tmp_path / filename
    path.write_text(content, encoding="utf-8")
    assert Reader.from_file(path, SETTINGS) == Reader(
        last_name="Müller, geb. Meier", fields={"members": "12"}, segments=frozenset({"districts"})
    )


@pytest.mark.parametrize(
    ("filename", "content", "message"),
    [
        pytest.param("reader.toml", b"last_name = ", "cannot be read", id="no-toml"),
        pytest.param("reader.json", b"{", "cannot be read", id="no-json"),
        pytest.param("reader.json", b"[]", "does not describe", id="no-object"),
        pytest.param("reader.toml", b"\xff", "cannot be read", id="no-utf-8"),
        pytest.param("reader.toml", b"title = true", "quotes", id="no-text"),
        pytest.param("reader.toml", b"segments = 3", "list of names", id="no-list"),
        pytest.param("reader.toml", b"lastname = 'x'", "Did you mean “last_name”", id="key"),
    ],
)
def test_file_mistakes(tmp_path: Path, filename: str, content: bytes, message: str) -> None:
    """A file that is no reader is wrong usage."""
    path = tmp_path / filename
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        Reader.from_file(path, SETTINGS)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is wrong usage, and named."""
    with pytest.raises(UsageError, match=r"nobody\.toml"):
        Reader.from_file(tmp_path / "nobody.toml", SETTINGS)
