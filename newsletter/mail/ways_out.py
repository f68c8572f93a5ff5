"""The ways out of the list: one click (RFC 8058), or a mail; each with the recipient's token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from newsletter.mail import headers
from newsletter.mail.list_headers import mailto, web_address
from newsletter.mail.tokens import STAND_IN
from newsletter.settings_model import Settings

PLACE = "unsubscribe_url"
"""The personal place that holds the recipient's link."""


@dataclass(frozen=True)
class WaysOut:
    """List-Unsubscribe, and the link in the body, cut at the token."""

    url: tuple[str, ...]
    """The web address around the token; empty where there is none."""
    field: tuple[bytes, ...]
    """List-Unsubscribe around the token, which stands in it once or twice."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the web address, where there is one, and always an address to write to.

        Raises:
            HeaderRefusedError: an address cannot stand in the header.
        """
        wanted, sender = settings.list, settings.sender
        mailbox = wanted.unsubscribe_address or sender.reply_to or sender.address
        ways = [f"<{mailto('List-Unsubscribe', mailbox, f'unsubscribe-{STAND_IN}')}>"]
        url: tuple[str, ...] = ()
        if wanted.unsubscribe_url:
            filled = wanted.unsubscribe_url.replace("{token}", STAND_IN)
            address = web_address("List-Unsubscribe", filled)
            url = tuple(address.split(STAND_IN))
            ways.insert(0, f"<{address}>")
        field = headers.raw("List-Unsubscribe", ", ".join(ways))
        return cls(url, tuple(field.split(STAND_IN.encode())))

    @property
    def post(self) -> bytes:
        """List-Unsubscribe-Post, which asks for one click to be enough; only where there is a web address."""
        one_click = headers.raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        return one_click if self.url else b""

    def unsubscribe(self, token: str) -> bytes:
        """Return the List-Unsubscribe of a recipient."""
        return token.encode("ascii").join(self.field)
