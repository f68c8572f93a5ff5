"""Play a document: do what it says in a new workspace, and write what came of it where it shows that.

In the order of the document:

- a block with `file=NAME` becomes a file, one with `append=NAME` is added to one;
- the lines of a `sh` block are run; they succeed, or are refused when the block is marked `abgelehnt`;
- a `text ausgabe` block after it shows what its last command printed;
- between the marks `where`, the last cell of a row tells whom the expression in its first cell finds.

Days are told as if the document had been played on `DAY`, so that it is the same whenever it is played.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter import cli, language
from newsletter.issue import scaffold
from tests.docs.documents import DOCS, between

LIST = DOCS / "leserliste.md"
DAY = date(2026, 10, 5)
REFUSED = "abgelehnt"
_WIDTH = "80"
_BLOCK = re.compile(r"^```(?P<language>\w+) ?(?P<note>.*)\n(?P<text>(?s:.*?))^```$", re.MULTILINE)
_ROW = re.compile(
    r"^\| `(?P<expression>[^`]+)` \| (?P<meaning>[^|]+) \| *(?P<found>[^|]*?) *\|$", re.MULTILINE
)
_STEP = re.compile(f"{_BLOCK.pattern}|{_ROW.pattern}", re.MULTILINE)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d\+00:00")
_MONTH = re.compile(r"^  \d{4}-\d\d(?=  \+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """A command of a document, and what came of it."""

    line: str
    code: int
    output: str
    wanted_refusal: bool

    @property
    def ended_as_marked(self) -> bool:
        """Whether it was refused where the document says so, and only there."""
        return (self.code != 0) is self.wanted_refusal


@dataclass
class Played:
    """A document that was played."""

    text: str = ""
    """The document with what the program says now."""
    runs: list[Run] = field(default_factory=list)
    found: dict[str, list[str]] = field(default_factory=dict)
    """Expression to the addresses it found."""


@cache
def played(path: Path, lang: str) -> Played:
    """Play a document in a workspace as `newsletter init` makes it."""
    text = path.read_text(encoding="utf-8")
    with TemporaryDirectory() as folder, _as_editor(lang):
        root = Path(folder) / "office"
        scaffold.init(root, DAY)
        with chdir(root):
            return _Player(text).play()


class _Player:
    def __init__(self, text: str) -> None:
        self._source = text
        begin, rows, _end = between(text, "where")
        self._rows = range(len(begin), len(begin) + len(rows))
        self._played = Played()

    def play(self) -> Played:
        self._played.text = _STEP.sub(self._step, self._source)
        return self._played

    def _step(self, step: re.Match[str]) -> str:
        if step["expression"]:
            return self._expression(step) if step.start() in self._rows else step[0]
        block, note = step[0], step["note"]
        if note.startswith("file="):
            Path(note.removeprefix("file=")).write_text(step["text"], encoding="utf-8")
        elif note.startswith("append="):
            with Path(note.removeprefix("append=")).open("a", encoding="utf-8") as file:
                file.write(f"\n{step['text']}")
        elif step["language"] == "sh":
            for line in step["text"].splitlines():
                self._run(line, wanted_refusal=note == REFUSED)
        elif note == "ausgabe" and self._played.runs[-1].ended_as_marked:
            return f"```text ausgabe\n{self._played.runs[-1].output}```"
        return block

    def _run(self, line: str, *, wanted_refusal: bool = False) -> Run:
        run = Run(line, *_said(shlex.split(line)[1:]), wanted_refusal)
        self._played.runs.append(run)
        return run

    def _expression(self, row: re.Match[str]) -> str:
        where = shlex.quote(row["expression"])
        run = self._run(f"newsletter subscribers list --json --where {where}")
        people = json.loads(run.output) if run.ended_as_marked else []
        self._played.found[row["expression"]] = addresses = [person["address"] for person in people]
        names = ", ".join(re.split("[.@]", address)[0] for address in addresses) or "–"
        return f"| `{row['expression']}` | {row['meaning']} | {names} |"


@contextmanager
def _as_editor(lang: str) -> Iterator[None]:
    """Be somebody who speaks a language, at a terminal of the usual width."""
    before, spoken = dict(os.environ), language.editor()
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        del os.environ[name]
    os.environ.update(NEWSLETTER_LANG=lang, COLUMNS=_WIDTH)
    language.use(lang)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        language.use(spoken)


def _said(arguments: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed, talk and data as they came."""
    paper = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(paper), redirect_stderr(paper):
        code = cli.main(arguments)
    paper.seek(0)
    return code, _on_the_day("".join(f"{line.rstrip()}\n" for line in paper.read().splitlines()))


def _on_the_day(text: str) -> str:
    today = datetime.now(UTC).date()

    def moved(moment: re.Match[str]) -> str:
        return f"{DAY + (date.fromisoformat(moment[1]) - today)}T09:30:00+00:00"

    return _MONTH.sub(f"  {DAY:%Y-%m}", _MOMENT.sub(moved, text)).replace(f"{today}", f"{DAY}")
