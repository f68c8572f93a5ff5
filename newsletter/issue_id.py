"""The name of an issue: year and number within the year, `2023-3`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from newsletter.errors import UsageError
from newsletter.language import _

_FORM = re.compile(r"(\d{4})-([1-9]\d{0,2})")
_ROMAN = (
    (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
    (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


@dataclass(frozen=True, order=True)
class IssueId:
    """`YEAR-NUMBER`; sorts by time, and is the folder's name under `issues/`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2023-3`; raise `UsageError` for anything else."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise UsageError(
                _("“{text}” is no issue ID.").format(text=text),
                cure=_("An ID is YEAR-NUMBER, such as 2023-3."),
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def matches(cls, text: str) -> bool:
        """Say whether the text has the form of an ID."""
        return _FORM.fullmatch(text) is not None

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number}"

    @property
    def roman(self) -> str:
        """The number as German newsletters write it: III."""
        rest, letters = self.number, ""
        for value, letter in _ROMAN:
            letters += letter * (rest // value)
            rest %= value
        return letters

    def next(self, *, per_year: int) -> IssueId:
        """Return the ID after this one, with `per_year` issues a year (4: quarterly)."""
        if self.number < per_year:
            return IssueId(self.year, self.number + 1)
        return IssueId(self.year + 1, 1)
