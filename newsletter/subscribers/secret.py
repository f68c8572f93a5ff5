"""The key outside the database: it seals the log's end and the addresses of erased people.

Addresses are guessable, so a plain hash of an erased one would still tell who it was; with a key it does
not (HMAC, RFC 2104). Whoever has only the database can neither find erased people nor cut the log short.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.language import _

_BYTES = 32


class KeyFileError(NewsletterError, OSError):
    """The key of the subscriber list cannot be used."""


@dataclass(frozen=True)
class Secret:
    """The key of a subscriber list."""

    _key: bytes = field(repr=False)

    @classmethod
    def load(cls, path: Path, *, fresh: bool) -> Secret:
        """Read the key; make one when the list is fresh and has none.

        Raises:
            KeyFileError: it is missing although the list has used one, is no key, cannot be read, or can be
                read by others.
        """
        if not fresh and not path.exists():
            message = _("The key {path} is missing; this list was made with one.").format(path=path)
            raise KeyFileError(message, cure=_("Put it back from your backup; a new one would not fit."))
        try:
            if fresh:
                _make(path)
            text = path.read_bytes()
            mode = path.stat().st_mode
        except OSError as err:
            message = _("{path} cannot be used: {reason}.").format(path=path, reason=err.strerror)
            raise KeyFileError(message, cure=_("Check that the file and its folder are yours.")) from err
        if mode & 0o077:
            message = _("The key {path} can be read by others.").format(path=path)
            raise KeyFileError(message, cure=_("Take their rights away: chmod 600 {path}").format(path=path))
        return cls(_decoded(path, text))

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return the keyed hash of something, different for each purpose."""
        return hmac.digest(self._key, purpose.encode() + b"\0" + data, "sha256")


def _make(path: Path) -> None:
    """Make a key where there is none; whole or not at all, and of two processes at once the first one's."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES).hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a list whose key a power cut took away would be lost
    finally:
        os.close(folder)


def _decoded(path: Path, text: bytes) -> bytes:
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        message = _("{path} holds no key.").format(path=path)
        raise KeyFileError(message, cure=_("Put it back from your backup."))
    return key
