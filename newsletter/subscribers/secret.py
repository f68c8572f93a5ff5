"""The key outside the database: it seals the log's end and the addresses of erased people.

Addresses are guessable, so a plain hash of an erased one would still tell who it was; with a key it does
not (HMAC, RFC 2104). Whoever has only the database can neither find erased people nor cut the log short.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.language import _


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
            KeyFileError: it is missing although the list has used one, or others can read it.
        """
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            if fresh:
                return cls(_made(path))
            message = _("The key {path} is missing; this list was made with one.").format(path=path)
            raise KeyFileError(
                message, cure=_("Put it back from your backup; a new one would not fit.")
            ) from None
        except OSError as err:
            raise KeyFileError(
                _("{path} cannot be read: {reason}.").format(path=path, reason=err.strerror)
            ) from err
        if path.stat().st_mode & 0o077:
            message = _("The key {path} can be read by others.").format(path=path)
            raise KeyFileError(message, cure=_("Take their rights away: chmod 600 {path}").format(path=path))
        return cls(_decoded(path, text))

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return the keyed hash of something, different for each purpose."""
        return hmac.digest(self._key, purpose.encode() + b"\0" + data, "sha256")


def _made(path: Path) -> bytes:
    key = secrets.token_bytes(32)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.hex().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _decoded(path: Path, text: bytes) -> bytes:
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:  # noqa: PLR2004 (bytes, as _made writes them)
        message = _("{path} holds no key.").format(path=path)
        raise KeyFileError(message, cure=_("Put it back from your backup."))
    return key
