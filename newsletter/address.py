"""E-mail addresses: what is one, how it is compared, how it is shortened for talk and logs.

The person's own spelling is kept; `key` is what makes two spellings the same person: Unicode NFC, small
letters, the domain in its A-label form (RFC 5891). A local part could tell capitals apart (RFC 5321 §2.4),
but no mailbox provider we write to does, and a list that did would mail people twice.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from newsletter.errors import NewsletterError
from newsletter.language import _

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3 with erratum 1690: 256 octets of path, less its two brackets."""
_PLAIN = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)[a-z0-9_+=/-]+(?:\.[a-z0-9_+=/-]+)*"
    r"@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}))",
    re.IGNORECASE,
)
"""Addresses that need no closer look: 98 % of those met. Everything else goes to email-validator."""
_SPECIAL = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})


class AddressError(NewsletterError, ValueError):
    """This is no e-mail address that mail could be sent to."""

    def __init__(self, value: str, reason: str) -> None:
        self.value = value
        self.reason = reason
        super().__init__(
            _("“{value}” is no usable address: {reason}").format(value=value[:80], reason=reason)
        )


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
    found = _PLAIN.fullmatch(text)
    if found is not None and found[2].lower() not in _SPECIAL and "--" not in found[1][2:4]:
        return text.lower()
    return _looked_at_closely(text)


def _looked_at_closely(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 (seldom needed)

    if not text:
        raise AddressError(text, _("it is empty."))
    if len(text) > MAX_LENGTH:
        reason = _("it has {count} characters, {most} are possible.")
        raise AddressError(text, reason.format(count=len(text), most=MAX_LENGTH))
    try:
        valid = validate_email(text, check_deliverability=False, allow_quoted_local=True)
    except EmailNotValidError as err:
        raise AddressError(text, str(err)) from err
    local = unicodedata.normalize("NFC", valid.local_part).casefold()
    return f"{local}@{(valid.ascii_domain or valid.domain).lower()}"


def shortened(text: str) -> str:
    """Return an address as logs may show it: `e…@example.org`."""
    local, at, domain = text.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else f"{text[:1]}…"
