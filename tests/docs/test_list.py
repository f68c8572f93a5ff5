"""The document about the list: its commands do what it says, its expressions find whom it names.

What the commands print is compared by test_generated.py; `python -m tests.docs.generate` writes it anew.
"""

from __future__ import annotations

import re

import pytest

from newsletter.subscribers import segments
from newsletter.subscribers.segment_syntax import SIGNS, WORDS
from tests.docs.documents import DOCS, between, code_spans
from tests.docs.transcript import LIST, REFUSED, played
from tests.docs.workspaces import sample

_HOST = re.compile(r"@([\w.-]*\w)")


def _expressions() -> list[str]:
    _before, rows, _after = between(LIST.read_text(encoding="utf-8"), "where")
    return re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE)


def test_every_command_ends_as_it_says() -> None:
    """Those that are refused are marked so, all others succeed."""
    runs = played(LIST, "de").runs
    assert len(runs) > 30
    wrong = [run for run in runs if not run.ended_as_marked]
    assert wrong == [], f"mark what is refused: ```sh {REFUSED}"


@pytest.mark.parametrize("expression", _expressions())
def test_an_expression_distinguishes(expression: str) -> None:
    """Each example finds somebody and leaves somebody out, or else it would explain nothing."""
    found = played(LIST, "de").found
    everybody = {address for addresses in found.values() for address in addresses}
    compared_with_a_day = expression.startswith("joined")  # all of them joined when the test ran
    assert compared_with_a_day or 0 < len(found[expression]) < len(everybody)


def test_every_name_and_operator_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The language has nothing that the document leaves out."""
    settings = sample(tmp_path_factory.mktemp("list") / "office", "de").settings
    told = set(code_spans(LIST))
    assert set(segments.names(settings)) - told == set()
    assert {*SIGNS, *WORDS, "in (…)", "is empty", "and", "or", "not"} - told == set()


def test_the_editors_guide_leads_here() -> None:
    """Whoever writes an issue finds the document about segments."""
    assert f"{LIST.name}#schlagwörter-und-segmente" in (DOCS / "anleitung.md").read_text(encoding="utf-8")


def test_people_of_the_document_are_made_up() -> None:
    """No address of it can belong to anybody (RFC 2606)."""
    hosts = _HOST.findall(LIST.read_text(encoding="utf-8"))
    assert [host for host in hosts if not host.endswith(".example")] == []
