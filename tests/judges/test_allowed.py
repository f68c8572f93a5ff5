"""The allow-list can only shrink."""

from __future__ import annotations

import re

from tests.judges.allowed import Necessity, read_necessities, without_necessities
from tests.judges.model import Finding, Verdict


def verdict(*messages: str) -> Verdict:
    """A verdict of the Nu checker with these messages."""
    findings = tuple(Finding(rule="error", message=message, place="1:1") for message in messages)
    return Verdict(judge="W3C Nu", version="1", page="mail.html", findings=findings)


def necessity(message: str, *, at_most: int | None = None) -> Necessity:
    """An entry for messages of this form."""
    return Necessity(message=re.compile(message), reason="Word needs it", at_most=at_most)


def test_an_allowed_message_is_counted_and_taken_away() -> None:
    """What an entry matches is no finding; all else stays one."""
    [result] = without_necessities([verdict("old width", "bad tag")], [necessity("old .*")])
    assert [finding.message for finding in result.findings] == ["bad tag"]
    assert result.allowed == 1


def test_an_entry_must_match_the_whole_message() -> None:
    """An entry does not cover messages that merely begin alike."""
    [result] = without_necessities([verdict("old", "older")], [necessity("old")])
    assert [finding.message for finding in result.findings] == ["older"]


def test_a_stale_entry_is_a_finding() -> None:
    """An entry that matches nothing must be taken out."""
    [result] = without_necessities([verdict()], [necessity("old")])
    [finding] = result.findings
    assert finding.rule == "allow-list"
    assert finding.extract == "old"


def test_an_entry_that_one_of_the_mails_needs_is_not_stale() -> None:
    """An entry is stale only when no mail at all needs it."""
    results = without_necessities([verdict("old"), verdict()], [necessity("old")])
    assert [result.findings for result in results] == [(), ()]


def test_an_overdrawn_entry_is_a_finding() -> None:
    """An entry with a bound does not cover more messages than that."""
    [result] = without_necessities([verdict("old", "old")], [necessity("old", at_most=1)])
    [finding] = result.findings
    assert "2 messages" in finding.message


def test_a_bound_that_is_kept_is_no_finding() -> None:
    """As many messages as the bound says are allowed."""
    [result] = without_necessities([verdict("old")], [necessity("old", at_most=1)])
    assert not result.findings


def test_every_entry_says_why() -> None:
    """The list in the repository can be read, and each entry has a reason."""
    assert all(entry.reason for entry in read_necessities())
