"""Sends over SMTP: several relays, each with several connections, opened as the work demands."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

from newsletter.dispatch.pace import MAIN, Pace
from newsletter.dispatch.smtp import tls
from newsletter.dispatch.smtp.dialling import Line
from newsletter.dispatch.smtp.login import Login
from newsletter.dispatch.smtp.office import Office
from newsletter.dispatch.smtp.relay import Relay
from newsletter.dispatch.smtp.shares import Shares
from newsletter.dispatch.smtp.timeouts import Timeouts
from newsletter.dispatch.transport import Source
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.settings_sending import Relay as RelaySettings
from newsletter.settings_sending import Smtp

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds that a relay in trouble rests, the first time, the second, and so on."""


class NoRelayError(NewsletterError, ValueError):
    """The settings name no mail server."""


class Pool:
    """Takes messages from a source and sends them; see `dispatch.transport.Transport`."""

    def __init__(
        self,
        smtp: Smtp,
        source: Source,
        pace: Pace,
        *,
        root: Path,
        local_hostname: str | None = None,
        timeouts: Timeouts | None = None,
        pauses: tuple[float, ...] | None = None,
    ) -> None:
        """Read what is needed to send; relative paths in the settings start from `root`.

        Raises:
            NoRelayError: there is no host.
            LoginError: a user without password, or a file that others can read.
            CertificateFileError: “ca_file” is none.
        """
        servers = _servers(smtp)
        self._local_hostname = local_hostname
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done = asyncio.Event()
        self._error: BaseException | None = None
        self._woken = False
        self._office = Office(
            source=source,
            pace=pace,
            shares=Shares({name: server.weight for name, server in servers.items()}),
            pauses=pauses or PAUSES,
            changed=self._check,
            failed=self._failed,
        )
        self._relays = [
            Relay(
                _line(name, server, root, streaming=smtp.streaming, timeouts=timeouts or Timeouts()),
                Login(server, name, root=root),
                self._office,
                most=server.connections,
            )
            for name, server in servers.items()
        ]

    @property
    def down(self) -> bool:
        """Whether every relay is in trouble; they are tried again, each after its rest."""
        return all(relay.resting for relay in self._relays)

    async def run(self) -> None:
        """Send until `finish` or `abort` is called; then everything taken is settled.

        Raises whatever the source has raised, after everything is settled. Cancelled, it aborts.
        """
        self._loop = asyncio.get_running_loop()
        self._office.hello = self._local_hostname or str(await asyncio.to_thread(_own_name))
        self._wake()
        self._check()
        try:
            await self._done.wait()
        finally:
            self._abort()
            self._done.clear()
            self._check()
            await self._done.wait()
        if self._error is not None:
            raise self._error

    def wake(self) -> None:
        """Say that there may be work again; costs nothing when said for every message."""
        if not self._woken and self._loop is not None:
            self._woken = True
            self._loop.call_soon(self._wake)

    def finish(self) -> None:
        """Take no more; bring to an end what was taken, then close politely (QUIT)."""
        self._office.draining = True
        if self._loop is not None:
            self._loop.call_soon(self._finish)

    def abort(self) -> None:
        """End at once: what cannot be known is settled as IN_DOUBT."""
        self._office.draining = True
        if self._loop is not None:
            self._loop.call_soon(self._abort)

    # `wake`, `finish` and `abort` may be called by the source in the middle of a connection's work, so what
    # they do is done in the loop's next round.

    def _wake(self) -> None:
        self._woken = False
        if not self._office.draining:
            for relay in self._relays:
                relay.wake()

    def _finish(self) -> None:
        for relay in self._relays:
            relay.finish()
        self._check()

    def _abort(self) -> None:
        self._office.draining = True
        for relay in self._relays:
            relay.abort(_("Sending was ended."))
        self._check()

    def _failed(self, err: BaseException) -> None:
        self._error = self._error or err
        self.abort()

    def _check(self) -> None:
        if self._office.draining and not any(relay.busy for relay in self._relays):
            self._done.set()


def _servers(smtp: Smtp) -> Mapping[str, Smtp | RelaySettings]:
    servers: dict[str, Smtp | RelaySettings] = {MAIN: smtp} if smtp.host else {}
    servers.update(smtp.relays)
    if not servers:
        raise NoRelayError(
            _("The settings name no mail server."), cure=_("Write one into newsletter.toml: [smtp] host = …")
        )
    return servers


def _line(
    name: str, server: Smtp | RelaySettings, root: Path, *, streaming: bool, timeouts: Timeouts
) -> Line:
    ca_file = root / server.ca_file if server.ca_file else None
    return Line(
        relay=name,
        host=server.host or "",
        port=server.port,
        starttls=server.security == "starttls",
        trust=None if server.security == "none" else tls.context(ca_file),
        hello=server.hello or "",
        streaming=streaming,
        timeouts=timeouts,
    )


def _own_name() -> str:
    """Return this machine's full name; empty when it has none that could be looked up."""
    name = socket.getfqdn()
    return name if "." in name and not name.startswith("localhost") and name.isascii() else ""
