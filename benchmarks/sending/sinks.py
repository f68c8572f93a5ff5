"""What is sent to: our fast sink, Postfix's smtp-sink, a real Postfix that throws everything away."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postfix import Postfix
from tests.programs import path_of

SOURCE = Path(__file__).with_name("sink.c")
MANY_CONNECTIONS = "1000"
_PATIENCE = 20


class Compiled:
    """The fast sink, compiled into a folder; with TLS where the headers are there (libssl-dev)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sink"
        compiler = shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            raise SystemExit("The benchmark's sink needs Linux and a C compiler: apt install gcc libssl-dev")
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
    program, port = path_of("smtp-sink"), free_port()
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


def wait_for_queue(server: Postfix) -> None:
    """Wait until everything is delivered, so that nobody pays for the one before."""
    queue = server.root / "queue"
    while any(path.is_file() for name in ("incoming", "active") for path in (queue / name).rglob("*")):
        time.sleep(0.1)


def has_postfix() -> bool:
    """Say whether a real Postfix can be started here: it starts as root and gives its rights up."""
    return path_of("postfix") is not None and os.geteuid() == 0 and sys.platform == "linux"
