"""What is said about versions is true, and no document tells of a machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter import __version__
from newsletter.issue import scaffold
from tests.docs.documents import CHANGELOG, ROOT, documents

_MACHINE = re.compile(
    r"(?<![\w.~-])/(?:home|root|Users|tmp|var|opt|mnt|work|srv|workspace)/|[A-Z]:\\|localhost|127\.0\.0\.1"
    r"|p[y]pi\.org|npm[j]s|python[h]osted|artifactory|index-url"
)
_VERSION = re.compile(r"^## \[(\d+\.\d+\.\d+)\]", re.MULTILINE)
_RULES = {"check-rules.md", "pruefregeln.md"}
"""These name what a newsletter must not lead to, “localhost” among it."""
TEXTS = [
    *(path for path in documents() if path.name not in _RULES),
    *(path for path in sorted(scaffold.SAMPLE.rglob("*")) if path.suffix in {".toml", ".yaml"}),
]


def test_the_changelog_is_that_of_this_version() -> None:
    """Its newest entry is the program's own version."""
    assert _VERSION.findall(CHANGELOG.read_text(encoding="utf-8"))[0] == __version__


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_tells_of_a_machine(path: Path) -> None:
    """No folder of somebody's computer, and no address that packages came from."""
    assert _MACHINE.findall(path.read_text(encoding="utf-8")) == []
