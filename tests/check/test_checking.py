"""Checking as a whole: places, weights, what is set off."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.check import registry
from newsletter.check.finding import Severity
from newsletter.errors import UsageError
from tests.check import proofs


def test_a_fault_of_the_file_is_an_error(tmp_path: Path) -> None:
    """What keeps an issue from being composed is told with its line; the other texts are looked at too."""
    found = proofs.report(tmp_path, {"type": "article", "headng": "Falsch"})
    first = next(finding for finding in found.findings if finding.rule == "issue.fault")
    assert first.severity is Severity.ERROR
    assert first.where.line > 0
    assert found.digest == ""
    assert found.errors


def test_words_are_found_where_they_were_written(tmp_path: Path) -> None:
    """By their line and column, whatever Markdown and typography made of them."""
    proof = proofs.proof(tmp_path, "Erste Zeile.\n\nZweite mit **fetten** Worten - und Strich.\n")
    raw = proof.file.read_text(encoding="utf-8").splitlines()
    where = proof.where("Zweite mit fetten Worten – und Strich")
    assert raw[where.line - 1].strip().startswith("Zweite")
    assert raw[where.line - 1][where.column - 1 :].startswith("Zweite")


def test_rules_can_be_set_off_with_a_reason(tmp_path: Path) -> None:
    """In newsletter.toml (nested or quoted) or in the issue; the report shows the reason; faults stay."""
    head = {"check": {"off": {"content": "Ein Versuch"}}}
    found = proofs.report(tmp_path, head=head, settings='\n[check.off]\ninbox = "Nur intern"\n')
    assert {(one.rule, one.reason, one.place) for one in found.off} == {
        ("inbox", "Nur intern", "newsletter.toml"),
        ("content", "Ein Versuch", "issue.yaml"),
    }
    assert not [one for one in found.findings if one.rule.startswith(("content.", "inbox."))]


def test_only_rules_that_exist_can_be_asked() -> None:
    """With a guess at what was meant."""
    with pytest.raises(UsageError, match=r"content\.dead-lnk"):
        registry.chosen(["content.dead-lnk"], with_online=False)
    assert [rule.id for rule in registry.chosen(["issue"], with_online=False)] == ["issue.fault"]
