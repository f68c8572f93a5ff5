"""The document about checking: its commands do what it says, and it leaves out neither option nor weight.

What the commands print is compared by test_generated.py; `python -m tests.docs.generate` writes it anew.
"""

from __future__ import annotations

import pytest

from newsletter.check import registry
from tests.docs import program
from tests.docs.documents import DOCS, anchors, code_spans
from tests.docs.transcript import CHECKING, played

LISTS = {"pruefregeln.md": "de", "check-rules.md": "en"}


def test_every_command_ends_as_it_says() -> None:
    """Those that find errors are marked so, all others succeed."""
    runs = played(CHECKING, "de").runs
    assert len(runs) > 6
    assert [run for run in runs if not run.ended_as_marked] == []


def test_what_is_found_is_what_the_example_was_written_for() -> None:
    """The day that does not exist, what was left to be filled in, the promise without a link."""
    text = CHECKING.read_text(encoding="utf-8")
    for rule in ("content.impossible-date", "content.placeholder", "content.promise"):
        assert f"  {rule}\n" in text
    assert '"content.impossible-date" = ' in text


def test_what_was_forced_is_on_record() -> None:
    """The last command shows the reason and the rules."""
    told = played(CHECKING, "de").runs[-1].output
    assert "Frist läuft heute ab, Landrätin Beispiel hat entschieden (content." in told


def test_every_option_is_told() -> None:
    """Each that the program has, but the help."""
    told = {word for span in code_spans(CHECKING) for word in span.split()}
    assert program.options(("check",)) - told - {"-h", "--help"} == set()


@pytest.mark.parametrize("name", LISTS)
def test_every_rule_is_listed(name: str) -> None:
    """With its id, under its family; the overview leads to each family."""
    spans = code_spans(DOCS / name)
    assert [rule for rule in registry.rules() if rule not in spans] == []
    assert len(anchors(DOCS / name)) > len(registry.rules())
