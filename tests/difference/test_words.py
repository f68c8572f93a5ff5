"""Words: what was put in and taken out, as people read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.difference import words
from newsletter.difference.difference import joined

MARKS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
TEXTS = st.text(alphabet="ab ä.,-\n", max_size=60)


def _told(before: str, after: str) -> str:
    return "".join(piece.text.join(MARKS[piece.change]) for piece in words.compare(before, after))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "Das Freibad öffnet um 10 Uhr.",
            "Das Freibad öffnet um 14:30 Uhr.",
            "Das Freibad öffnet um [-10-]{+14:30+} Uhr.",
        ),
        ("Eins zwei drei", "Eins drei", "Eins [-zwei -]drei"),
        (
            "Wir laden alle ein, am Freitag",
            "Wir bitten euch ein, am Freitag",
            "Wir [-laden alle-]{+bitten euch+} ein, am Freitag",
        ),
        ("Ganz anders war es", "Nichts bleibt davon", "[-Ganz anders war es-]{+Nichts bleibt davon+}"),
        ("", "Neu", "{+Neu+}"),
        ("Alt", "", "[-Alt-]"),
        ("Gleich", "Gleich", "Gleich"),
    ],
    ids=["number", "taken out", "joined", "replaced whole", "new", "gone", "same"],
)
def test_changes_are_whole_words(before: str, after: str, told: str) -> None:
    """A time of day is one word; neighbouring changes are one; what shares little is replaced whole."""
    assert _told(before, after) == told


@given(TEXTS, TEXTS)
def test_both_sides_can_be_put_together_again(before: str, after: str) -> None:
    """The pieces hold both texts to the last letter."""
    pieces = words.compare(before, after)
    assert joined(pieces, "added") == before
    assert joined(pieces, "removed") == after


@given(st.lists(TEXTS, max_size=6), st.lists(TEXTS, max_size=6))
def test_aligning_loses_nothing(before: list[str], after: list[str]) -> None:
    """Each paragraph of both sides comes once, in its order."""
    pairs = list(words.align(before, after, str))
    assert [old for old, _new in pairs if old is not None] == before
    assert [new for _old, new in pairs if new is not None] == after


def test_a_changed_paragraph_finds_its_partner() -> None:
    """Even when another one was put in before it."""
    before = ["Das Freibad öffnet am Samstag um zehn Uhr."]
    after = ["Ein neuer Absatz davor.", "Das Freibad öffnet am Sonntag um zehn Uhr."]
    assert list(words.align(before, after, str)) == [(None, after[0]), (before[0], after[1])]
