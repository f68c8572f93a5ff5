"""What a subscriber is: statuses, tags, fields and texts in their one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.settings_model import PersonalField
from newsletter.subscribers.fields import checked
from newsletter.subscribers.model import (
    FOLLOWS,
    GONE,
    Status,
    is_tag,
    line,
    may_follow,
    packed,
    packed_fields,
    unpacked,
)

DECLARED = {name: PersonalField(type=name) for name in ("text", "number", "date", "flag")}


def test_nobody_comes_back_but_by_asking() -> None:
    """From each status that means gone, `active` is reached only through `pending`."""
    for gone in GONE:
        assert not may_follow(gone, Status.ACTIVE)
        assert may_follow(gone, Status.PENDING)
    assert set(FOLLOWS) == set(Status)
    assert all(status not in after for status, after in FOLLOWS.items())


@given(st.frozensets(st.text("abcäö -_", min_size=1).filter(str.strip)))
def test_tags_survive(tags: frozenset[str]) -> None:
    """Tags come back as they were put in, always in the same order."""
    assert unpacked(packed(tags)) == tags
    assert packed(unpacked(packed(tags))) == packed(tags)


@pytest.mark.parametrize(
    ("tag", "is_one"),
    [
        ("kreise", True),
        ("Rat und Tat", True),
        ("", False),
        ("a,b", False),
        ("a;b", False),
        ("a\nb", False),
        ("x" * 51, False),
    ],
    ids=["word", "words", "empty", "comma", "semicolon", "newline", "long"],
)
def test_what_a_tag_can_be(tag: str, is_one: bool) -> None:  # noqa: FBT001 (a parametrised expectation)
    """A tag is short and has none of the signs that stand between tags."""
    assert is_tag(tag) is is_one


def test_fields_have_one_form() -> None:
    """The same fields in another order are the same text; none is `{}`."""
    assert packed_fields({"b": "ü", "a": "1"}) == packed_fields({"a": "1", "b": "ü"}) == '{"a":"1","b":"ü"}'
    assert packed_fields({}) == "{}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [(" Dr.\xa0med. ", "Dr. med."), ("a\u2009b", "a b"), ("Müller", "Müller")],
    ids=["no-break space", "thin space", "plain"],
)
def test_a_line_has_plain_spaces(text: str, kept: str) -> None:
    """Spaces that look the same become the same."""
    assert line(text) == kept


@pytest.mark.parametrize("text", ["a\r\nBcc: b", "\x00", "=?utf-8?q?x?=", "x" * 1001, "a\u2028b", "a\x85b"])
def test_what_could_smuggle_a_header_is_refused(text: str) -> None:
    """No line break of any kind, no encoded word, no endless text."""
    with pytest.raises(ValueError):  # noqa: PT011 (the text is all it says)
        line(text)


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("number", "12", "12"),
        ("number", "-3,50", "-3.5"),
        ("number", "1.0", "1"),
        ("date", "2.8.2023", "2023-08-02"),
        ("date", "2023-08-02", "2023-08-02"),
        ("flag", "Ja", "true"),
        ("flag", "0", "false"),
        ("flag", "x", "true"),
        ("text", " a\xa0b ", "a b"),
    ],
)
def test_fields_are_kept_in_one_form(kind: str, text: str, kept: str) -> None:
    """What people write in different ways is kept in one, which is its own form."""
    assert checked({kind: text}, DECLARED) == {kind: kept}
    assert checked({kind: kept}, DECLARED) == {kind: kept}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "nan"),
        ("number", "1e5"),
        ("number", "1_000"),
        ("number", "1.234,5"),
        ("number", "٣"),
        ("number", ""),
        ("date", "31.2.2024"),
        ("date", "2.8.23"),
        ("date", "morgen"),
        ("flag", "vielleicht"),
        ("text", "a\nb"),
        ("nothing", "x"),
    ],
)
def test_what_does_not_fit_its_type_is_told(kind: str, text: str) -> None:
    """The reason names the field, and the value where it is one."""
    with pytest.raises(ValueError, match=f"“{kind}”"):
        checked({kind: text}, DECLARED)
