"""What a check finds: values, in the order in which an editor works through them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from newsletter.errors import Where


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"  #: the issue must not go out like this
    WARNING = "warning"  #: some readers will have trouble
    HINT = "hint"  #: could be better


RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Remark:
    """What a rule says about one place; the rule's name and weight are added by who asked it."""

    where: Where
    message: str
    """One sentence: what is wrong."""
    cure: str
    """One sentence: what to do about it."""
    section: str = ""
    """Anchor of the section of the mail; empty for what belongs to none."""
    quote: str = ""
    """The words in the mail (or the name of the image) that it is about, to jump there; may be empty."""
    severity: Severity | None = None
    """Where this case weighs otherwise than the rule says."""


@dataclass(frozen=True)
class Finding:
    """One thing to be put right."""

    rule: str
    severity: Severity
    where: Where
    message: str
    cure: str
    section: str = ""
    quote: str = ""

    def as_dict(self, root: Path) -> dict[str, Any]:
        """Return it as JSON knows it; the path as seen from the newsletter's folder. Keys are stable."""
        path = self.where.path
        return {
            "rule": self.rule,
            "severity": str(self.severity),
            "file": path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix(),
            "line": self.where.line,
            "column": self.where.column,
            "message": self.message,
            "cure": self.cure,
            "section": self.section,
            "quote": self.quote,
        }


def order(finding: Finding) -> tuple[Any, ...]:
    """Sort the heaviest first, then by place."""
    return RANK[finding.severity], finding.where, finding.rule, finding.message
