"""Commands in the documents exist, with these options, and do what is shown."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import program
from tests.docs.documents import DOCS, README, ROOT, Block, blocks, code_spans, documents

GUIDE = DOCS / "anleitung.md"
_CALL = re.compile(r"^(?:\w+=\S+ )*newsletter(?: .+)?$", re.MULTILINE)
_TARGET = re.compile(r"^ *make ([a-z-]+)", re.MULTILINE)


def _calls() -> Iterator[tuple[str, str]]:
    """Every call of the program, and the document it stands in."""
    for path in documents():
        shown = [block.text for block in blocks(path, "sh")]
        for text in (*shown, *code_spans(path)):
            yield from ((path.name, call) for call in _CALL.findall(text))


def _command(words: list[str]) -> tuple[str, ...]:
    """The longest beginning of some words that is a command."""
    return next(
        tuple(words[:size]) for size in range(len(words), -1, -1) if tuple(words[:size]) in program.commands()
    )


@pytest.mark.parametrize(("document", "call"), sorted(set(_calls())))
def test_a_command_in_a_document_exists(document: str, call: str) -> None:
    """Command and options are those of the program."""
    assert document
    words = shlex.split(call.partition("newsletter")[2])
    plain = [word for word in words if not word.startswith("-")]
    command = _command(plain)
    assert command or not plain or plain == ["…"], f"there is no such command: {call}"
    used = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert used <= program.options(command) | program.options(())


def test_every_command_is_documented() -> None:
    """docs/commands.md has a chapter for each."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    missing = [
        name for name in map(" ".join, program.commands()) if f"## newsletter {name}".strip() not in text
    ]
    assert missing == []


def test_make_targets_in_documents_exist() -> None:
    """`make demo` and its kind stand in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        name
        for path in documents()
        for name in _TARGET.findall(path.read_text(encoding="utf-8").replace("`", "\n"))
    }
    assert {"demo", "demo-smtp", "test"} <= named
    assert [name for name in sorted(named) if f"\n{name}:" not in makefile] == []


@pytest.mark.parametrize(("document", "lang"), [(README, "en"), (GUIDE, "de")], ids=["README", "anleitung"])
def test_the_commands_of_a_document_run_in_their_order(document: Path, lang: str, tmp_path: Path) -> None:
    """A reader who types what stands there gets no error."""
    place = tmp_path
    for block, line in _steps(document):
        if block.file:
            (place / block.file).write_text(block.text, encoding="utf-8")
            continue
        words = shlex.split(line)
        if words[0] == "cd":
            place /= words[1]
            continue
        done = _run(words[1:], place, lang)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        if words[1] == "new":  # the editor would write it now; an open skeleton does not build
            shutil.rmtree(Path(done.stdout.splitlines()[0]).parent)


def _steps(document: Path) -> Iterator[tuple[Block, str]]:
    """Each line to be typed, and each file to be written (an empty line), in the order of the document."""
    for block in blocks(document):
        if block.file:
            yield block, ""
        elif block.language == "sh":
            yield from ((block, line) for line in block.text.splitlines())


def test_the_readme_shows_what_an_open_skeleton_is_told(tmp_path: Path) -> None:
    """The message of the README is one that the program gives."""
    shown = blocks(README, "text", "fault")[0].text.strip()
    _run(["init", "office"], tmp_path, "en")
    _run(["new"], tmp_path / "office", "en")
    told = _run(["build"], tmp_path / "office", "en").stderr.splitlines()
    assert shown.partition("issue.yaml")[2] in [line.partition("issue.yaml")[2] for line in told]


def _run(arguments: list[str], place: Path, lang: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return subprocess.run(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=place,
        env={**kept, "NEWSLETTER_LANG": lang, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
