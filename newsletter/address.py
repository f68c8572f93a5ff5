"""E-mail addresses: what is one, how it is compared, how it is shortened for talk and logs.

The person's own spelling is kept; `key` is what makes two spellings the same person: Unicode NFC, small
letters, the domain in its A-label form (RFC 5891). A local part could tell capitals apart (RFC 5321 §2.4),
but no mailbox provider we write to does, and a list that did would mail people twice. `ß` and `ss` stay two
(`str.lower`, not `casefold`): those are two mailboxes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from newsletter.errors import NewsletterError
from newsletter.language import _

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3 with erratum 1690: 256 octets of path, less its two brackets."""
_PLAIN = re.compile(r"[a-z0-9_+=/-]+(?:\.[a-z0-9_+=/-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,})")
"""Addresses in small letters that need no closer look, up to `_PLAIN_LENGTH`: 98 % of those met.

No double hyphen, so no A-label; everything else goes to email-validator.
"""
_PLAIN_LENGTH = 63
"""In so short an address no part can be too long (RFC 5321 §4.5.3.1.1, RFC 1035 §2.3.4)."""
_SPECIAL = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Top-level domains that no mail reaches (RFC 6761); a test compares them with email-validator's."""


class AddressError(NewsletterError, ValueError):
    """This is no e-mail address that mail could be sent to."""

    def __init__(self, value: str, reason: str) -> None:
        self.value = value
        self.reason = reason
        shown = "".join(sign if sign.isprintable() else "�" for sign in value[:80])
        super().__init__(_("“{value}” is no usable address: {reason}").format(value=shown, reason=reason))


@dataclass(frozen=True, slots=True)
class Address:
    """An address as its owner writes it, and the key by which it is found."""

    text: str
    key: str

    @property
    def domain(self) -> str:
        """The domain in its A-label form."""
        return self.key.rpartition("@")[2]

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address.

        Raises:
            AddressError: it is none, or none that mail could reach.
        """
        text = text.strip()
        return cls(text, key_of(text))


def key_of(text: str) -> str:
    """Return the key of an address; 1 µs for plain ones, which email-validator would accept alike.

    Raises:
        AddressError: it is none.
    """
    if len(text) <= _PLAIN_LENGTH and text.isascii():
        key = text.lower()
        found = _PLAIN.fullmatch(key)
        if found is not None and found[1] not in _SPECIAL:
            return key
    return _looked_at_closely(text)


def _looked_at_closely(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 (seldom needed)

    if len(text) > MAX_LENGTH:
        reason = _("it has {count} characters, {most} are possible.")
        raise AddressError(text, reason.format(count=len(text), most=MAX_LENGTH))
    try:
        valid = validate_email(text, check_deliverability=False, allow_quoted_local=True, strict=True)
    except EmailNotValidError as err:
        raise AddressError(text, _reason(text)) from err
    local = unicodedata.normalize("NFC", valid.local_part.lower())
    return f"{local}@{(valid.ascii_domain or valid.domain).lower()}"


def _reason(text: str) -> str:
    """Say what is most likely wrong with it."""
    domain = text.rpartition("@")[2]
    if not text:
        return _("it is empty.")
    if "@" not in text:
        return _("the @ is missing.")
    if re.search(r"[\s,;<>]", text):
        return _("one address without spaces, commas, semicolons and brackets belongs here.")
    if domain.rpartition(".")[2].lower() in _SPECIAL:
        return _("no mail reaches the domain {domain}.").format(domain=domain)
    return _("it is not of the form name@example.org.")


def shortened(text: str) -> str:
    """Return an address as logs may show it: `e…@example.org`."""
    local, at, domain = text.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else f"{text[:1]}…"
