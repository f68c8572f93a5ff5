"""Keep a check's report with the issue: `build/ID/check.json` and `build/ID/check.html`, both or neither.

They lie beside what was built of the same edition, which is built on the way; an issue with faults, of which
there is no edition, leaves what was built last as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter import build
from newsletter.check.proof import Proof
from newsletter.check.report import Report
from newsletter.check.reporting import report_page
from newsletter.compose.edition import Edition
from newsletter.issue_id import IssueId
from newsletter.mail.salutation import Reader
from newsletter.workspace import Workspace


def put(workspace: Workspace, report: Report, proof: Proof) -> Path:
    """Write a report into the issue's build folder; return its page.

    Raises:
        BuildError: the files could not be written.
    """
    files = {
        build.REPORT: json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n",
        build.REPORT_PAGE: report_page.page(report),
    }
    if proof.edition is None:
        return build.put_report(workspace, IssueId.parse(report.id), files) / build.REPORT_PAGE
    return build.put(workspace, proof.edition, Reader(), report=files).folder / build.REPORT_PAGE


def last(workspace: Workspace, edition: Edition) -> Mapping[str, Any] | None:
    """Return what `check.json` says; None when the last check was of another edition, or there was none."""
    path = workspace.build / str(edition.id) / build.REPORT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_report = isinstance(found, dict) and found.get("digest") == edition.digest
    return found if is_report else None
