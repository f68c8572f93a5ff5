"""What is sent to: our fast sink, Postfix's smtp-sink, a real Postfix that throws everything away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

Running = AbstractContextManager[int]
"""A server; gives its port."""
SOURCE = Path(__file__).with_name("sink.c")
MANY_CONNECTIONS = "1000"
_PATIENCE = 20


def tool(name: str) -> str | None:
    """Find a program of Postfix; /usr/sbin is not on everybody's path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/libexec/postfix")


class Compiled:
    """The fast sink, compiled into a folder; with TLS where the headers are there (libssl-dev)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sink"
        compiler = shutil.which("cc")
        if compiler is None:
            raise SystemExit("The benchmark's sink needs a C compiler: apt install gcc libssl-dev")
        build = [compiler, "-O2", "-o", str(self.path), str(SOURCE)]
        with_tls = [*build, "-DWITH_TLS", "-lssl", "-lcrypto"]
        self.has_tls = subprocess.run(with_tls, check=False, stderr=subprocess.DEVNULL).returncode == 0
        if not self.has_tls:
            subprocess.run(build, check=True)


@contextmanager
def fast(sink: Compiled, *options: str, expected: int | None = None) -> Iterator[int]:
    """Run the fast sink; give its port. At the end it must have taken as many messages as expected."""
    process = subprocess.Popen(
        [sink.path, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        _out, told = process.communicate()
    counts = json.loads(told)
    if counts["violations"] or (expected is not None and counts["accepted"] != expected):
        raise SystemExit(f"the sink took {counts}, {expected} were expected")


@contextmanager
def postfix_sink() -> Iterator[int]:
    """Run Postfix's smtp-sink; give its port."""
    program, port = tool("smtp-sink"), free_port()
    assert program is not None
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [program, *user, "-m", MANY_CONNECTIONS, f"127.0.0.1:{port}", MANY_CONNECTIONS],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until a server greets."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example", timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
mail_owner = {owner}
myhostname = postfix.example
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
default_transport = discard:
relay_transport = discard:
local_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
in_flow_delay = 0
maillog_file_prefixes = {root}
maillog_file = {root}/mail.log
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(root: Path) -> Iterator[int]:
    """Run a Postfix of our own, its queue on disk, its mail thrown away, without limits; give its port.

    It needs root: Postfix starts as root and gives its rights up.
    """
    port = free_port()
    for name in ("queue", "data", "config"):
        (root / name).mkdir(parents=True)
    shutil.chown(root / "data", "postfix")
    root.chmod(0o755)
    (root / "config" / "main.cf").write_text(_MAIN.format(root=root, owner="postfix"), encoding="utf-8")
    (root / "config" / "master.cf").write_text(_MASTER.format(port=port), encoding="utf-8")
    command: Sequence[str] = [tool("postfix") or "postfix", "-c", str(root / "config")]
    process = subprocess.Popen([*command, "start-fg"], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_for_queue(root: Path) -> None:
    """Wait until such a Postfix has delivered everything, so that nobody pays for the one before."""
    while any(
        path.is_file() for name in ("incoming", "active") for path in (root / "queue" / name).rglob("*")
    ):
        time.sleep(0.1)


def has_postfix() -> bool:
    """Say whether a real Postfix can be started here."""
    return tool("postfix") is not None and os.geteuid() == 0 and sys.platform == "linux"
