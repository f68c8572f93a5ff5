"""Opens a connection to a relay: address, encryption, greeting, login."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from newsletter.dispatch.model import Outcome, Stage
from newsletter.dispatch.smtp import tls
from newsletter.dispatch.smtp.auth import Credentials
from newsletter.dispatch.smtp.connection import Connection, Desk
from newsletter.dispatch.smtp.opening import Manners, opening
from newsletter.dispatch.smtp.session import Phase, Session
from newsletter.dispatch.smtp.timeouts import Timeouts
from newsletter.dispatch.smtp.trouble import Trouble, lasting, passing
from newsletter.language import _


@dataclass(frozen=True, kw_only=True)
class Line:
    """What must be known to call a relay."""

    relay: str
    """Its name in the settings."""
    host: str
    port: int
    starttls: bool
    trust: ssl.SSLContext | None
    """None where the settings want no encryption."""
    hello: str
    """What we call ourselves; empty: the address that the connection has here."""
    streaming: bool
    timeouts: Timeouts


async def dial(line: Line, desk: Desk, credentials: Credentials | None) -> Connection:
    """Open a connection until it takes messages.

    Raises:
        Trouble: the relay cannot be reached, is not who it should be, or refuses.
    """
    connection = await _connected(line, desk, credentials)
    try:
        while (phase := await connection.turn()) is Phase.UPGRADE:
            connection.secured(await _encrypted(line, connection))
    except OSError as err:
        await _dropped(connection)
        raise Trouble(_outcome(line, err, Stage.STARTTLS)) from err
    except asyncio.CancelledError:
        await _dropped(connection)
        raise
    if phase is Phase.CLOSED:
        ending = connection.session.ending
        await _dropped(connection)
        raise Trouble(ending or passing(Stage.CONNECT, _("The server closed the connection."), line.relay))
    return connection


async def _connected(line: Line, desk: Desk, credentials: Credentials | None) -> Connection:
    trust = None if line.starttls else line.trust
    begin = _beginning(line, credentials)
    try:
        async with asyncio.timeout(line.timeouts.connect):
            _transport, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(begin, desk, line.timeouts),
                line.host,
                line.port,
                ssl=trust,
                server_hostname=line.host if trust else None,
                ssl_handshake_timeout=line.timeouts.encrypt if trust else None,
                ssl_shutdown_timeout=line.timeouts.quit if trust else None,
            )
    except OSError as err:
        raise Trouble(_outcome(line, err, Stage.CONNECT)) from err
    return connection


async def _encrypted(line: Line, connection: Connection) -> asyncio.Transport:
    if line.trust is None:
        raise RuntimeError("encryption without knowing whom to trust")
    transport = await asyncio.get_running_loop().start_tls(
        connection.transport,
        connection,
        line.trust,
        server_hostname=line.host,
        ssl_handshake_timeout=line.timeouts.encrypt,
        ssl_shutdown_timeout=line.timeouts.quit,
    )
    if transport is None:
        raise ConnectionError(_("The server closed the connection."))
    return transport


async def _dropped(connection: Connection) -> None:
    connection.drop(_("It was given up."))
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await connection.gone()


def _beginning(line: Line, credentials: Credentials | None) -> Callable[[asyncio.Transport], Session]:
    def begin(transport: asyncio.Transport) -> Session:
        manners = Manners(
            relay=line.relay,
            hello=line.hello or _literal(transport.get_extra_info("sockname")[0]),
            starttls=line.starttls,
            credentials=credentials,
            private=line.trust is not None and not line.starttls,
            local=ipaddress.ip_address(transport.get_extra_info("peername")[0].partition("%")[0]).is_loopback,
        )
        return Session(opening(manners), relay=line.relay, streaming=line.streaming)

    return begin


def _literal(address: str) -> str:
    """Write an IP address as EHLO wants it (RFC 5321 §4.1.3)."""
    address = address.partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _outcome(line: Line, err: OSError, stage: Stage) -> Outcome:
    if isinstance(err, ssl.SSLError):
        text = tls.explained(err, line.host)
        return lasting(Stage.STARTTLS, text, line.relay)
    place = f"{line.host}:{line.port}"
    if isinstance(err, TimeoutError):
        text = _("{place} does not answer.").format(place=place)
    else:
        text = _("No connection to {place}: {reason}.").format(place=place, reason=_reason(err))
    return passing(stage, text, line.relay)


def _reason(err: OSError) -> str:
    """Say in a few words what went wrong; asyncio hides the system's words behind its own."""
    if isinstance(err, socket.gaierror) or not err.errno:
        return err.strerror or str(err)
    return os.strerror(err.errno)
