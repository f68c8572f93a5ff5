"""Where mail comes back that cannot be delivered: the envelope's sender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.mail import headers
from newsletter.mail.tokens import STAND_IN
from newsletter.settings_sending import Sender

_MAX_LOCAL_PART = 64
"""RFC 5321 §4.5.3.1.1."""
_WHERE = "Return-Path"


class ReturnPathError(NewsletterError, ValueError):
    """The return path cannot be used."""


@dataclass(frozen=True)
class ReturnPath:
    """One address for everybody, or one for each recipient (VERP), with a token in it."""

    parts: tuple[bytes, ...]
    """What stands around the token; a single part where there is none."""

    @classmethod
    def of(cls, sender: Sender) -> Self:
        """Take the return path of the settings, or the sender's address.

        Raises:
            ReturnPathError: with a token its local part is too long for mail servers.
            HeaderRefusedError: it is no address.
        """
        path = sender.return_path or sender.address
        spec = headers.ascii_address(_WHERE, path.replace("{token}", STAND_IN))
        if STAND_IN in spec and len(spec.rpartition("@")[0]) > _MAX_LOCAL_PART:
            message = _("The return path “{path}” is too long.").format(path=path)
            room = _MAX_LOCAL_PART - len(STAND_IN)
            cure = _("Beside {{token}}, at most {room} characters have room before the @.").format(room=room)
            raise ReturnPathError(message, cure=cure)
        return cls(tuple(spec.encode("ascii").split(STAND_IN.encode())))

    def address(self, token: str) -> bytes:
        """Return the address that a recipient's mail comes back to."""
        return token.encode("ascii").join(self.parts)
