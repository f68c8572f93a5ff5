"""Start the sink as a process of its own, tell it how to misbehave, and read what it took."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class SinkProcess:
    """A running sink, its log and its rules."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What it took; kept over restarts."""
        return self.folder / "sink.jsonl"

    @property
    def kept(self) -> Path:
        """The messages themselves."""
        return self.folder / "messages"

    def start(self) -> None:
        """Start it, at the same port as before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kept.mkdir(exist_ok=True)
        control = self.folder / "rules.json"
        if not control.exists():
            self.misbehave()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.dispatch.sink", "--port", str(self.port), "--log", str(self.log),
             "--control", str(control), *self.options],
            cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        assert process.stdout is not None
        self._process = process
        told = process.stdout.readline()
        if not told:
            raise RuntimeError(f"the sink did not start: it ended with {process.wait()}")
        self.port = int(told)

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Let it die, as a machine without power does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def drop_connections(self) -> None:
        """Reset all that are open."""
        self.signal(signal.SIGUSR1)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; SIGSTOP makes a machine that hangs."""
        assert self._process is not None
        self._process.send_signal(number)

    def misbehave(self, *rules: dict[str, Any]) -> None:
        """Put these rules in force from the next command on (sink_rules.py); none: behave well."""
        fresh = self.folder / "rules.json.new"
        fresh.write_text(json.dumps(rules), encoding="utf-8")
        fresh.replace(self.folder / "rules.json")

    def notes(self) -> list[dict[str, Any]]:
        """Read the log; a last line that is being written does not count yet."""
        if not self.log.exists():
            return []
        lines = self.log.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def accepted(self) -> Counter[str]:
        """Count how often each recipient's message was taken over."""
        return Counter(
            recipient for note in self.notes() if "accepted" in note for recipient in note["recipients"]
        )

    def message_ids(self) -> Counter[str]:
        """Count how often each Message-ID was taken over."""
        return Counter(note["accepted"] for note in self.notes() if "accepted" in note)

    def violations(self) -> list[str]:
        """What the client must not have done."""
        return [note["violation"] for note in self.notes() if "violation" in note]

    def messages(self) -> list[bytes]:
        """The messages as they came, dots no longer doubled, in their order; needs `--keep`."""
        return [path.read_bytes() for path in sorted(self.kept.iterdir(), key=os.path.getmtime)]


@contextmanager
def sink(folder: Path, *options: str, keep: bool = False) -> Iterator[SinkProcess]:
    """Run a sink with some options (`python -m tests.dispatch.sink --help`).

    Args:
        folder: for its log and its rules; of its own.
        options: of the command line.
        keep: whether it keeps the messages themselves.
    """
    keeping = ("--keep", str(folder / "messages")) if keep else ()
    running = SinkProcess(folder, (*options, *keeping))
    running.start()
    try:
        yield running
    finally:
        running.stop()
