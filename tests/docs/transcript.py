"""Play a document: do what it says in a new workspace, and write what came of it where it shows that.

In the order of the document:

- a block with `file=NAME` becomes a file, one with `append=NAME` is added to one, and the tables of one with
  `in=NAME` go where the file has these tables;
- the lines of a `sh` block are run; they succeed, unless it is marked `abgelehnt` or `offen`; `als=NAME` says
  who gives the commands;
- a `text ausgabe` block after it shows what its last command printed;
- between the marks `where`, the last cell of a row tells whom the expression in its first cell finds.

Whatever is different each time is told as if it were not (tests/docs/sameness.py), so that a document is the
same whenever and wherever it is played. Where it names the mail server of tests/docs/relay.py, that is there.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from subprocess import PIPE, STDOUT
from tempfile import TemporaryDirectory

from newsletter import cli, config, language
from newsletter.issue import scaffold
from tests.dispatch.smtp.talk import Mail
from tests.docs.documents import DOCS, between
from tests.docs.relay import HOST, relay
from tests.docs.sameness import DAY, Sameness

LIST = DOCS / "leserliste.md"
SENDING = DOCS / "versand.md"
CHECKING = DOCS / "pruefen.md"
REFUSED, OPEN = "abgelehnt", "offen"
"""What a block is marked with whose commands end with code 1: they refuse, or somebody is open."""
_WIDTH = "80"
_SOMEBODY = "e.beispiel"
_BLOCK = re.compile(r"^```(?P<language>\w+) ?(?P<note>.*)\n(?P<text>(?s:.*?))^```$", re.MULTILINE)
_ROW = re.compile(
    r"^\| `(?P<expression>[^`\n]+)` \| (?P<meaning>[^|\n]+) \| *(?P<found>[^|\n]*?) *\|$", re.MULTILINE
)
_STEP = re.compile(f"{_BLOCK.pattern}|{_ROW.pattern}", re.MULTILINE)
_TABLE = re.compile(r"^(\[[\w.]+\])\n", re.MULTILINE)


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
    arrived: list[Mail] = field(default_factory=list)
    """What the mail server accepted."""


@cache
def played(path: Path, lang: str) -> Played:
    """Play a document in a workspace as `newsletter init` makes it."""
    text = path.read_text(encoding="utf-8")
    with TemporaryDirectory() as folder, _as_editor(lang), ExitStack() as stack:
        root = (Path(folder) / "office").resolve()
        scaffold.init(root, DAY)
        _without_spelling(root / config.FILENAME)
        stack.enter_context(chdir(root))
        if HOST not in text:
            return _Player(text, {}).play()
        server, way = stack.enter_context(relay())
        result = _Player(text, way).play()
        result.arrived = server.accepted
        return result


def _without_spelling(settings: Path) -> None:
    """Set that rule off: what it finds depends on the dictionaries of the machine."""
    off = '\n[check.off]\nwording.spelling = "Die Wörterbücher sind nicht überall dieselben."\n'
    settings.write_text(settings.read_text(encoding="utf-8") + off, encoding="utf-8")


class _Player:
    def __init__(self, text: str, way: Mapping[str, str]) -> None:
        self._source = text
        self._way = way
        """The settings that lead to the mail server, once the document names it."""
        self._sameness = Sameness(Path.cwd(), way)
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
        if "=" in note and step["language"] != "sh":
            how, _equals, name = note.partition("=")
            self._write(how, Path(name), self._sameness.real(step["text"]))
        elif step["language"] == "sh":
            notes = note.split()
            who = next((one.removeprefix("als=") for one in notes if one.startswith("als=")), _SOMEBODY)
            os.environ["LOGNAME"] = who
            for line in step["text"].splitlines():
                self._run(line, wanted_refusal=bool({REFUSED, OPEN} & {*notes}))
        elif note == "ausgabe" and self._played.runs[-1].ended_as_marked:
            return f"```text ausgabe\n{self._played.runs[-1].output}```"
        return block

    def _write(self, how: str, path: Path, text: str) -> None:
        if HOST in text:
            os.environ.update(self._way)
        if how == "append":
            text = f"{path.read_text(encoding='utf-8')}\n{text}"
        elif how == "in":
            text = _placed(path.read_text(encoding="utf-8"), text)
        path.write_text(text, encoding="utf-8")

    def _run(self, line: str, *, wanted_refusal: bool = False) -> Run:
        code, output = _said(self._sameness.real(line))
        run = Run(line, code, self._sameness.shown(output), wanted_refusal)
        self._played.runs.append(run)
        return run

    def _expression(self, row: re.Match[str]) -> str:
        where = shlex.quote(row["expression"])
        run = self._run(f"newsletter subscribers list --json --where {where}")
        people = json.loads(run.output) if run.ended_as_marked else []
        self._played.found[row["expression"]] = addresses = [person["address"] for person in people]
        names = ", ".join(re.split("[.@]", address)[0] for address in addresses) or "–"
        return f"| `{row['expression']}` | {row['meaning']} | {names} |"


def _placed(settings: str, text: str) -> str:
    """Put the tables of a text into settings, at the beginning of those of the same names."""
    _nothing, *pieces = _TABLE.split(text)
    for head, lines in zip(pieces[::2], pieces[1::2], strict=True):
        before, found, after = settings.partition(f"{head}\n")
        settings = f"{before}{head}\n{lines.strip()}\n{after}" if found else f"{settings}\n{head}\n{lines}"
    return settings


@contextmanager
def _as_editor(lang: str) -> Iterator[None]:
    """Be somebody who speaks a language, at a terminal of the usual width, where it is never another day."""
    before, spoken = dict(os.environ), language.editor()
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        del os.environ[name]
    os.environ.update(NEWSLETTER_LANG=lang, COLUMNS=_WIDTH, TZ="UTC")
    time.tzset()
    language.use(lang)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        time.tzset()
        language.use(spoken)


def _said(line: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed, talk and data as they came."""
    program, *arguments = shlex.split(line)
    if program != "newsletter":
        done = subprocess.run(line, shell=True, stdout=PIPE, stderr=STDOUT, check=False, timeout=60)  # noqa: S602
        return done.returncode, done.stdout.decode()
    paper = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(paper), redirect_stderr(paper):
        code = cli.main(arguments)
    paper.seek(0)
    return code, "".join(f"{line.rstrip()}\n" for line in paper.read().splitlines())
