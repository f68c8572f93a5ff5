"""The editors' guide shows messages as the program gives them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from newsletter import cli
from newsletter.errors import FaultsFound
from newsletter.workspace import Workspace
from tests.docs.documents import DOCS, Block, blocks
from tests.docs.workspaces import built, sample, written

GUIDE = DOCS / "anleitung.md"
PAIRS = list(zip(blocks(GUIDE, "yaml", "fehler"), blocks(GUIDE, "text", "meldung"), strict=True))


@pytest.fixture
def office(tmp_path: Path) -> Workspace:
    """The German workspace."""
    return sample(tmp_path / "office", "de")


@pytest.mark.parametrize(("mistake", "message"), PAIRS, ids=[str(mistake) for mistake, _ in PAIRS])
def test_a_mistake_gives_the_message_that_is_shown(mistake: Block, message: Block, office: Workspace) -> None:
    """Line, words and cure, to the letter."""
    with pytest.raises(FaultsFound) as found:
        built(written(office, mistake, "de"))
    assert str(found.value).replace(f"{office.root}/", "") == message.text.rstrip("\n")


def test_a_build_tells_what_is_shown(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The beginning of what a build prints, numbers aside."""
    monkeypatch.chdir(office.root)
    monkeypatch.setitem(os.environ, "NEWSLETTER_LANG", "de")
    assert cli.main(["build"]) == 0
    shown = _without_numbers(blocks(GUIDE, "text", "ausgabe")[0].text)
    assert _without_numbers(capsys.readouterr().out).startswith(shown)


def _without_numbers(text: str) -> str:
    return re.sub(r"\d[\d.,]*", "0", text)
