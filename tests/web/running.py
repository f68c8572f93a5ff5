"""A running preview: the real program in a workspace of its own; its issue has a bit of everything."""

from __future__ import annotations

import http.client
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.cli.office import Office, clean_environ, png

ISSUE = """\
year: 2024
number: 1
date: 2024-02-01
subject: Neues aus dem Kreis
preheader: Was im Winter war und was im Frühjahr kommt.
salutation: true
sections:
  - type: letter
    text: |
      Viel Freude beim Lesen dieses Blattes, das wie immer etwas länger geworden ist als geplant.
  - type: article
    id: radweg
    heading: Der Radweg
    text: |
      Der Radweg wird gebaut. Mehr dazu finden Sie [hier](https://kreis.example/radweg).

      {filler}
  - type: article
    id: staedte
    heading: Nur für Städte
    only: cities
    text: |
      Das lesen nur Städte.
  - type: image
    image:
      file: feld.png
      alt: Ein rotes Feld.
  - type: article
    id: ende
    heading: Am Ende
    text: |
      Das Wort am Ende heißt Wegwarte.
""".format(
    filler="\n\n      ".join(f"Absatz {number} über den Radweg und seine Brücken." for number in range(40))
)


@dataclass(frozen=True)
class Running:
    """A preview and where it listens."""

    office: Office
    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        """Its port."""
        return urlsplit(self.url).port or 0

    @property
    def path(self) -> str:
        """The path with the token."""
        return urlsplit(self.url).path

    def write(self, text: str) -> None:
        """Save the issue."""
        self.office.put("issues/2024-1/issue.yaml", text)

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        """Send a request as it is; `Host` is right unless given. Underscores in names become hyphens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body=body.encode() or None, headers=sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    @contextmanager
    def listen(self) -> Iterator[http.client.HTTPResponse]:
        """Open the line on which the page is told what is new."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", f"{self.path}events")
            with connection.getresponse() as line:
                yield line
        finally:
            connection.close()

    def state(self) -> bytes:
        """Return what the page is told at first, once something was composed."""
        with self.listen() as line:
            told = b"".join(line.readline() for _number in range(4))
        return b"" if b'"composing": true' in told else told

    def origin(self) -> str:
        """Return the page's origin."""
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and what was said."""
        self.process.send_signal(signal.SIGINT)
        _out, err = self.process.communicate(timeout=20)
        return self.process.returncode, err


@contextmanager
def running(office: Office, *arguments: str) -> Iterator[Running]:
    """Start a preview, and end it."""
    process = subprocess.Popen(
        office.command("preview", "--no-open", *arguments),
        cwd=office.root,
        env=clean_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    try:
        assert url, process.communicate(timeout=20)[1]
        started = Running(office, process, url)
        until(lambda: b"revision" in started.state())
        yield started
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def furnished(office: Office) -> Office:
    """Write the issue that has a bit of everything."""
    office.furnish()
    office.put("issues/2024-1/issue.yaml", ISSUE)
    office.put("issues/2024-1/feld.png", png(300, 200))
    return office


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it does not in this time.
    """
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never held"
        time.sleep(0.02)
