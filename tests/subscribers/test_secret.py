"""The key beside the database: made once, private, never replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.subscribers.secret import KeyFileError, Secret


def test_is_made_once_and_private(tmp_path: Path) -> None:
    """A fresh list makes a key of 0600 and finds the same one again; nothing else is left in the folder."""
    path = tmp_path / "subscribers.key"
    first = Secret.load(path, fresh=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Secret.load(path, fresh=True) == Secret.load(path, fresh=False) == first
    assert list(tmp_path.iterdir()) == [path]


def test_is_not_shown(tmp_path: Path) -> None:
    """No log or traceback prints the key."""
    path = tmp_path / "subscribers.key"
    assert repr(Secret.load(path, fresh=True)) == "Secret()"


def test_purposes_are_kept_apart(tmp_path: Path) -> None:
    """The same data under another purpose, or under another key, has another digest."""
    one, two = (Secret.load(tmp_path / name, fresh=True) for name in ("one", "two"))
    assert len({one.digest("log", b"x"), one.digest("erased", b"x"), two.digest("log", b"x")}) == 3


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (None, 0, "is missing; this list was made with one"),
        ("0" * 64, 0o644, "can be read by others"),
        ("0" * 62, 0o600, "holds no key"),
        ("rubbish", 0o600, "holds no key"),
        ("", 0o600, "holds no key"),
    ],
    ids=["missing", "open to others", "short", "rubbish", "empty"],
)
def test_what_is_no_key_is_told(tmp_path: Path, content: str | None, mode: int, told: str) -> None:
    """A list that has used a key never silently gets another one."""
    path = tmp_path / "subscribers.key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(KeyFileError, match=told) as caught:
        Secret.load(path, fresh=False)
    assert caught.value.cure


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Where no key can be made, the path and the system's reason are told."""
    with pytest.raises(KeyFileError, match="cannot be used: No such file"):
        Secret.load(tmp_path / "none" / "subscribers.key", fresh=True)


def test_many_processes_make_one_key(tmp_path: Path) -> None:
    """Processes that are first at the same time end up with the same key."""
    script = (
        "import sys, pathlib\nfrom newsletter.subscribers.secret import Secret\nsys.stdin.readline()\n"
        "print(Secret.load(pathlib.Path(sys.argv[1]), fresh=True).digest('x', b'').hex())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "key")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _one in range(4)
    ]
    assert len({one.communicate("\n", timeout=60)[0] for one in started} - {""}) == 1
    assert [one.returncode for one in started] == [0] * 4
