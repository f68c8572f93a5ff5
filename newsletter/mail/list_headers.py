"""What the header tells mail programs and providers about the list (RFC 2369, 2919, 8058, 9477)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from newsletter.compose.edition import Edition, Variant
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.mail import headers
from newsletter.settings_model import Settings

_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""What stands in a web address as it is (RFC 3986 §2.2); `%` as well, as it may be encoded already."""
_HOST = re.compile(r"[A-Za-z0-9._~%:@\[\]-]+")
_FEEDBACK_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


class FeedbackAddressError(NewsletterError, ValueError):
    """Complaints cannot be reported to this address."""


def fields(edition: Edition, variant: Variant, settings: Settings, *, test: bool) -> Iterator[bytes]:
    """Write what is the same for all readers of a variant; the token's fields are `ways_out`'s.

    Raises:
        FeedbackAddressError: complaints would go to a domain that is not the sender's.
        HeaderRefusedError: an address or a title cannot stand in a header.
    """
    of_list, sender = settings.list, settings.sender
    yield headers.list_id(settings.newsletter.title, sender.address)
    if of_list.help_url:
        yield headers.raw("List-Help", f"<{web_address('List-Help', of_list.help_url)}>")
    if of_list.owner:
        yield headers.raw("List-Owner", f"<{mailto('List-Owner', of_list.owner)}>")
    if settings.web.base_url:
        yield headers.raw("List-Archive", f"<{web_address('List-Archive', settings.web.base_url)}>")
    yield headers.raw("List-Post", "NO")  # RFC 2369 §3.4: nobody may write to an announcement list
    yield headers.raw("Precedence", "bulk")
    yield headers.raw(
        "X-Auto-Response-Suppress", "OOF, AutoReply"
    )  # [MS-OXCMAIL] 2.1.3.2.20; no NDR: we want it
    if of_list.feedback_id:
        yield headers.raw("Feedback-ID", _feedback_id(edition, variant, of_list.feedback_id, test=test))
    if of_list.feedback_address:
        yield headers.raw("CFBL-Address", f"{_complaints(settings)}; report=arf")


def web_address(header: str, url: str) -> str:
    """Write a web address in ASCII: the host in A-labels, the rest percent-encoded (RFC 3986).

    Raises:
        HeaderRefusedError: its host is none.
    """
    headers.guard(header, url)
    try:
        parts = urlsplit(url)
    except ValueError as err:
        raise headers.HeaderRefusedError(header, url, _("this is no web address.")) from err
    user, at, host = parts.netloc.rpartition("@")
    if not host.isascii():
        name, colon, port = host.partition(":")
        host = headers.ascii_address(header, f"www@{name}").removeprefix("www@") + colon + port
    if not _HOST.fullmatch(f"{user}{at}{host}"):
        raise headers.HeaderRefusedError(header, url, _("this is no web address."))
    return parts._replace(
        netloc=f"{user}{at}{host}",
        path=quote(parts.path, safe=_URL_SAFE),
        query=quote(parts.query, safe=_URL_SAFE),
        fragment=quote(parts.fragment, safe=_URL_SAFE),
    ).geturl()


def mailto(header: str, address: str, subject: str = "") -> str:
    """Write a mailto address (RFC 6068)."""
    local, at, domain = headers.ascii_address(header, address).rpartition("@")
    return f"mailto:{quote(local, safe='+')}{at}{domain}" + (f"?subject={subject}" if subject else "")


def _feedback_id(edition: Edition, variant: Variant, sender: str, *, test: bool) -> str:
    """Write `issue:variant:kind:sender`, by which Gmail's Postmaster Tools count complaints.

    None of the four is a recipient's, and the sender's is last and always the same (Google, answer 6254652).
    """
    name = _FEEDBACK_UNSAFE.sub("-", variant.name)
    return f"{edition.id}:{name}:{'test' if test else 'newsletter'}:{sender}"


def _complaints(settings: Settings) -> str:
    """Return where complaints go; in the sender's domain or below it (RFC 9477 §3.1), as its DKIM vouches."""
    wanted = settings.list.feedback_address or ""
    address = headers.ascii_address("CFBL-Address", wanted)
    domain = headers.ascii_address("From", settings.sender.address).rpartition("@")[2]
    if not f".{address.rpartition('@')[2]}".lower().endswith(f".{domain}".lower()):
        message = _("Complaints cannot be reported to {address}: it is not in the domain {domain}.")
        cure = _("Set [list] feedback_address to an address in the sender's domain, or remove it.")
        raise FeedbackAddressError(message.format(address=wanted, domain=domain), cure=cure)
    return address
