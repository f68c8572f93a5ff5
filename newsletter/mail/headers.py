"""Header fields of a mail, written by ourselves so that what goes in is what comes out.

The standard library (3.10.13, 3.11.7, 3.12.1) decodes an encoded-word inside a value and writes the CR
and LF it held as they are, and makes encoded-words of long List-Unsubscribe addresses; both measured.
Each function returns a whole field, folded, with its CRLF at the end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.mail import words
from newsletter.mail.mailbox import is_plain, wire_form

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, the line ends that only Unicode knows, and halves of characters."""

_LONGEST = 998
"""RFC 5322 §2.1.1: a line must not be longer."""
_NAME = re.compile(r"[!-9;-~]+")
_ITEM_END = re.compile(r"(?<=[,;]) ")
_QUOTED = re.compile(r'["\\]')
_PLAIN_PHRASE = re.compile(r"[!#-<>-\[\]-~](?:[ !#-<>-\[\]-~]*[!#-<>-\[\]-~])?")
"""Names without a quote, a backslash or the `=` that an encoded word begins with: nothing to look at."""


class HeaderRefusedError(NewsletterError, ValueError):
    """A value cannot stand in a mail header."""

    def __init__(self, header: str, value: str, reason: str, *, cure: str = "") -> None:
        self.header = header
        self.value = value
        self.reason = reason
        message = _("{value} cannot stand in the header {header}: {reason}")
        super().__init__(message.format(value=repr(value), header=header, reason=reason), cure=cure)


def text(name: str, value: str) -> bytes:
    """Write an unstructured field (RFC 5322 §2.2.1), as encoded-words where ASCII does not do."""
    guard(name, value)
    room = words.LINE - len(f"{name}: ")
    parts = value.split()
    plain = value.isascii() and value == " ".join(parts) and all(len(part) <= room for part in parts)
    return _folded(name, parts if plain else words.encoded(value, name))


def address(name: str, mailbox: str, display: str = "") -> bytes:
    """Write a field with one mailbox (RFC 5322 §3.4): `From: "Erika Muster" <erika@example.org>`."""
    return addressed(name, ascii_address(name, mailbox), display)


def addressed(name: str, spec: str, display: str) -> bytes:
    """Write a field with a mailbox that `recipient` or `ascii_address` has given, and a display name."""
    if _PLAIN_PHRASE.fullmatch(display):
        field = f'{name}: "{display}" <{spec}>\r\n'
        if len(field) <= words.LINE and field.isascii():
            return field.encode("ascii")
    guard(name, display)
    shown = display.strip()
    return _folded(name, [*_phrase(name, shown), f"<{spec}>"] if shown else [spec])


def list_id(title: str, mailbox: str) -> bytes:
    """Write the List-Id (RFC 2919 §3), which stays the same as long as the sender's address does."""
    local, _at, domain = ascii_address("List-Id", mailbox).rpartition("@")
    label = re.sub(r"[^a-z0-9]+", "-", local.lower()).strip("-") or "newsletter"
    guard("List-Id", title)
    return _folded("List-Id", [*_phrase("List-Id", title.strip()), f"<{label}.{domain.lower()}>"])


def raw(name: str, value: str) -> bytes:
    """Write a structured field as it is: no encoded-words, folded only after `, ` and `; `.

    List-Unsubscribe and its like (RFC 2369, RFC 8058), whose addresses must stay whole.
    """
    guard(name, value)
    if not value.isascii():
        raise HeaderRefusedError(name, value, _("only ASCII may stand here; encode web addresses."))
    return _folded(name, _ITEM_END.split(value.strip()))


def date(when: datetime) -> bytes:
    """Write the Date (RFC 5322 §3.3) of a time that knows its zone."""
    if when.tzinfo is None:
        raise ValueError(_("the date of a mail needs a time zone"))
    return _folded("Date", [format_datetime(when)])


def message_id(digest: str, recipient_key: str, domain: str) -> str:
    """Derive the Message-ID (RFC 5322 §3.6.4) of an edition's mail to one recipient.

    The same for every attempt, so that ledger, relay logs and bounces name the same mail; another for
    every recipient, as Gmail defers messages that share one (421 4.7.28).
    """
    token = hashlib.sha256(f"{digest}\0{recipient_key}".encode()).hexdigest()[:40]
    return f"<{token}@{domain}>"


def recipient(name: str, address: str) -> tuple[str, bool]:
    """Return an address as it goes over the wire, and whether that needs SMTPUTF8 (RFC 6531).

    Raises:
        HeaderRefusedError: it is no address.
    """
    if is_plain(address):
        return address, False
    guard(name, address)
    spec = wire_form(address)
    if not spec:
        raise HeaderRefusedError(name, address, _("this is no e-mail address."))
    return spec, not spec.isascii()


def ascii_address(name: str, address: str) -> str:
    """Return an address as servers without SMTPUTF8 take it, its domain in A-labels (RFC 5891).

    Raises:
        HeaderRefusedError: no address, or a local part beyond ASCII, which needs SMTPUTF8 (RFC 6531).
    """
    spec, utf8 = recipient(name, address)
    if utf8:
        reason = _("letters such as ä before the @ cannot be delivered by every server.")
        raise HeaderRefusedError(name, address, reason)
    return spec


def guard(name: str, value: str) -> None:
    """Refuse whatever could begin another field, here or after a reader has decoded it."""
    if not _NAME.fullmatch(name):
        raise HeaderRefusedError(name, value, _("this is no name of a header."))
    if not value.isprintable() and CONTROL.search(value):
        raise HeaderRefusedError(name, value, _("it contains a line break or a control character."))
    if "=?" in value:
        raise HeaderRefusedError(name, value, _("it contains “=?”, which begins an encoded word."))


def _folded(name: str, items: Sequence[str]) -> bytes:
    """Join the items by spaces, beginning a new line before an item that would go beyond the end.

    Only an address may hold more than ASCII, in UTF-8 (RFC 6532 §3.2).
    """
    field = " ".join((f"{name}:", *items))
    if len(field) <= words.LINE and field.isascii():
        return f"{field}\r\n".encode("ascii")
    lines = [f"{name}:".encode()]
    for number, item in enumerate(map(str.encode, items)):
        if number and len(lines[-1]) + 1 + len(item) > words.LINE:
            lines.append(b"")
        lines[-1] += b" " + item
    if max(map(len, lines)) > _LONGEST:
        raise HeaderRefusedError(name, " ".join(items), _("a line of a mail has at most 998 characters."))
    return b"".join(line + b"\r\n" for line in lines)


def _phrase(name: str, display: str) -> list[str]:
    """Write a display name as a quoted-string, or as encoded-words, which must not be quoted."""
    if display.isascii():
        quoted = '"' + _QUOTED.sub(r"\\\g<0>", display) + '"'
        if len(quoted) <= words.LINE - len(f"{name}: "):
            return [quoted]
    return words.encoded(display, name)
