"""The folder an office works in: newsletter.toml, issues/, templates/, build/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter import config
from newsletter.errors import NewsletterError
from newsletter.issue_id import IssueId
from newsletter.language import _
from newsletter.settings_model import Settings

BASE_THEME = Path(__file__).with_name("theme")


class NoWorkspaceError(NewsletterError, FileNotFoundError):
    """There is no newsletter here."""


class NoIssueError(NewsletterError, LookupError):
    """There is no such issue."""


@dataclass(frozen=True)
class Workspace:
    """Where everything lies; all paths are absolute."""

    root: Path
    settings: Settings

    @classmethod
    def find(cls, start: Path, environ: Mapping[str, str]) -> Workspace:
        """Look for newsletter.toml here and in the folders above.

        Raises:
            NoWorkspaceError: none was found.
            FaultsFound: the settings have faults.
        """
        start = start.resolve()
        for folder in (start, *start.parents):
            if (folder / config.FILENAME).is_file():
                return cls(folder, config.load(folder / config.FILENAME, environ))
        raise NoWorkspaceError(
            _("There is no {file} in {folder} or above it.").format(file=config.FILENAME, folder=start),
            cure=_("Go to the newsletter's folder, or make one with “newsletter init DIR”."),
        )

    @property
    def issues(self) -> Path:
        """The folder of the issues."""
        return self.root / self.settings.paths.issues

    @property
    def build(self) -> Path:
        """The folder that builds are written to."""
        return self.root / self.settings.paths.build

    @property
    def cache(self) -> Path:
        """What is kept between builds to save time; may be deleted at any moment."""
        return self.build / ".cache"

    @property
    def theme_folders(self) -> tuple[Path, ...]:
        """Where templates are looked for: the office's own first, then the package's base theme."""
        return (self.root / self.settings.paths.templates, BASE_THEME)

    def issue_ids(self) -> list[IssueId]:
        """List the issues there are, oldest first."""
        if not self.issues.is_dir():
            return []
        names = (folder.name for folder in self.issues.iterdir() if (folder / "issue.yaml").is_file())
        return sorted(IssueId.parse(name) for name in names if IssueId.matches(name))

    def issue_id(self, text: str | None) -> IssueId:
        """Choose an issue by its ID, or the newest without one.

        Raises:
            UsageError: the text is no ID.
            NoIssueError: it does not exist, or there is none at all.
        """
        known = self.issue_ids()
        if text is None:
            if not known:
                raise NoIssueError(
                    _("There is no issue in {folder} yet.").format(folder=self.issues),
                    cure=_("Start the first one with “newsletter new”."),
                )
            return known[-1]
        wanted = IssueId.parse(text)
        if wanted not in known:
            names = ", ".join(map(str, known)) or "–"
            raise NoIssueError(
                _("There is no issue {id} in {folder}.").format(id=wanted, folder=self.issues),
                cure=_("There are: {names}.").format(names=names),
            )
        return wanted

    def issue_file(self, issue_id: IssueId) -> Path:
        """Return where an issue is written."""
        return self.issues / str(issue_id) / "issue.yaml"
