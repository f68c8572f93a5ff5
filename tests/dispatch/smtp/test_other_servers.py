"""Servers that are not ours: Postfix's smtp-sink, which misbehaves on demand too, and aiosmtpd."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.dispatch.model import Outcome, State
from tests.dispatch.smtp.sending import job, post, send, settings


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def smtp_sink(*options: str) -> Iterator[int]:
    """Run Postfix's sink (Debian package postfix); gives its port."""
    port = _free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    path = f"{os.environ['PATH']}:/usr/sbin"
    command = ["smtp-sink", *user, *options, f"127.0.0.1:{port}", "100"]
    with subprocess.Popen(command, env=os.environ | {"PATH": path}) as sink:
        try:
            while not _listens(port):
                assert sink.poll() is None, "smtp-sink did not start"
                time.sleep(0.01)
            yield port
        finally:
            sink.terminate()


@pytest.mark.parametrize(
    "options",
    [(), ("-p",), ("-e",), ("-P",), ("-8",), ("-w", "1")],
    ids=lambda options: " ".join(options) or "good",
)
def test_smtp_sink_takes_our_letters(options: tuple[str, ...]) -> None:
    """With ESMTP and without, with PIPELINING and without, behind a strange greeting, and slow."""
    with smtp_sink(*options) as port:
        done = send(6, settings(port, connections=2))
    assert done.states() == dict.fromkeys(range(6), State.ACCEPTED)


@pytest.mark.parametrize(
    ("options", "state", "stage"),
    [
        (("-r", "MAIL"), "deferred", "mail"),
        (("-r", "RCPT"), "deferred", "rcpt"),
        (("-r", "DATA"), "deferred", "data"),
        (("-r", "."), "deferred", "dot"),
        (("-f", "MAIL"), "refused", "mail"),
        (("-f", "RCPT"), "refused", "rcpt"),
        (("-f", "DATA"), "refused", "data"),
        (("-f", "."), "refused", "dot"),
        (("-Q", "MAIL"), "deferred", "mail"),
        (("-Q", "RCPT"), "deferred", "rcpt"),
        (("-Q", "DATA"), "deferred", "data"),
        (("-Q", "."), "deferred", "dot"),
        (("-q", "MAIL"), "deferred", "mail"),
        (("-q", "RCPT"), "deferred", "rcpt"),
        (("-q", "DATA"), "deferred", "data"),
        (("-q", "."), "in_doubt", "dot"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_smtp_sink_misbehaves(options: tuple[str, ...], state: str, stage: str) -> None:
    """Refused softly (-r) or hard (-f), 421 (-Q), disconnected (-q): only a cut after the dot is in doubt."""
    with smtp_sink(*options) as port:
        done = send(post(1, stop_at_trouble=False), settings(port))
    outcome: Outcome = done.outcomes[0]
    assert (str(outcome.state), str(outcome.stage)) == (state, stage)


@pytest.mark.parametrize(
    "options", [("-f", "CONNECT"), ("-q", "CONNECT"), ("-Q", "EHLO"), ("-q", "EHLO")], ids=str
)
def test_smtp_sink_does_not_want_us(options: tuple[str, ...]) -> None:
    """What goes wrong before a letter is the relay's trouble."""
    with smtp_sink(*options) as port:
        done = send(3, settings(port))
    assert done.outcomes == {}
    assert len(done.troubles) == 1


class _House:
    """What aiosmtpd asks."""

    def __init__(self) -> None:
        self.got: dict[str, bytes] = {}

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        assert isinstance(envelope.content, bytes)
        assert len(envelope.rcpt_tos) == 1
        assert envelope.rcpt_tos[0] not in self.got
        self.got[envelope.rcpt_tos[0]] = envelope.content
        return "250 2.0.0 Ok"


def test_aiosmtpd_takes_our_letters() -> None:
    """Without PIPELINING, with SMTPUTF8, byte for byte."""
    house = _House()
    controller = Controller(house, "127.0.0.1", _free_port())
    controller.start()
    letters = [*map(job, range(10)), job(10, utf8=True)]
    try:
        done = send(letters, settings(controller.port, connections=3))
    finally:
        controller.stop()
    assert set(done.states().values()) == {State.ACCEPTED}
    assert house.got == {one.letter.recipient.decode(): one.letter.data for one in letters}
