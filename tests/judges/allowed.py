"""The allow-list: what Outlook for Windows needs in the mail and HTML no longer allows, each with its reason.

It can only shrink: an entry that matches nothing any more is a fault, and so is one that matches more
often than it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.judges.model import HERE, Finding, Verdict

ALLOW_LIST = HERE / "outlook-necessities.json"


@dataclass(frozen=True, kw_only=True)
class Necessity:
    """One kind of message that is accepted.

    Attributes:
        message: matches the whole of the checker's message.
        reason: why the mail needs it.
        at_most: how many such messages there may be; None for any number (it grows with the issue).
    """

    message: re.Pattern[str]
    reason: str
    at_most: int | None

    def matches(self, finding: Finding) -> bool:
        """Whether this entry is about the finding."""
        return self.message.fullmatch(finding.message) is not None


def read_necessities(path: Path = ALLOW_LIST) -> tuple[Necessity, ...]:
    """The entries of the allow-list, in its order; a key that is not known is a TypeError."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return tuple(_necessity(**entry) for entry in entries)


def _necessity(*, message: str, reason: str, at_most: int | None = None) -> Necessity:
    return Necessity(message=re.compile(message), reason=reason, at_most=at_most)


def without_necessities(verdicts: Sequence[Verdict], necessities: Sequence[Necessity]) -> tuple[Verdict, ...]:
    """The verdicts less what is allowed; a stale or overdrawn entry is a finding of the last."""
    everything = [finding for verdict in verdicts for finding in verdict.findings]
    faults = tuple(fault for entry in necessities for fault in _faults(entry, everything))
    *cleared, last = [_cleared(verdict, necessities) for verdict in verdicts]
    return (*cleared, replace(last, findings=last.findings + faults))


def _cleared(verdict: Verdict, necessities: Sequence[Necessity]) -> Verdict:
    left = tuple(f for f in verdict.findings if not any(entry.matches(f) for entry in necessities))
    return replace(verdict, findings=left, allowed=len(verdict.findings) - len(left))


def _faults(entry: Necessity, findings: Sequence[Finding]) -> list[Finding]:
    count = sum(map(entry.matches, findings))
    if count == 0:
        message = "nothing matches this entry any more: take it out"
    elif entry.at_most is not None and count > entry.at_most:
        message = f"{count} messages match this entry, which allows {entry.at_most}"
    else:
        return []
    return [Finding(rule="allow-list", message=message, place=ALLOW_LIST.name, extract=entry.message.pattern)]
