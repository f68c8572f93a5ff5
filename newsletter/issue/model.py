"""What an issue is: frozen values, each text with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from newsletter.errors import Where
from newsletter.issue.section_type import SectionType
from newsletter.issue_id import IssueId


@dataclass(frozen=True)
class Text:
    """A piece of text that the editor wrote, of one of the kinds in `fields.TEXT_KINDS`."""

    value: str
    kind: str
    where: Where
    body: bool = False
    """Whether the text begins on the line after `where` (a `|` block), so that its lines can be named."""

    def line(self, number: int) -> Where:
        """Return the place of a line of the text, counted from 0."""
        if not self.body:
            return self.where
        return Where(self.where.path, self.where.line + 1 + number)


@dataclass(frozen=True)
class Image:
    """An image as the editor named it; `width` is how wide the section shows it, in CSS pixels."""

    file: Text
    width: int
    alt: Text | None = None
    caption: Text | None = None
    credit: Text | None = None
    link: Text | None = None


Value = object
"""Text, Image, date, time, int, bool, str (a choice), None, a tuple of values, or a mapping of them."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of an issue."""

    type: SectionType
    anchor: str
    """Its id on the page, unique in the issue."""
    where: Where
    values: Mapping[str, Value]
    contents: Text | None = None
    """What the contents list calls it, None when it is not listed."""
    only: frozenset[str] = frozenset()
    """Segments of which a reader must be in one."""
    not_: frozenset[str] = frozenset()
    """Segments of which a reader must be in none."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A whole issue."""

    id: IssueId
    path: Path
    date: date
    language: str
    title: Text
    subject: Text
    preheader: Text
    salutation: Text | None
    contents: bool
    checks_off: Mapping[str, str] = field(default_factory=dict)
    """Rules of the check that do not count for this issue, with the reason."""
    sections: tuple[Section, ...] = field(default=())

    @property
    def folder(self) -> Path:
        """Where the issue's images lie."""
        return self.path.parent
