"""What the program itself says about its commands and options: `--help`, in English, on 80 columns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from tests.docs.documents import ROOT

_OPTION = re.compile(r"(?<![\w-])--?[a-z][\w-]*")
_COMMAND = re.compile(r"^  ([a-z][a-z-]*)\b", re.MULTILINE)


@cache
def commands() -> Mapping[tuple[str, ...], str]:
    """Every command and what its help says, groups before what is in them."""
    return dict(_commands(()))


def options(command: tuple[str, ...]) -> set[str]:
    """The options of a command."""
    return set(_OPTION.findall(commands()[command]))


def _commands(command: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    text = _help(*command)
    yield command, text
    for name in _COMMAND.findall(text.partition("\nCommands:\n")[2]):
        yield from _commands((*command, name))


def _help(*command: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "LC_"))}
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *command, "--help"],
        env={**kept, "LANG": "C.UTF-8", "LANGUAGE": "en", "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    return done.stdout
