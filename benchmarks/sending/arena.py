"""Who sends: our own process in all its ways, and the peers, each with the same mail of 60 KB."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sending.contest import Contestant
from benchmarks.sending.office import Office
from benchmarks.sending.sinks import Compiled
from tests.dispatch.certificates import Authority
from tests.programs import path_of

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"
CONNECTIONS = 10


@dataclass(frozen=True)
class Sizes:
    """How many messages each sends in a run, and how often; about as many seconds for each."""

    rounds: int
    many: int
    """Where nothing but the machine is in the way: Postfix's generator and ours into the fast sink."""
    some: int
    """Where a server, a signature or a distance holds them up."""
    few: int
    """Of slow clients."""
    growth: tuple[int, ...]

    @classmethod
    def of(cls, *, quick: bool) -> Sizes:
        """Choose for a glance or for the record."""
        if quick:
            return cls(rounds=3, many=5_000, some=1_500, few=300, growth=(10_000, 30_000))
        return cls(rounds=7, many=20_000, some=4_000, few=1_000, growth=(100_000, 300_000, 1_000_000))


@dataclass(frozen=True)
class Arena:
    """A folder with everything that is needed: workspaces, mails, the sink, certificates."""

    root: Path
    sink: Compiled
    authority: Path
    certificate: Path
    size: int
    """Bytes of one mail."""

    @classmethod
    def made(cls, root: Path, sizes: Sizes) -> Arena:
        """Make all of it."""
        Office.made(root / f"office-{sizes.many}", sizes.many).edition()
        office = Office.made(root / f"office-{sizes.some}", sizes.some)
        office.templates(root / "work.json", sizes.few)
        letter = office.letter()
        (root / "letter.eml").write_bytes(letter)
        authority = Authority.made(root)
        certificate = authority.server(root, "127.0.0.1")
        return cls(root, Compiled(root), authority.file, certificate, len(letter))

    def ours(
        self, name: str, messages: int, *arguments: str, signed: bool = False, **settings: object
    ) -> Contestant:
        """Send from a fresh copy of the workspace; `smtp__security="starttls"` and its like are settings."""
        prepared = Office(self.root / f"office-{messages}")
        office = Office(self.root / "sending" / f"{messages}")
        signing = prepared.signing() if signed else {}
        environ = office.environ(**settings, **signing)

        def command(port: int) -> list[str]:
            port_setting = f"NEWSLETTER_SMTP__PORT={port}"
            return ["env", port_setting, sys.executable, "-m", "benchmarks.sending.ours", *arguments]

        return Contestant(
            name=name,
            command=command,
            messages=messages,
            environ=environ,
            folder=office.root,
            before=lambda: prepared.fresh(office.root),
        )

    def secure(self, name: str, messages: int) -> Contestant:
        """The same by STARTTLS, the certificate verified."""
        return self.ours(name, messages, smtp__security="starttls", smtp__ca_file=self.authority)

    def whole_command(self, name: str, messages: int) -> Contestant:
        """Send by `newsletter send`, from the shell's prompt to its return."""
        ours = self.ours(name, messages)
        send = ["-m", "newsletter", "send", "--yes", "--no-test"]
        return Contestant(
            name=name,
            command=lambda port: ["env", f"NEWSLETTER_SMTP__PORT={port}", sys.executable, *send],
            messages=messages,
            environ=ours.environ,
            folder=ours.folder,
            before=ours.before,
        )

    def generator(self, name: str, messages: int) -> Contestant | None:
        """Send by Postfix's smtp-source: the same bytes each time, nothing personal, nothing recorded."""
        program = path_of("smtp-source")
        if program is None:
            return None
        options = ["-d", "-s", f"{CONNECTIONS}", "-m", f"{messages}", "-F", str(self.root / "letter.eml")]
        envelope = ["-f", "bounces@lists.example", "-t", "erika.muster@stadt.example"]
        return Contestant(
            name=name,
            command=lambda port: [program, *options, *envelope, f"127.0.0.1:{port}"],
            messages=messages,
        )

    def nodemailer(self, name: str, messages: int) -> Contestant | None:
        """Send by nodemailer's pool, where npm has installed it (`make bench` does)."""
        node = shutil.which("node")
        if node is None or not _MODULES.is_dir():
            return None
        script = [node, str(_HERE / "nodemailer_peer.js"), str(self.root / "work.json")]
        return Contestant(
            name=name,
            command=lambda port: [*script, str(port), str(messages), str(CONNECTIONS)],
            messages=messages,
        )

    def smtplib(self, name: str, messages: int) -> Contestant:
        """Send by the standard library, one connection."""
        script = [sys.executable, "-m", "benchmarks.sending.smtplib_peer", str(self.root / "work.json")]
        return Contestant(
            name=name, command=lambda port: [*script, str(port), str(messages)], messages=messages
        )
