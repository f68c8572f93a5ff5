"""Workspaces as `newsletter init` makes them, with what a document shows written into them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from newsletter import language
from newsletter.build import Build, build
from newsletter.issue import scaffold
from newsletter.issue_id import IssueId
from newsletter.mail.salutation import Reader
from newsletter.workspace import Workspace
from tests.docs.documents import Block
from tests.docs.reference import whole_issue

ISSUE = IssueId(2024, 3)


def sample(folder: Path, lang: str) -> Workspace:
    """The workspace of a language, whose sample is issue 2024-3."""
    language.use(lang)
    scaffold.init(folder, date(2024, 8, 1))
    return Workspace.find(folder, os.environ)


def written(workspace: Workspace, block: Block, lang: str) -> Workspace:
    """Put the issue or the sections that a document shows in the place of the sample."""
    text = block.text if block.note == "issue" else whole_issue(block.text, lang)
    workspace.issue_file(ISSUE).write_text(text, encoding="utf-8")
    return workspace


def built(workspace: Workspace) -> Build:
    """Build the issue as a reader of whom nothing is known gets it."""
    return build(workspace, ISSUE, Reader())
