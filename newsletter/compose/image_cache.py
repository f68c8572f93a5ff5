"""Keep developed pictures between builds, so that only a new or changed image costs time.

An entry is one file: the SHA-256 of what follows, the facts as a line of JSON, the image. It may be
deleted or damaged at any moment, and the folder may be unwritable: then the picture is made anew.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newsletter.compose.cache import write_whole


@dataclass(frozen=True)
class Picture:
    """A developed image; `width` and `height` are how large it is shown, in CSS pixels."""

    media_type: str
    width: int
    height: int
    data: bytes


class ImageCache:
    """The pictures of earlier builds, each under the digest of all that its making depended on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Picture | None:
        """Return the picture, or None when there is none or its entry is damaged."""
        try:
            entry = self._path(key).read_bytes()
        except OSError:
            return None
        digest, _, content = entry.partition(b"\n")
        if digest != _digest(content):
            return None
        facts, _, data = content.partition(b"\n")
        media_type, width, height = json.loads(facts)
        return Picture(media_type, width, height, data)

    def put(self, key: str, picture: Picture) -> None:
        """Keep a picture; an interrupted or parallel build leaves a whole entry or none."""
        facts = json.dumps([picture.media_type, picture.width, picture.height]).encode()
        content = facts + b"\n" + picture.data
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(key), _digest(content) + b"\n" + content)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.image"


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
