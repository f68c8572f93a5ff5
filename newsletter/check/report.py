"""The report of a check: what was found, what was not asked, and what was set off, with the reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from newsletter.check.finding import Finding, Severity


@dataclass(frozen=True)
class Off:
    """A rule that somebody set off, with their reason and how many findings that hides."""

    rule: str
    reason: str
    place: str
    """`newsletter.toml` or `issue.yaml`."""
    hidden: int


@dataclass(frozen=True)
class Unasked:
    """A rule that could not be asked here."""

    rule: str
    reason: str
    """A sentence: what was missing."""
    cure: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check of an issue came to."""

    id: str
    title: str
    digest: str
    """The edition's; empty when faults kept the issue from being composed."""
    findings: tuple[Finding, ...]
    """The heaviest first."""
    off: tuple[Off, ...]
    rules: tuple[str, ...]
    """Which rules were wanted; those that could not be asked are in `not_asked` as well."""
    online: bool
    """Whether links were asked for on the web."""
    at: datetime
    root: Path
    not_asked: tuple[Unasked, ...] = ()
    """Rules of those that were wanted which this machine could not answer."""

    @property
    def asked(self) -> tuple[str, ...]:
        """Which rules were asked."""
        missing = {one.rule for one in self.not_asked}
        return tuple(name for name in self.rules if name not in missing)

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each weight."""
        return Counter(finding.severity for finding in self.findings)

    @property
    def errors(self) -> int:
        """How many findings keep the issue from being sent."""
        return self.counts[Severity.ERROR]

    @property
    def warnings(self) -> int:
        """How many will trouble some readers."""
        return self.counts[Severity.WARNING]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        counts = self.counts
        return {
            "id": self.id,
            "digest": self.digest,
            "errors": counts[Severity.ERROR],
            "warnings": counts[Severity.WARNING],
            "hints": counts[Severity.HINT],
            "at": self.at.isoformat(timespec="seconds"),
            "online": self.online,
            "findings": [finding.as_dict(self.root) for finding in self.findings],
            "off": [
                {"rule": one.rule, "reason": one.reason, "place": one.place, "hidden": one.hidden}
                for one in self.off
            ],
            "not_asked": [
                {"rule": one.rule, "reason": one.reason, "cure": one.cure} for one in self.not_asked
            ],
        }
