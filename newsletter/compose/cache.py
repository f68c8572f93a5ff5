"""What is kept between builds to save time: small texts by key, one JSON file, only what was used last.

A lost or damaged file costs time, never correctness: keys name everything the value was made from.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path


class Drawer:
    """Texts by key; `save` writes those that were used since the drawer was opened."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._old = self._load()
        self._used: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return what is kept under a key."""
        value = self._used.get(key, self._old.get(key))
        if value is not None:
            self._used[key] = value
        return value

    def put(self, key: str, value: str) -> None:
        """Keep a value."""
        self._used[key] = value

    def save(self) -> None:
        """Write the file if anything changed; a disk that does not take it is no failure of the build."""
        if self._path is None or self._used == self._old:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(self._used, ensure_ascii=False, sort_keys=True).encode())

    def _load(self) -> dict[str, str]:
        if self._path is None:
            return {}
        try:
            kept = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(kept, dict) or not all(isinstance(value, str) for value in kept.values()):
            return {}
        return kept


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
