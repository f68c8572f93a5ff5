"""The part of a mail's header that is the same for all readers of a variant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from newsletter.compose.edition import MARKER, Edition, Variant
from newsletter.mail import canonical, dkim, further, headers, list_headers
from newsletter.mail.ways_out import WaysOut
from newsletter.settings_model import Settings


@dataclass(frozen=True)
class Heading:
    """The constant fields before and after those that are the recipient's own."""

    opening: bytes
    closing: bytes
    """Ends with the Content-Type and the blank line before the body."""
    names: tuple[str, ...]
    """What of them is signed, in small letters."""
    signed: bytes
    """The same fields in their relaxed form, in this order."""

    @classmethod
    def of(
        cls,
        edition: Edition,
        variant: Variant,
        settings: Settings,
        content_type: bytes,
        *,
        date: datetime,
        mark: str,
    ) -> Self:
        """Write the fields.

        Raises:
            NewsletterError: the settings hold something that cannot stand in a header.
        """
        sender = settings.sender
        opening = [headers.date(date), headers.address("From", sender.address, sender.name)]
        if sender.reply_to:
            opening.append(headers.address("Reply-To", sender.reply_to))
        if not MARKER.search(edition.subject):
            opening.append(headers.text("Subject", mark + edition.subject))
        closing = [
            WaysOut.of(settings).post,
            *list_headers.fields(edition, variant, settings, test=bool(mark)),
            *further.fields(settings.list.headers),
            headers.raw("Content-Language", edition.language),
            headers.raw("MIME-Version", "1.0"),
            content_type,
        ]
        signed = list(_signed([*opening, *closing]))
        return cls(
            b"".join(opening),
            b"".join((*closing, b"\r\n")),
            tuple(canonical.names(signed)),
            b"".join(map(canonical.header, signed)),
        )


def _signed(fields: Iterable[bytes]) -> Iterable[bytes]:
    return (field for field in fields if field and canonical.names([field])[0] in dkim.SIGNED)
