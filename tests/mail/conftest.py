"""What several tests of the mail room share: the real issue of this repository, composed once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from newsletter import build
from newsletter.compose.edition import Edition
from newsletter.issue_id import IssueId
from newsletter.settings_model import Settings
from newsletter.workspace import Workspace

ROOT = Path(__file__).parents[2]


class RealIssue(NamedTuple):
    """An issue as it was sent, and the newsletter's settings."""

    edition: Edition
    settings: Settings


@pytest.fixture(scope="session")
def real_issue(tmp_path_factory: pytest.TempPathFactory) -> RealIssue:
    """Compose `issues/2023-3` with this repository's settings, its cache in a folder of its own."""
    folder = tmp_path_factory.mktemp("real")
    workspace = Workspace.find(ROOT, {"NEWSLETTER_PATHS__BUILD": str(folder)})
    return RealIssue(build.edition_of(workspace, IssueId(2023, 3)), workspace.settings)
