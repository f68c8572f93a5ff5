"""A real Postfix on a free port of the loopback, with configuration, queue and log in a folder of its own.

    with postfix() as server:                             # delivers everything into one Maildir
        … send to 127.0.0.1, server.port …
        [mail] = server.mails(1)

It needs the Debian package `postfix` and root, as Postfix starts as root and gives its rights up. The
system's own Postfix, running or not, is left alone. It takes two seconds to start.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import in_ci, path_of

_PATIENCE = 30
_POLL = 0.05
CURE = "A real Postfix cannot be started: apt install postfix, and run the tests as root."
needs_postfix = pytest.mark.skipif(
    not in_ci() and (path_of("postfix") is None or os.geteuid() != 0), reason=CURE
)

_MAIN = {
    "compatibility_level": "3.6",
    "queue_directory": "{root}/queue",
    "data_directory": "{root}/data",
    "maillog_file_prefixes": "{root}",
    "maillog_file": "{root}/mail.log",
    "myhostname": "postfix-{port}.example",  # of the same name, one would take the other for itself
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "default_transport": "virtual:",
    "virtual_mailbox_domains": "",
    "virtual_mailbox_base": "{root}",
    "virtual_mailbox_maps": "static:maildir/",
    "virtual_uid_maps": "static:{uid}",
    "virtual_gid_maps": "static:{gid}",
    "smtpd_client_connection_count_limit": "0",
    "in_flow_delay": "0",
    "maximal_backoff_time": "5s",
    "minimal_backoff_time": "1s",
    "queue_run_delay": "1s",
}
_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
"""


class NoPostfix(RuntimeError):
    """Postfix did not start."""


@dataclass(frozen=True)
class Postfix:
    """A running Postfix."""

    root: Path
    port: int

    @property
    def log(self) -> Path:
        """What it logs, as /var/log/mail.log has it."""
        return self.root / "mail.log"

    @property
    def address(self) -> str:
        """How another Postfix delivers to it: `postfix(deliver=server.address)`."""
        return f"smtp:[127.0.0.1]:{self.port}"

    def mails(self, count: int) -> list[bytes]:
        """Wait until so many mails were delivered and return all, in the order of their arrival.

        They are as the Maildir has them: lines end in LF, and Postfix's own fields stand first.

        Raises:
            NoPostfix: they did not come.
        """
        folder = self.root / "maildir" / "new"
        end = time.monotonic() + _PATIENCE
        while len(list(folder.glob("*"))) < count:
            if time.monotonic() > end:
                raise NoPostfix(self.log.read_text(encoding="utf-8", errors="replace"))
            time.sleep(_POLL)
        return [
            path.read_bytes() for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        ]


@contextmanager
def postfix(*, deliver: str | None = None, settings: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """Run a Postfix; ended, and its folder removed, at the end.

    Args:
        deliver: where mail goes, as in transport(5): `discard:`, `smtp:[127.0.0.1]:2525`; without it, into
            the Maildir that `mails` reads.
        settings: further lines of main.cf.

    Raises:
        NoPostfix: it is not installed, or does not start.
    """
    program = path_of("postfix")
    if program is None:
        raise NoPostfix(CURE)
    root = Path(tempfile.mkdtemp(prefix="postfix-"))
    try:
        port = _configure(root, {"default_transport": deliver or "virtual:", **(settings or {})})
        _start(program, root)
        try:
            _wait_for(port, root)
            yield Postfix(root, port)
        finally:
            _stop(root)
    finally:
        shutil.rmtree(root)


def _configure(root: Path, settings: Mapping[str, str]) -> int:
    """Write the configuration and make the folders; return the port."""
    root.chmod(0o755)  # Postfix's processes have to get through
    for name in ("config", "queue", "data", "maildir"):
        (root / name).mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(root / "maildir", nobody.pw_uid, nobody.pw_gid)
    shutil.chown(root / "data", "postfix")
    port = _free_port()
    known = {"root": root, "uid": nobody.pw_uid, "gid": nobody.pw_gid, "port": port}
    lines = [f"{name} = {value.format(**known)}\n" for name, value in {**_MAIN, **settings}.items()]
    (root / "config" / "main.cf").write_text("".join(lines), encoding="utf-8")
    (root / "config" / "master.cf").write_text(_MASTER.format(**known), encoding="utf-8")
    return port


def _start(program: str, root: Path) -> None:
    """Start it; output goes into a file, as a pipe would stay open as long as its processes live."""
    command = [program, "-c", str(root / "config"), "start"]
    with (root / "output").open("wb") as output:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    if done.returncode:
        raise NoPostfix((root / "output").read_text(encoding="utf-8", errors="replace"))


def _stop(root: Path) -> None:
    """End the master, which ends the others, and wait until it is gone."""
    pid = int((root / "queue" / "pid" / "master.pid").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + _PATIENCE
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(_POLL)


def _wait_for(port: int, root: Path) -> None:
    """Wait until it greets."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="test.example", timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                log = root / "mail.log"
                raise NoPostfix(log.read_text(encoding="utf-8", errors="replace")) from None
            time.sleep(_POLL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
