"""The parts of newsletter.toml that are about sending: sender, list headers, servers, signatures.

No secrets here: passwords come from the environment or from a file of mode 0600.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from newsletter.language import _
from newsletter.settings_values import Address, Name, Part, Text, WebAddress, check_address


def _return_path(value: str) -> str:
    check_address(value.replace("{token}", "token", 1))
    return value


def _unsubscribe_url(value: str) -> str:
    if not value.startswith("https://") or value.count("{token}") != 1 or any(c <= " " for c in value):
        message = _("“{value}” is no address to unsubscribe at; it starts with https:// and holds {{token}}")
        raise ValueError(message.format(value=value))
    return value


class Sender(Part):
    """Who the mail is from, and the block at its foot."""

    name: Text
    address: Address
    reply_to: Address | None = None
    return_path: Annotated[str, AfterValidator(_return_path)] | None = None
    """Where servers report what they cannot deliver; `{token}` in it names mailing and recipient (VERP)."""
    block: str = ""
    """The sender in words (several lines): name, street, place, telephone."""


class MailingList(Part):
    """What the header tells mail programs about the list (RFC 2369, RFC 8058)."""

    unsubscribe_url: Annotated[str, AfterValidator(_unsubscribe_url)] | None = None
    """Where one click unsubscribes; `{token}` stands for the recipient."""
    unsubscribe_address: Address | None = None
    """Who takes unsubscriptions by mail; without it, who answers replies."""
    help_url: WebAddress | None = None
    owner: Address | None = None
    feedback_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{5,15}$")] | None = None
    """The sender's name in Feedback-ID, by which Gmail counts complaints; never changed."""
    feedback_address: Address | None = None
    """Where complaints are reported to (RFC 9477); in the sender's domain or below it."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further header fields that stand in every mail, such as X-CSA-Complaints."""


class _Server(Part):
    """A mail server that takes our mail."""

    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    """Certificates to trust, for a server with one of the office's own; without it, those of the system."""
    user: str | None = None
    password: SecretStr | None = None
    """Only from the environment; newsletter.toml is in version control."""
    password_file: Path | None = None
    """A file of mode 0600 that holds it."""
    token_command: tuple[str, ...] = ()
    """A program that prints an OAuth access token, for XOAUTH2."""
    auth: Literal["auto", "plain", "login", "cram-md5", "xoauth2"] = "auto"
    hello: str | None = None
    """What we call ourselves (EHLO); without it, this machine's full name."""
    connections: Annotated[int, Field(ge=1, le=100)] = 2
    rate: Annotated[float, Field(gt=0)] | None = None
    """Messages per second at most."""
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    """Its share of the mail, where there are several."""


class Relay(_Server):
    """A further mail server."""

    host: Text


class DomainLimit(Part):
    """How much at once a domain of recipients gets."""

    connections: Annotated[int, Field(ge=1, le=100)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    """Messages per second at most."""


class Smtp(_Server):
    """The office's relay; without a host every mail goes to the outbox folder."""

    host: str | None = None
    relays: dict[Name, Relay] = Field(default_factory=dict)
    """Servers that share the work, and take over when one is away."""
    domains: dict[str, DomainLimit] = Field(default_factory=dict)
    """Limits for single domains of recipients."""
    warmup: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Messages at most on the first day of sending, the second, and so on; afterwards without limit."""
    streaming: bool = False
    """Several messages on their way in each connection, where the server takes CHUNKING: quick over long
    distances, but as many are in doubt when a connection breaks."""


class Sending(Part):
    """How a mailing is sent."""

    transport: Literal["auto", "smtp", "outbox", "sendmail"] = "auto"
    """auto: SMTP where a host is named, the outbox folder where none is."""
    sendmail: tuple[str, ...] = ("/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}")
    approval: bool = False
    """Whether a second person must approve an edition before it is sent."""
    retry_minutes: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (
        15,
        30,
        60,
        120,
        240,
    )
    """How long to wait before a deferred mail is tried again, the first time, the second, and so on."""
    give_up_hours: Annotated[float, Field(gt=0)] = 96
    """How long after its first attempt a deferred mail is given up."""
    stale_hours: Annotated[float, Field(gt=0)] = 24
    """How late a mailing planned for a time may still begin."""


class DkimKey(Part):
    """A key that signs the mail."""

    domain: str | None = None
    """Without it, the domain of the sender's address."""
    selector: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    key_file: Path


class Dkim(Part):
    """The keys that sign the mail; a second one may be of another kind (Ed25519) or domain."""

    domain: str | None = None
    selector: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")] | None
    ) = None
    key_file: Path | None = None
    also: dict[Name, DkimKey] = Field(default_factory=dict)
    """Further signatures."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.selector is None) != (self.key_file is None):
            raise ValueError(_("a signature needs both “selector” and “key_file”"))
        return self
