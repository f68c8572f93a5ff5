"""The suppression list: patterns that find exactly those they should, and its files in and out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter.errors import FaultsFound, UsageError
from newsletter.store.database import writing
from newsletter.subscribers import suppression_file
from newsletter.subscribers.suppression import Entry, normalised
from tests.subscribers import crowd

AT = "2024-05-01T00:00:00+00:00"


def _entry(pattern: str, reason: str = "complained") -> Entry:
    return Entry(normalised(pattern), reason, "test", AT)


def _read(path: Path) -> suppression_file.Reading:
    return suppression_file.read(path, reason="imported", source=f"file:{path.name}", at=AT)


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("A@Example.org", "a@example.org"),
        ("example.org", "@example.org"),
        ("@EXAMPLE.org", "@example.org"),
        ("köln.de", "@xn--kln-sna.de"),
        ("*@*.köln.de", "*@*.xn--kln-sna.de"),
        ("*.example.org", "*@*.example.org"),
        ("Info@*", "info@*"),
    ],
)
def test_patterns_have_one_form(pattern: str, kept: str) -> None:
    """Two spellings of a pattern are the same entry."""
    assert normalised(pattern) == kept
    assert normalised(kept) == kept


@pytest.mark.parametrize(
    "pattern", ["", "*", "*@*", "@", "*.*", "a b@example.org", "nonsense", "a@b@c", "@@x.de"]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    """What names nobody, or everybody, is no entry."""
    with pytest.raises(UsageError):
        normalised(pattern)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a@example.org", ["a@example.org"]),
        ("example.org", ["a@example.org", "b@example.org"]),
        ("*.example.org", ["a@mail.example.org"]),
        ("a@*", ["a@example.org", "a@mail.example.org"]),
        ("*@*ample.org", ["a@example.org", "a@mail.example.org", "b@example.org"]),
        ("[a]@*", []),
        ("?@*", []),
    ],
)
def test_patterns_find_those_they_say(tmp_path: Path, pattern: str, found: list[str]) -> None:
    """An address is itself, a domain everybody in it (and not below it), a star anything."""
    with crowd.opened_list(tmp_path) as people, writing(people.db):
        people.suppression.add([_entry(pattern)])
        keys = ["a@example.org", "a@mail.example.org", "b@example.org", "c@other.example"]
        assert sorted(people.suppression.reasons(keys)) == found


def test_an_entry_without_reason_counts(tmp_path: Path) -> None:
    """Whoever is listed without a reason is suppressed all the same."""
    with crowd.opened_list(tmp_path) as people, writing(people.db):
        people.suppression.add([_entry("a@example.org", reason=""), _entry("other.example", reason="")])
        assert len(people.suppression.reasons(["a@example.org", "c@other.example"])) == 2


def test_a_pattern_of_many_stars_is_quick(tmp_path: Path) -> None:
    """A pattern made to be slow is not."""
    with crowd.opened_list(tmp_path) as people, writing(people.db):
        people.suppression.add([_entry("*a" * 30 + "b@*")])
        assert people.suppression.reasons(["a" * 60 + "@example.org"] * 50) == {}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "pattern;reason\na@example.org;Anruf\n@spam.example;\n",
            [("a@example.org", "Anruf"), ("@spam.example", "imported")],
        ),
        ("a@example.org\nspam.example\n", [("a@example.org", "imported"), ("@spam.example", "imported")]),
        (
            "@spam.example;Anruf\n# Anmerkung\n\n'@b.example;'=1\n",
            [("@spam.example", "Anruf"), ("@b.example", "=1")],
        ),
        ("Grund,E-Mail\nBeschwerde,a@example.org\n", [("a@example.org", "Beschwerde")]),
    ],
    ids=["headings", "patterns alone", "no headings", "other order"],
)  # fmt: skip
def test_files_of_many_forms_are_read(tmp_path: Path, text: str, wanted: list[tuple[str, str]]) -> None:
    """A pattern a line, or columns with or without headings, in any order."""
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    reading = _read(path)
    assert reading.faults == ()
    assert [(entry.pattern, entry.reason) for entry in reading.entries] == wanted
    assert {(entry.source, entry.at) for entry in reading.entries} == {("file:list.csv", AT)}


def test_faults_are_told_by_line(tmp_path: Path) -> None:
    """Every wrong line is told at once, with its number."""
    path = tmp_path / "list.csv"
    path.write_text(
        "pattern;at\na@example.org;2024-01-01\nnonsense;\nb@example.org;gestern\n", encoding="utf-8"
    )
    reading = _read(path)
    assert [(fault.where.line, fault.message) for fault in reading.faults] == [
        (3, "“nonsense” is no address, domain or pattern."),
        (4, "“gestern” is no date such as 2024-05-01."),
    ]
    assert [entry.at for entry in reading.entries] == ["2024-01-01T00:00:00+00:00"]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A file that cannot be read at all is a fault of its own."""
    with pytest.raises(FaultsFound):
        _read(tmp_path / "nothing.csv")


REASONS = st.text(st.sampled_from("=+@'\"; ,aü"), max_size=10).map(str.strip)
PATTERNS = st.sampled_from(
    ["a@example.org", "@example.org", "*@*.example.org", "info@*", "=x@example.org", "+1@example.org"]
)


@given(listed=st.dictionaries(PATTERNS, REASONS, min_size=1))
@rules(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, listed: dict[str, str]) -> None:
    """An export is read back entry by entry, whatever the reasons say; none of its cells is a formula."""
    path = tmp_path_factory.mktemp("suppression") / "list.csv"
    entries = [Entry(pattern, reason or "none", "Amt: =1", AT) for pattern, reason in listed.items()]
    assert suppression_file.write(entries, path) == len(entries)
    assert _read(path) == suppression_file.Reading(tuple(entries), ())


def test_an_export_is_plain_csv() -> None:
    """Headings, semicolons, CRLF; an address that begins with a sign, and a domain, are no formulas."""
    target = io.BytesIO()
    suppression_file.write([Entry("@example.org", "x", "y", AT)], target)
    assert target.getvalue().decode("utf-8-sig") == f"pattern;reason;source;at\r\n'@example.org;x;y;{AT}\r\n"
