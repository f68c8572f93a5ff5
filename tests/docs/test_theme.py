"""The document about the look: its example works, and it leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.workspace import BASE_THEME, Workspace
from tests.docs.documents import DOCS, blocks, code_spans
from tests.docs.workspaces import built, sample, written

THEME = DOCS / "theme.md"
FILES = {block.file: block.text for block in blocks(THEME) if block.file}
_MACRO = re.compile(r"{% macro (\w+)")


@pytest.fixture
def office(tmp_path: Path) -> Workspace:
    """A workspace with every file that the document shows."""
    workspace = sample(tmp_path / "office", "en")
    for name, text in FILES.items():
        path = workspace.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return workspace


def test_the_worked_section_type_builds(office: Workspace) -> None:
    """Its words stand in mail, page and plain text."""
    example = next(iter(blocks(THEME, "yaml", "section")))
    edition = built(written(office, example, "en")).edition
    for text in (edition.general.html, edition.page, edition.general.text):
        assert "Sampletown" in text
        assert "part-time" in text
        assert "31\u00a0October 2024" in text
        assert "https://towncountry.example/jobs" in text


def test_the_colours_of_the_example_reach_the_mail(office: Workspace) -> None:
    """One key is overridden, its neighbours stay."""
    html = built(office).edition.general.html
    assert "#5c1730" in html
    assert "#eaf0f1" in html


def test_a_replaced_template_is_used(office: Workspace) -> None:
    """The divider of the example is 96 px wide in the mail."""
    assert "96px" in built(office).edition.general.html


def test_every_macro_is_told() -> None:
    """Macros are what writers of section types work with."""
    told = {span.partition("(")[0] for span in code_spans(THEME)}
    macros = {
        name
        for file in BASE_THEME.glob("layout/blocks.*.j2")
        for name in _MACRO.findall(file.read_text(encoding="utf-8"))
    }
    assert macros - told == set()


def test_every_template_of_the_frame_is_told() -> None:
    """What can be replaced has a name in the document."""
    names = {f"layout/{file.name}" for file in BASE_THEME.glob("layout/*")}
    assert names - set(code_spans(THEME)) == set()
