"""Further header fields from the settings: `[list.headers]`, the same in every mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from newsletter.language import _
from newsletter.mail import headers
from newsletter.mail.headers import HeaderRefusedError

_OURS = frozenset(
    {
        "from", "reply-to", "to", "subject", "date", "message-id", "precedence", "feedback-id",
        "cfbl-address", "cfbl-feedback-id", "x-auto-response-suppress", "mime-version",
    }
)  # fmt: skip
"""Fields of which there must be one, which we write, or none."""
_NOT_OURS = frozenset(
    {
        "cc", "bcc", "apparently-to", "sender", "return-path", "delivered-to", "envelope-to", "errors-to",
        "received", "authentication-results", "received-spf", "domainkey-signature", "in-reply-to",
        "references", "disposition-notification-to", "return-receipt-to", "x-confirm-reading-to",
        "x-original-to",
    }
)  # fmt: skip
"""Further recipients, traces of servers, receipts that each reader would be asked for."""
_FAMILIES = ("content-", "list-", "dkim-", "arc-", "resent-", "x-spam-")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ALLOWED = frozenset({"list-subscribe"})
"""Of these families, what may stand there nonetheless."""


def fields(wanted: Mapping[str, str]) -> Iterator[bytes]:
    """Write the further fields.

    Raises:
        HeaderRefusedError: one is the program's own, none of the sender's business, or not safe.
    """
    seen: set[str] = set()
    for name, value in wanted.items():
        try:
            yield _field(name, value, seen)
        except HeaderRefusedError as err:
            cure = _("Change or remove it in newsletter.toml, [list.headers].")
            raise HeaderRefusedError(err.header, err.value, err.reason, cure=cure) from err
        seen.add(name.lower())


def _field(name: str, value: str, seen: set[str]) -> bytes:
    key = name.lower()
    if not _NAME.fullmatch(name):
        raise HeaderRefusedError(name, value, _("this is no name of a header."))
    if key in _OURS or key in _NOT_OURS or (key.startswith(_FAMILIES) and key not in _ALLOWED):
        raise HeaderRefusedError(
            name, value, _("the program writes this header itself, or it must not be there.")
        )
    if key in seen:
        raise HeaderRefusedError(name, value, _("this header is there already."))
    if not value.strip():
        raise HeaderRefusedError(name, value, _("it is empty."))
    return headers.raw(name, value) if value.isascii() else headers.text(name, value)
