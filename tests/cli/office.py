"""A small office: a newsletter in a folder of its own, and the real program run in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

import newsletter.build
import newsletter.check.reporting.filing  # noqa: F401 (as above)
from newsletter.cli import main
from tests import compiled

ROOT = Path(__file__).parents[2]
SETTINGS = """\
[newsletter]
title = "Kreisblatt"

[sender]
name = "Redaktion"
address = "redaktion@kreis.example"

[legal]
imprint = "Kreis Muster, 12345 Musterstadt"

[fields.region]
type = "text"

[segments.cities]
title = "Städte"

[segments.districts]
title = "Kreise"
"""
HEAD = """\
year: 2024
number: 1
date: 2024-02-01
subject: Neues aus dem Kreis
preheader: Was im Winter war und was im Frühjahr kommt.
sections:
"""
"""Lines 1 to 6 of an issue; its sections begin in line 7."""
ISSUE = f"""\
{HEAD}\
  - type: letter
    text: |
      Guten Tag.
  - type: image
    image:
      file: feld.png
      alt: Ein rotes Feld.
"""


def clean_environ() -> dict[str, str]:
    """Return the environment without this machine's language and without settings of a newsletter."""
    ours = ("NEWSLETTER_", "LC_", "LANG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "LANG": "C", "PYTHONPATH": str(ROOT)}


def png(width: int = 16, height: int = 16, colour: str = "red") -> bytes:
    """Return a picture of one colour."""
    file = BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Child:
    """A process of the program, and where its output goes."""

    pid: int
    folder: Path

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        out, err = map(self._said, ("out", "err"))
        shutil.rmtree(self.folder)
        return subprocess.CompletedProcess([], code, out, err)

    def _said(self, name: str) -> str:
        """Return what it wrote; a process that was killed at once had not even begun."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@dataclass(frozen=True)
class Office:
    """A workspace and the program."""

    root: Path

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file of the workspace."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def furnish(self) -> Office:
        """Write settings and a first issue with a picture."""
        self.put("newsletter.toml", SETTINGS)
        self.put("issues/2024-1/issue.yaml", ISSUE)
        self.put("issues/2024-1/feld.png", png())
        compiled.share(self.root)
        return self

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line of a process."""
        return [sys.executable, "-m", "newsletter", *map(str, arguments)]

    def run(
        self, *arguments: str | Path, environ: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the program in the workspace."""
        return self.wrapped([], *arguments, environ=environ, cwd=cwd)

    def wrapped(
        self,
        wrapper: list[str],
        *arguments: str | Path,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the program through another one (`prlimit`, `setpriv`, …)."""
        return subprocess.run(
            [*wrapper, *self.command(*arguments)],
            cwd=cwd or self.root,
            env={**clean_environ(), **(environ or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def forked(
        self,
        *arguments: str | Path,
        environ: Mapping[str, str] | None = None,
        prepare: Callable[[], None] = lambda: None,
    ) -> Child:
        """Start the program in a forked process: a real one, which need not load everything anew.

        `prepare` is called in it before the program is.
        """
        folder = Path(tempfile.mkdtemp(dir=self.root.parent))
        pid = os.fork()
        if pid == 0:
            sys.settrace(None)  # what coverage sees here is never written down, but takes half of the time
            os.chdir(self.root)
            os.environ.clear()
            os.environ.update(clean_environ(), **(environ or {}))
            sys.stdout = (folder / "out").open("w", encoding="utf-8")
            sys.stderr = (folder / "err").open("w", encoding="utf-8", buffering=1)
            code = 70
            try:
                prepare()
                code = main(list(map(str, arguments)))
            finally:
                sys.stdout.flush()
                os._exit(code)
        return Child(pid, folder)

    def quick(
        self, *arguments: str | Path, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the program in a forked process."""
        return self.forked(*arguments, environ=environ).wait()

    @property
    def built(self) -> Path:
        """Where the first issue's build lies."""
        return self.root / "build" / "2024-1"


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder and what is in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
