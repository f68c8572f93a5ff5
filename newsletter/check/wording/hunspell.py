"""Hunspell: the program that knows how words are spelled, where it is installed (Debian: hunspell-de-de).

Its pipe mode (`-a`) makes proposals for each wrong word, 45 ms for a German one (measured): so it is told
first which words are wrong (`-l`, 50 ms for all of an issue), and asked for proposals for what is left.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from newsletter.check.rule import CannotTell
from newsletter.language import _

PROGRAM = "hunspell"
PATIENCE = 10.0
"""Seconds for a run; all the words of an issue take a tenth of one."""
FOLDERS = (
    Path("/usr/share/hunspell"),
    Path("/usr/share/myspell/dicts"),
    Path("/usr/local/share/hunspell"),
    Path("/opt/homebrew/share/hunspell"),
    Path("/Library/Spelling"),
)
DICTIONARIES: Mapping[str, Sequence[str]] = {"de": ("de_DE",), "en": ("en_GB", "en_US")}
"""What is asked for a language: a word is right when one of these knows it."""
_PACKAGES = {"de": "hunspell-de-de", "en": "hunspell-en-us"}
_PROPOSALS = re.compile(r"& (\S+) \d+ \d+: (.*)")


@dataclass(frozen=True)
class Hunspell:
    """The program with the dictionaries of one language."""

    program: str
    dictionaries: tuple[Path, ...]
    """Without their endings, as the program wants them."""

    @classmethod
    def of(cls, language: str, folders: Sequence[Path] = FOLDERS) -> Self:
        """Find program and dictionaries.

        Raises:
            CannotTell: one of them is not installed.
        """
        cure = _("Have it installed (in Debian: {packages}); then words are checked as well.")
        cure = cure.format(packages=f"{PROGRAM} {_PACKAGES[language]}")
        program = shutil.which(PROGRAM)
        if program is None:
            raise CannotTell(_("The program “{name}” is not installed.").format(name=PROGRAM), cure=cure)
        found = [_dictionary(name, folders) for name in DICTIONARIES[language]]
        dictionaries = tuple(path for path in found if path)
        if not dictionaries:
            named = {"de": _("German"), "en": _("English")}
            message = _("The program “{name}” has no dictionary here: {language}.")
            raise CannotTell(message.format(name=PROGRAM, language=named[language]), cure=cure)
        return cls(program, dictionaries)

    @property
    def seal(self) -> str:
        """A digest of what its answers depend on: the dictionaries as they are now."""
        files = [path.with_suffix(end) for path in self.dictionaries for end in (".dic", ".aff")]
        facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def wrong(self, words: Iterable[str]) -> set[str]:
        """Return those of the words that no dictionary knows.

        Raises:
            CannotTell: the program failed, or took too long.
        """
        return set(self._run("-l", words, PATIENCE).split("\n"))

    def proposals(self, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each wrong word what may be meant, the likeliest first.

        Raises:
            CannotTell: the program failed, or took too long.
        """
        found: dict[str, tuple[str, ...]] = dict.fromkeys(words, ())
        marked = (f"^{word}" for word in found)  # otherwise a line may be a command
        for line in self._run("-a", marked, PATIENCE + len(found)).splitlines():
            if answer := _PROPOSALS.fullmatch(line):
                found[answer[1]] = tuple(_sensible(answer[2].split(", ")))
        return found

    def _run(self, mode: str, lines: Iterable[str], patience: float) -> str:
        text = "\n".join(lines)
        if not text:
            return ""
        command = [self.program, mode, "-i", "UTF-8", "-d", ",".join(map(str, self.dictionaries))]
        command += ["-p", os.devnull]  # no words of whoever runs it: a report says the same on every desk
        try:
            done = subprocess.run(  # noqa: S603 (a fixed program; words go to its standard input)
                command,
                input=f"{text}\n".encode(),
                capture_output=True,
                timeout=patience,
                check=True,
                cwd=os.sep,
            )
        except (OSError, subprocess.SubprocessError) as err:
            message = _("The program “{name}” gave no answer: {reason}.").format(name=PROGRAM, reason=err)
            raise CannotTell(message, cure=_("Try it again, or set the rule off with a reason.")) from err
        return done.stdout.decode("utf-8", "replace")


def _sensible(proposals: Sequence[str]) -> list[str]:
    """Leave out parts of compounds (`Hasel-`), and two words with a hyphen that come with a space as well."""
    return [
        one
        for one in proposals
        if one[-1] != "-" and ("-" not in one or one.replace("-", " ") not in proposals)
    ]


def _dictionary(name: str, folders: Sequence[Path]) -> Path | None:
    files = (folder / name for folder in folders)
    ends = (".dic", ".aff")
    return next((file for file in files if all(file.with_suffix(end).is_file() for end in ends)), None)
