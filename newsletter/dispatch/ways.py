"""Which way mail goes, by the settings: SMTP, the outbox folder, a sendmail program."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from newsletter.dispatch.model import Mailing
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.transport import Source, Transport
from newsletter.errors import UsageError
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.settings_sending import Relay, Smtp

Way = Literal["smtp", "outbox", "sendmail"]


def way(settings: Settings) -> Way:
    """Choose the way; without a host nothing leaves this machine.

    Raises:
        UsageError: newsletter.toml asks for SMTP and names no host.
    """
    chosen = settings.sending.transport
    if chosen == "auto":
        return "smtp" if settings.smtp.host else "outbox"
    if chosen == "smtp" and not settings.smtp.host:
        raise UsageError(
            _("newsletter.toml asks for SMTP, but names no server."),
            cure=_("Write its name as “host” in the part [smtp]."),
        )
    return chosen


def transport(
    settings: Settings, root: Path, source: Source, *, pace: Pace, mailing: Mailing | None = None
) -> Transport:
    """Make the transport that the settings ask for; relative paths start at `root`."""
    chosen = way(settings)
    if chosen == "smtp":
        from newsletter.dispatch.smtp.pool import Pool  # noqa: PLC0415 (needs ssl, which the outbox does not)

        return Pool(settings.smtp, source, pace, root=root)
    if chosen == "sendmail":
        from newsletter.dispatch.sendmail import Sendmail  # noqa: PLC0415 (as above)

        return Sendmail(settings.sending.sendmail, source, pace)
    from newsletter.dispatch.outbox import Outbox, mark_of  # noqa: PLC0415 (as above)

    return Outbox(root / settings.paths.outbox, source, pace, mark=mark_of(mailing) if mailing else "")


def told(settings: Settings) -> list[str]:
    """Tell where the mail will go, a line for each server."""
    chosen = way(settings)
    if chosen == "outbox":
        return [_("the folder {path}; nothing leaves this machine").format(path=settings.paths.outbox)]
    if chosen == "sendmail":
        return [_("the program {path}").format(path=settings.sending.sendmail[0])]
    smtp = settings.smtp
    return [_server(smtp.host or "", smtp), *(_server(relay.host, relay) for relay in smtp.relays.values())]


def connections(settings: Settings) -> int:
    """Return how many messages may be under way at once."""
    smtp = settings.smtp
    return smtp.connections + sum(relay.connections for relay in smtp.relays.values())


def _server(host: str, server: Smtp | Relay) -> str:
    security = {"starttls": "STARTTLS", "tls": "TLS", "none": _("not encrypted")}[server.security]
    return f"{host}:{server.port} ({security})"
