"""What a judge says: findings, and the verdict they belong to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
MAIL = "mail.html"
PAGE = "archive/index.html"
REPORT = "check.html"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault that a judge named."""

    rule: str
    message: str
    place: str
    extract: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one judge found on one page, seen in one way.

    Attributes:
        scheme: light or dark; empty where the judge reads the source only.
        width: of the window in CSS pixels; None where the judge reads the source only.
        findings: each one a fault.
        allowed: how many messages the allow-list took away.
        undecided: rule and number of elements that the judge leaves to a person.
    """

    judge: str
    version: str
    page: str
    findings: tuple[Finding, ...]
    scheme: str = ""
    width: int | None = None
    allowed: int = 0
    undecided: tuple[tuple[str, int], ...] = ()


class JudgeMissing(RuntimeError):
    """A judge is not installed: `npm ci --ignore-scripts` in tests/judges, and a Java runtime on the PATH."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is missing: run `npm ci --ignore-scripts` in tests/judges; Java 11 or newer is needed."
        )
        self.what = what


def version_of(package: str) -> str:
    """The installed version of an npm package, from its own package.json.

    Raises:
        JudgeMissing: it is not installed.
    """
    manifest = MODULES / package / "package.json"
    if not manifest.is_file():
        raise JudgeMissing(package)
    content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    return str(content["version"])
