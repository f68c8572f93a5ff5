"""The judge of the page as it is shown: axe-core in Chromium, light and dark, wide and narrow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import open_page
from tests.judges.model import MODULES, Finding, Verdict, version_of

AXE = MODULES / "axe-core" / "axe.min.js"
WIDTHS = (360, 800)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
UNFOLD = "() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
"""What is folded is judged as well."""
RUN = """tags => axe.run(document, {
  runOnly: { type: 'tag', values: tags }, resultTypes: ['violations', 'incomplete'],
})"""


needs_axe = pytest.mark.skipif(
    not AXE.is_file() and os.environ.get("NEWSLETTER_CI") != "1",
    reason="axe-core is not installed: make judge installs it",
)


def axe(chromium: Browser, build: Path, page: str, *, dark: bool, width: int) -> Verdict:
    """axe-core on one page: violations are findings, what it cannot decide is counted by rule.

    Raises:
        JudgeMissing: axe-core is not installed.
    """
    version = version_of("axe-core")
    shown = open_page(chromium, build / page, width=width, dark=dark, javascript=True)
    try:
        shown.evaluate(UNFOLD)
        shown.evaluate(AXE.read_text(encoding="utf-8"))
        result: dict[str, Any] = shown.evaluate(RUN, list(TAGS))
    finally:
        shown.context.close()
    return Verdict(
        judge="axe-core",
        version=version,
        page=page,
        scheme="dark" if dark else "light",
        width=width,
        findings=tuple(_finding(rule, node) for rule in result["violations"] for node in rule["nodes"]),
        undecided=tuple(sorted((rule["id"], len(rule["nodes"])) for rule in result["incomplete"])),
    )


def _finding(rule: dict[str, Any], node: dict[str, Any]) -> Finding:
    checks = [*node["any"], *node["all"], *node["none"]]
    return Finding(
        rule=rule["id"],
        message="; ".join([rule["help"], *(check["message"] for check in checks)]),
        place=" ".join(map(str, node["target"])),
        extract=node["html"],
    )
