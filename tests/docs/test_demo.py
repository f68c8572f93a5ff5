"""`make demo` and `make demo-smtp` show what they promise, and touch nothing of the newsletter's own."""

from __future__ import annotations

import os
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.docs.documents import README, ROOT, blocks

_NEEDED = ("Makefile", "newsletter.toml", "issues", "templates", "docs", "tests")
_STAMPS = (".made", ".installed", ".installed-dev")
PEOPLE = [
    "erika.beispiel@kreis-muster.example",
    "max.mueller@stadt-probe.example",
    "post@gemeinde-neu.example",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which everything is installed already; what runs is what the tests run in."""
    for name in _NEEDED:
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("pyproject.toml", "requirements.lock.txt", "requirements-dev.lock.txt"):
        _made(tmp_path / name, age=100)
    for name in _STAMPS:
        _made(tmp_path / ".venv" / name)
    for name, arguments in (("newsletter", "-m newsletter "), ("python", "")):
        program = tmp_path / ".venv" / "bin" / name
        _made(program, f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n')
        program.chmod(0o700)
    return tmp_path


def _made(path: Path, text: str = "", *, age: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if age:
        os.utime(path, (path.stat().st_mtime - age,) * 2)


def _make(folder: Path, target: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "MAKE"))}
    done = subprocess.run(
        ["make", target],
        cwd=folder,
        env={
            **kept,
            "NEWSLETTER_LANG": "en",
            "PYTHONPATH": str(ROOT),
            "NEWSLETTER_SMTP__HOST": "mail.example",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _recipients(folder: Path) -> list[str]:
    messages = [message_from_bytes(path.read_bytes()) for path in folder.iterdir()]
    return sorted(str(message["To"]).rpartition("<")[2].rstrip(">") for message in messages)


def test_the_demonstration_fills_the_outbox_only(checkout: Path) -> None:
    """Even where a server is set; the list it makes is its own, and a second time begins anew."""
    for _time in range(2):
        said = _make(checkout, "demo")
        assert "finished" in said
        assert f"{len(PEOPLE)}  100.0 %" in said
    assert _recipients(checkout / "outbox" / "new") == sorted(
        2 * [*PEOPLE, "redaktion@interkommunales.example"]
    )
    assert not (checkout / "subscribers.db").exists()


def test_the_demonstration_sends_to_a_real_server(checkout: Path) -> None:
    """Whatever server is set, it is the one started for this; nothing goes to the outbox."""
    said = _make(checkout, "demo-smtp")
    assert f"{len(PEOPLE)}  100.0 %" in said
    assert "4 mails came to the server" in said
    assert _recipients(checkout / "build" / "arrived" / "new") == sorted(
        [*PEOPLE, "redaktion@interkommunales.example"]
    )
    assert not (checkout / "outbox").exists()
    assert not (checkout / "subscribers.db").exists()
    shown = blocks(README, "text", "demo-smtp")[0].text.splitlines()
    assert [line for line in shown if line not in said.splitlines()] == []
