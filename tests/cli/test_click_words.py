"""click's own words: ours are still click's, and people with German messages read none in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from newsletter.cli.click_words import WORDS
from tests.catalogue import called
from tests.cli.office import Office

PLACE = re.compile(r"\{[^{}]*\}|%\(\w+\)s")
SHORTEST = 5
"""Letters of a piece that is looked for; shorter ones (“is”, “file”) may stand in any text."""
BOTH = {"Option"}
"""Words of click that are German as well."""
CALLS = {
    "help": (["--help"], 0, "Aufruf:"),
    "option": (["build", "--nonsense"], 2, "Eine Option '--nonsense' gibt es nicht."),
    "command": (["nonsense"], 2, "Einen Befehl 'nonsense' gibt es nicht."),
}


@cache
def _of_click() -> frozenset[str]:
    """Collect every text that click hands to gettext."""
    folder = Path(click.__file__).parent
    return frozenset(
        text for file in folder.rglob("*.py") for text in _handed(file.read_text(encoding="utf-8"))
    )


def _handed(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and called(node) == "_" and node.args:
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _english(shown: str) -> set[str]:
    """Return the words of click, without their places, that stand in a text."""
    text = " ".join(shown.split())
    pieces = {" ".join(piece.split()).strip(" .:'()") for word in _of_click() for piece in PLACE.split(word)}
    long = {piece for piece in pieces - BOTH if sum(map(str.isalpha, piece)) >= SHORTEST}
    return {piece for piece in long if re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", text)}


@pytest.mark.parametrize("word", WORDS)
def test_click_has_the_word(word: str) -> None:
    """A word that click no longer says, or says otherwise, would be translated for nothing."""
    assert word in _of_click()


@pytest.mark.parametrize("name", CALLS)
def test_nothing_of_click_is_english_in_german(tmp_path: Path, name: str) -> None:
    """Help and wrong usage are German throughout."""
    arguments, code, german = CALLS[name]
    done = Office(tmp_path).run(*arguments, environ={"NEWSLETTER_LANG": "de"})
    assert done.returncode == code, done.stderr
    shown = done.stdout + done.stderr
    assert german in shown
    assert _english(shown) == set()


@pytest.mark.parametrize("name", CALLS)
def test_the_search_finds_english(tmp_path: Path, name: str) -> None:
    """The same calls in English do show words of click: the search above is not blind."""
    arguments, code, _german = CALLS[name]
    done = Office(tmp_path).run(*arguments, environ={"NEWSLETTER_LANG": "en"})
    assert done.returncode == code, done.stderr
    assert "Usage" in _english(done.stdout + done.stderr)
