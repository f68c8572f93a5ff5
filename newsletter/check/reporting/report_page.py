"""The report as a page to be read, printed and kept: what was found, where, and how it is cured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from newsletter import __version__, pages
from newsletter.check import registry
from newsletter.check.finding import RANK, Finding, Severity
from newsletter.check.report import Report
from newsletter.check.rule import Rule
from newsletter.clock import local, stamp
from newsletter.language import _

TEMPLATE = "report.html.j2"
_BEFORE, _AFTER = 60, 100
"""How much of a long line is shown before and after the place."""


@dataclass(frozen=True)
class Excerpt:
    """The line that a finding is about, cut in three so that the words meant can be marked."""

    before: str
    marked: str
    after: str


@dataclass(frozen=True)
class Entry:
    """A finding as the page shows it."""

    finding: Finding
    rule: Rule
    place: str
    """File, line and column, as seen from the newsletter's folder."""
    excerpt: Excerpt | None

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return self.finding.severity

    @property
    def quote(self) -> str:
        """The words in the mail, where the line does not show them already."""
        shown = self.excerpt.marked if self.excerpt else ""
        return "" if self.finding.quote in shown else self.finding.quote


@dataclass(frozen=True)
class Chapter:
    """A family of rules: what they found, and what they demand."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    """Those that were asked."""

    @cached_property
    def counts(self) -> Sequence[tuple[Severity, int]]:
        """How many findings of each weight there are, the heaviest first."""
        found = Counter(entry.severity for entry in self.entries)
        return sorted(found.items(), key=lambda item: RANK[item[0]])


def page(report: Report) -> str:
    """Return the report as HTML, in the editor's language."""
    chapters = _chapters(report)
    context = {
        "report": report,
        "chapters": [one for one in chapters if one.entries],
        "asked": chapters,
        "off": [(one, _title(one.rule)) for one in report.off],
        "not_asked": [(one, _title(one.rule)) for one in report.not_asked],
        "counts": [(severity, report.counts[severity]) for severity in Severity],
        "names": names(),
        "at": local(stamp(report.at)),
        "version": __version__,
    }
    return pages.render(TEMPLATE, context)


def names() -> Mapping[Severity, str]:
    """Name the weights in the editor's language."""
    return {Severity.ERROR: _("Error"), Severity.WARNING: _("Warning"), Severity.HINT: _("Hint")}


def place_of(finding: Finding, root: Path) -> str:
    """Return file, line and column as seen from the newsletter's folder."""
    where = finding.where
    path = where.path.relative_to(root) if where.path.is_relative_to(root) else where.path
    return f"{path.as_posix()}:{where.line}:{where.column or 1}" if where.line else path.as_posix()


def _chapters(report: Report) -> list[Chapter]:
    known, lines = registry.rules(), Lines()
    asked = [known[name] for name in report.asked]
    entries = [
        Entry(finding, known[finding.rule], place_of(finding, report.root), lines.excerpt(finding))
        for finding in report.findings
    ]
    return [
        Chapter(
            name,
            _(title),
            tuple(entry for entry in entries if entry.rule.family == name),
            tuple(rule for rule in asked if rule.family == name),
        )
        for name, title in registry.FAMILIES.items()
        if any(rule.family == name for rule in asked)
    ]


def _title(name: str) -> str:
    """Say what somebody set off: a rule's demand, or a family's name."""
    rule = registry.rules().get(name)
    return _(rule.title if rule else registry.FAMILIES.get(name, name))


class Lines:
    """The lines of the files that findings are about, each file read once."""

    def __init__(self) -> None:
        self._files: dict[Path, list[str]] = {}

    def excerpt(self, finding: Finding) -> Excerpt | None:
        """Return the finding's line, with its words apart; None where there is nothing to be shown."""
        where = finding.where
        lines = self._of(where.path) if where.line else []
        if not 0 < where.line <= len(lines) or not (line := lines[where.line - 1].rstrip()).strip():
            return None
        at = min(max(where.column - 1, 0), len(line))
        marked = _common(line[at:], finding.quote)
        before, after = line[:at].lstrip(), line[at + len(marked) :]
        after = after if before or marked else after.lstrip()
        return Excerpt(_clipped_before(before), marked, _clipped_after(after))

    def _of(self, path: Path) -> list[str]:
        if path not in self._files:
            try:
                self._files[path] = path.read_text(encoding="utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError):  # an image, or a file that is not there
                self._files[path] = []
        return self._files[path]


def _common(text: str, quote: str) -> str:
    """Return the words that a text begins with and that are quoted."""
    words = quote.split()
    for count in range(len(words), 0, -1):
        if text.startswith(begun := " ".join(words[:count])):
            return begun
    return ""


def _clipped_before(text: str) -> str:
    return text if len(text) <= _BEFORE else f"…{text[-_BEFORE:]}"


def _clipped_after(text: str) -> str:
    return text if len(text) <= _AFTER else f"{text[:_AFTER]}…"
