"""Plain text: 72 columns, flowed by RFC 3676, with lists, quotes, tables, and links numbered at its end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.flowed import WIDTH, columns, fill, written
from newsletter.compose.markdown import Markdown
from newsletter.compose.sheet import Sheet
from newsletter.errors import Fault, Where
from newsletter.issue.model import Text
from newsletter.language import Phrases
from tests.compose.kitchen_sink import kitchen_sink
from tests.compose.streams import paragraphs
from tests.compose.workshop import edition_of, neutral

WORD = st.text(
    alphabet=st.characters(
        blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters="\u00ad"
    ),
    min_size=1,
    max_size=90,
) | st.sampled_from(
    ["From", ">", ">>", "--", "*", "1.", "日本語" * 9, "https://lang.example/" + "x" * 90, "🙂"]
)
TEXTS = st.lists(WORD, min_size=1, max_size=40).map(" ".join)


def sheet() -> Sheet:
    """Begin a German plain-text part."""
    return Sheet(Phrases("de"))


def prose(text: str, on: Sheet | None = None) -> str:
    """Write Markdown as plain text."""
    faults: list[Fault] = []
    source = Text(text, "markdown", Where(Path("issue.yaml"), 1))
    found = Markdown("de", str).prose(source, text, faults)
    assert not faults
    return (on or sheet()).prose(found.tokens)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_flowed_lines_give_the_paragraph_back(text: str) -> None:
    """What a mail program makes of the lines by RFC 3676 is the paragraph, letter for letter."""
    assert paragraphs(sheet().paragraph(text)) == [text]


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 3))
def test_quoted_lines_give_the_paragraph_back(text: str, depth: int) -> None:
    """A quote comes back with its depth in marks that stand together."""
    quoted = written(replace(row, quotes=depth) for row in fill(text, width=WIDTH - 2))
    assert paragraphs(quoted) == [text]
    assert all(line.startswith(">" * depth + " ") for line in quoted.split("\n"))


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_lines_are_72_columns_wide(text: str) -> None:
    """A line is wider only when it is one word, or a lone `--` that must not stand before a line's end."""
    for row in fill(text):
        assert columns(row.text) <= WIDTH or " " not in row.text.removeprefix("-- ")
        assert str(row) != "-- "


@pytest.mark.parametrize(
    ("text", "width"),
    [
        pytest.param("Straße", 6, id="German"),
        pytest.param("日本", 4, id="wide"),
        pytest.param("e\u0301", 1, id="combining accent"),
        pytest.param("a\u00adb\u200bc", 3, id="soft hyphen and zero-width space"),
        pytest.param("ｆ", 2, id="full-width"),
    ],
)
def test_columns(text: str, width: int) -> None:
    """Columns are counted as a terminal shows them."""
    assert columns(text) == width


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("From hier", " From hier", id="From at the beginning (RFC 3676 §4.4)"),
        pytest.param("\\> a", " > a", id="a sign that looks like a quote"),
        pytest.param("Hier From", "Hier From", id="From later"),
    ],
)
def test_stuffing(text: str, line: str) -> None:
    """A line that begins like a quote or a mailbox's `From ` line is moved by a space."""
    assert prose(text) == line


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a\\\nb", ["a", "b"], id="hard break"),
        pytest.param("a\nb", ["a b"], id="soft break"),
        pytest.param("* a\n* b", ["* a", "* b"], id="tight list"),
        pytest.param("* a\n\n* b", ["* a", "", "* b"], id="loose list"),
        pytest.param(
            "* a\n  * b\n    1. c\n    2. d", ["* a", "   * b", "     1. c", "     2. d"], id="nested lists"
        ),
        pytest.param("9. a\n10. b\n\n    c", ["9. a", "", "10. b", "", "     c"], id="numbers"),
        pytest.param("> a\n>\n> b", ["> a", ">", "> b"], id="quote"),
        pytest.param("> > a", [">> a"], id="quote in a quote"),
        pytest.param("> * a\n> * b", ["> * a", "> * b"], id="list in a quote"),
        pytest.param("* > a", ["* > a"], id="quote in a list"),
        pytest.param("```\na  b \n\n  c\n```", ["a  b", "", "   c"], id="code"),
        pytest.param("> ```\n> a\n> ```", ["> a"], id="code in a quote"),
        pytest.param("* a\n\n  ```\n  b\n  ```", ["* a", "", "   b"], id="code in a list"),
        pytest.param("***", ["-" * 24], id="rule"),
        pytest.param("# a", ["a", "-"], id="heading"),
        pytest.param("|a|bb|\n|-|-|\n|ccc|d|", ["a    bb", "---  --", "ccc  d"], id="table"),
        pytest.param("> |a|\n> |-|\n> |b|", ["> a", "> -", "> b"], id="table in a quote"),
        pytest.param("**a** *b* ~~c~~ `d`", ["a b c d"], id="no signs for emphasis"),
    ],
)
def test_blocks(text: str, lines: list[str]) -> None:
    """Markdown's blocks keep their shape; no fixed line ends in a space."""
    assert prose(text).split("\n") == lines


def test_a_long_item_hangs() -> None:
    """The lines of an entry stand below its first word and are not flowed, or they would lose the indent."""
    first, second = prose("* " + "Wort " * 16).split("\n")
    assert first == "* " + " ".join(["Wort"] * 14)
    assert second == "   Wort Wort"


def test_a_wide_table_becomes_a_list() -> None:
    """A table wider than 72 columns is a list entry for each row, its cells in their order."""
    cell = "Eintrag von zwanzig Zeichen"
    assert prose(f"|a|b|c|\n|-|-|-|\n|{cell}|{cell}|{cell}|").split("\n") == [
        "* a · b · c",
        f"* {cell} · {cell} · Eintrag",
        "   von zwanzig Zeichen",
    ]


def test_links_are_numbered_once() -> None:
    """The same address has the same number wherever it is named; the list is in order."""
    on = sheet()
    text = "[a](https://a.example) [b](https://b.example) [c](https://a.example)"
    assert prose(text, on) == "a [1] b [2] c [1]"
    assert on.references() == "[1] https://a.example\n[2] https://b.example"


@pytest.mark.parametrize(
    ("label", "url"),
    [
        pytest.param("a@b.example", "mailto:a@b.example", id="mail"),
        pytest.param("https://a.example/b", "https://a.example/b", id="web"),
        pytest.param("+49 (0) 211 12-3", "tel:+49211123", id="telephone"),
        pytest.param("0211 / 123", "tel:0211123", id="local telephone"),
    ],
)
def test_an_address_is_its_own_label(label: str, url: str) -> None:
    """An address that is shown already is not repeated in the list."""
    on = sheet()
    assert on.ref(label, url) == label
    assert on.button(label, url) == label
    assert on.links == {}


def test_other_labels_are_numbered() -> None:
    """A label that only resembles the address is a label."""
    on = sheet()
    assert on.ref("www.a.example", "https://www.a.example") == "www.a.example [1]"
    assert on.ref("Amt 211", "tel:211") == "Amt 211 [2]"


def test_a_long_address_is_not_broken() -> None:
    """An address of any length stands on one line and can be clicked."""
    url = "https://a.example/" + "x" * 200
    on = sheet()
    assert on.button("Zum Antrag", url) == f"Zum Antrag:\n<{url}>"
    assert prose(f"Ein langes Wort davor und dann <{url}> danach.", on).split("\n")[1] == f"{url} "


def test_a_button_that_asks_needs_no_colon() -> None:
    """`Noch Fragen?` keeps its sign."""
    assert sheet().button("Noch Fragen?", "https://a.example").startswith("Noch Fragen?\n")


def test_images() -> None:
    """An image is what it shows, with its link; one that tells nothing is left out."""
    on = sheet()
    assert on.image("Das Rathaus") == "[Bild: Das Rathaus]"
    assert on.image("Das Rathaus", "https://a.example") == "[Bild: Das Rathaus] [1]"
    assert on.image("") == ""


def test_the_whole_part(tmp_path: Path) -> None:
    """No line but an address is wider than 78 columns, no blank lines stand together, one LF is last."""
    _html, text = neutral(kitchen_sink(tmp_path))
    for line in text.split("\n"):
        assert columns(line) <= 78 or re.fullmatch(r"(\[\d+\] |<)?\S+", line)
        assert not re.search(r"[\u00ad\t\r]", line)
    assert "\n\n\n" not in text
    assert text.endswith(">\n")
    assert not text.startswith("\n")


def test_hidden_places_have_room(tmp_path: Path) -> None:
    """A personal place in the text is filled literally, whatever its length."""
    found = edition_of(tmp_path, {"type": "letter", "text": "Liebe {{ first_name | Leserin }}, guten Tag."})
    assert "Liebe Ada, guten Tag." in found.fill(found.general.text, {"first_name": "Ada"})
