"""What can go wrong: faults in an editor's files are values, failures of a call are exceptions.

NewsletterError
├── FaultsFound           one or more faults in files people write
├── UsageError            the command was called in a way that cannot work (exit code 2)
└── …                     each room adds its own below this root
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, order=True)
class Where:
    """A place in a file; lines and columns count from 1, 0 means "the file as a whole"."""

    path: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return str(self.path)
        return f"{self.path}:{self.line}:{self.column or 1}"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that an editor has to put right: where it is, what it is, how it is cured."""

    where: Where
    message: str
    cure: str = field(default="", compare=False)
    rule: str = field(default="", compare=False)
    """The rule of the check that tells it; empty for what the check passes on as it is."""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}"
        return f"{text}\n    {self.cure}" if self.cure else text


class NewsletterError(Exception):
    """The newsletter tool could not do what was asked."""

    exit_code = 1

    def __init__(self, message: str = "", *, cure: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.cure = cure
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n    {self.cure}" if self.cure else self.message


class UsageError(NewsletterError, ValueError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class FaultsFound(NewsletterError, ValueError):
    """There are faults in the files."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.where))
        super().__init__("\n".join(str(fault) for fault in self.faults))
