"""Every example of an issue in the documents builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.issue import section_type
from newsletter.workspace import BASE_THEME, Workspace
from tests.docs.documents import DOCS, Block, blocks
from tests.docs.workspaces import built, sample, written

LANGUAGES = {"anleitung.md": "de", "felder.md": "de", "issue-format.md": "en"}
SHOWN = [
    block
    for name in LANGUAGES
    for note in ("section", "issue")
    for block in blocks(DOCS / name, "yaml", note)
]


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workspace]:
    """One workspace for each language, so that the caches serve all examples."""
    return {lang: sample(tmp_path_factory.mktemp(lang) / "office", lang) for lang in ("de", "en")}


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_an_example_builds(block: Block, workspaces: dict[str, Workspace]) -> None:
    """What a document shows can be copied into an issue."""
    lang = LANGUAGES[block.path.name]
    assert built(written(workspaces[lang], block, lang)).edition.general.html


@pytest.mark.parametrize("name", ["felder.md", "issue-format.md"])
def test_every_section_type_has_an_example(name: str) -> None:
    """The reference shows each type at work."""
    shown = {
        block.text.partition("\n")[0].removeprefix("- type: ")
        for block in blocks(DOCS / name, "yaml", "section")
    }
    assert shown == set(section_type.names([BASE_THEME]))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_sample_builds(lang: str, tmp_path: Path) -> None:
    """`newsletter init` makes an issue without a fault."""
    assert built(sample(tmp_path / "office", lang)).facts["language"] == lang
