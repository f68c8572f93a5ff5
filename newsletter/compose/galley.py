"""The issue when its words are set: what mail, plain text and page are all made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from newsletter.compose.content import Content, Entry
from newsletter.compose.frame import Frame
from newsletter.issue.model import Issue, Section

FEWEST_ENTRIES = 2
"""A list of contents with one entry tells nothing."""


@dataclass(frozen=True)
class Galley:
    """Set once per issue, so that the three media cannot differ in what they say."""

    common: Mapping[str, Any]
    """What every template sees."""
    views: Mapping[str, SimpleNamespace]
    """What a section's templates see as `s`, by the section's anchor."""
    entries: Mapping[str, Entry]
    """The lines of the contents list, by anchor; none when the issue has no such list."""

    @classmethod
    def of(cls, issue: Issue, content: Content, frame: Frame) -> Galley:
        """Set every text of an issue; what is wrong with them gathers in `content`."""
        common = frame.common(issue)
        views = {section.anchor: content.section(section) for section in issue.sections}
        entries = {
            section.anchor: Entry(section.anchor, content.line(section.contents))
            for section in issue.sections
            if section.contents is not None
        }
        return cls(common, views, entries if issue.contents else {})

    def view(self, section: Section) -> SimpleNamespace:
        """Return what a section's templates see."""
        return self.views[section.anchor]

    def contents(self, sections: Sequence[Section]) -> list[Entry]:
        """List the contents of some sections, in their order."""
        entries = [self.entries[section.anchor] for section in sections if section.anchor in self.entries]
        return entries if len(entries) >= FEWEST_ENTRIES else []
