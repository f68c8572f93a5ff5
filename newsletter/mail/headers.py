"""Header fields of a mail, written by ourselves so that what goes in is what comes out.

The standard library (3.10.13, 3.11.7, 3.12.1) decodes an encoded-word inside a value and writes the CR
and LF it held as they are, and makes encoded-words of long List-Unsubscribe addresses; both measured.
Each function returns a whole field, folded, with its CRLF at the end.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime

import idna

from newsletter.errors import NewsletterError
from newsletter.language import _

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, the line ends that only Unicode knows, and halves of characters."""

_LINE = 76
"""RFC 2047 §2: a line that holds an encoded-word; RFC 5322 §2.1.1 advises 78 for others."""
_LONGEST = 998
"""RFC 5322 §2.1.1: a line must not be longer."""
_WORD = 75 - len("=?utf-8?q??=")
"""RFC 2047 §2: an encoded-word has at most 75 characters."""
_NAME = re.compile(r"[!-9;-~]+")
_ITEM_END = re.compile(r"(?<=[,;]) ")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf'{_ATEXT}(?:\.{_ATEXT})*|"(?:[ !#-\[\]-~]|\\[ -~])+"')
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_Q_UNSAFE = re.compile(rb"[^A-Za-z0-9!*+/ -]")


class HeaderRefusedError(NewsletterError, ValueError):
    """A value cannot stand in a mail header."""

    def __init__(self, header: str, value: str, reason: str) -> None:
        self.header = header
        self.value = value
        message = _("{value} cannot stand in the header {header}: {reason}")
        super().__init__(message.format(value=repr(value), header=header, reason=reason))


def text(name: str, value: str) -> bytes:
    """Write an unstructured field (RFC 5322 §2.2.1), as encoded-words where ASCII does not do."""
    _guard(name, value)
    room = _LINE - len(f"{name}: ")
    words = value.split()
    plain = value.isascii() and value == " ".join(words) and all(len(word) <= room for word in words)
    return _folded(name, words if plain else _encoded_words(value, room))


def address(name: str, mailbox: str, display: str = "") -> bytes:
    """Write a field with one mailbox (RFC 5322 §3.4): `To: "Erika Muster" <erika@example.org>`."""
    spec = ascii_address(name, mailbox)
    _guard(name, display)
    if not display.strip():
        return _folded(name, [spec])
    return _folded(name, [*_phrase(name, display.strip()), f"<{spec}>"])


def list_id(title: str, mailbox: str) -> bytes:
    """Write the List-Id (RFC 2919 §3), which stays the same as long as the sender's address does."""
    local, _at, domain = ascii_address("List-Id", mailbox).rpartition("@")
    label = re.sub(r"[^a-z0-9]+", "-", local.lower()).strip("-") or "newsletter"
    _guard("List-Id", title)
    return _folded("List-Id", [*_phrase("List-Id", title.strip()), f"<{label}.{domain.lower()}>"])


def raw(name: str, value: str) -> bytes:
    """Write a structured field as it is: no encoded-words, folded only after `, ` and `; `.

    List-Unsubscribe and its like (RFC 2369, RFC 8058), whose addresses must stay whole.
    """
    _guard(name, value)
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


def ascii_address(name: str, mailbox: str) -> str:
    """Return an address as servers without SMTPUTF8 take it, its domain in A-labels (RFC 5891).

    Raises:
        HeaderRefusedError: no address, or a local part beyond ASCII, which needs SMTPUTF8 (RFC 6531).
    """
    _guard(name, mailbox)
    local, _at, domain = mailbox.rpartition("@")
    if not local.isascii():
        reason = _("letters such as ä before the @ cannot be delivered by every server.")
        raise HeaderRefusedError(name, mailbox, reason)
    a_label = _a_label(domain)
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(a_label) or ".." in a_label:
        raise HeaderRefusedError(name, mailbox, _("this is no e-mail address."))
    return f"{local}@{a_label}"


def _a_label(domain: str) -> str:
    """Return the domain in ASCII, or nothing when it has no such form."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""


def _guard(name: str, value: str) -> None:
    """Refuse whatever could begin another field, here or after a reader has decoded it."""
    if not _NAME.fullmatch(name):
        raise HeaderRefusedError(name, value, _("this is no name of a header."))
    if CONTROL.search(value):
        raise HeaderRefusedError(name, value, _("it contains a line break or a control character."))
    if "=?" in value:
        raise HeaderRefusedError(name, value, _("it contains “=?”, which begins an encoded word."))


def _folded(name: str, items: Sequence[str]) -> bytes:
    """Join the items by spaces, beginning a new line before an item that would go beyond the end."""
    lines = [f"{name}:"]
    for number, item in enumerate(items):
        if number and len(lines[-1]) + 1 + len(item) > _LINE:
            lines.append("")
        lines[-1] += f" {item}"
    if max(map(len, lines)) > _LONGEST:
        raise HeaderRefusedError(name, " ".join(items), _("a line of a mail has at most 998 characters."))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _phrase(name: str, display: str) -> list[str]:
    """Write a display name as a quoted-string, or as encoded-words, which must not be quoted."""
    room = _LINE - len(f"{name}: ")
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", display) + '"'
    if display.isascii() and len(quoted) <= room:
        return [quoted]
    return _encoded_words(display, room)


def _encoded_words(value: str, room: int) -> list[str]:
    """Write a text as encoded-words (RFC 2047 §4), B or Q, whichever is shorter.

    Words hold whole characters (§5), and `room` is what the field's first line leaves for the first.
    """
    first = room - (75 - _WORD)
    if len(_q(value)) <= len(_b(value)):
        return [f"=?utf-8?q?{_q(part)}?=" for part in _parts(value, _q, first, _WORD)]
    return [f"=?utf-8?b?{_b(part)}?=" for part in _parts(value, str.encode, first // 4 * 3, _WORD // 4 * 3)]


def _parts(value: str, coded: Callable[[str], str | bytes], first: int, rest: int) -> Iterator[str]:
    """Cut a text so that each part is at most so long when coded; the first has its own limit."""
    if len(coded(value)) <= first:
        yield value
        return
    part, left = "", first
    for character in value:
        cost = len(coded(character))
        if part and cost > left:
            yield part
            part, left = "", rest
        part += character
        left -= cost
    yield part


def _q(part: str) -> str:
    """Encode for Q, bare only what may stand so in a phrase too (RFC 2047 §5, rule 3)."""
    return _Q_UNSAFE.sub(_q_code, part.encode()).replace(b" ", b"_").decode("ascii")


def _q_code(found: re.Match[bytes]) -> bytes:
    return b"=%02X" % ord(found[0])


def _b(part: str) -> str:
    return base64.b64encode(part.encode()).decode("ascii")
