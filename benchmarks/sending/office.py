"""The workspace that benchmarks send from: the real issue made as long as asked, and any number of people."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.compose import ROOT, issue_of, lengthened
from benchmarks.people import write_file
from newsletter import config
from newsletter.compose.composer import compose
from newsletter.compose.edition import Edition
from newsletter.dispatch.ledger import Ledger
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.store.database import opened
from newsletter.subscribers import columns, importing, tables
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.secret import Secret
from newsletter.workspace import Workspace

ISSUE = "2023-3"
SECTIONS = 10
"""With so many the text has 5 KB, the HTML 49 KB, and the mail 61 KB."""
_SETTINGS = {
    "NEWSLETTER_WEB__BASE_URL": "https://archive.example/newsletter",
    "NEWSLETTER_WEB__ASSETS_URL": "https://archive.example/images",
    "NEWSLETTER_LIST__UNSUBSCRIBE_URL": "https://lists.example/unsubscribe/{token}",
    "NEWSLETTER_SENDER__RETURN_PATH": "bounces+{token}@lists.example",
    "NEWSLETTER_SMTP__HOST": "127.0.0.1",
    "NEWSLETTER_SMTP__SECURITY": "none",
    "NEWSLETTER_SMTP__CONNECTIONS": "10",
    "NEWSLETTER_SMTP__HELLO": "bench.example",
    "NEWSLETTER_LANG": "en",
}


@dataclass(frozen=True)
class Office:
    """A workspace with people, and the environment that sends from it."""

    root: Path

    @classmethod
    def made(cls, root: Path, people: int) -> Office:
        """Furnish a workspace and import so many people."""
        source = ROOT / "issues" / ISSUE
        shutil.copytree(source, root / "issues" / ISSUE)
        text = lengthened((source / "issue.yaml").read_text(encoding="utf-8"), SECTIONS)
        (root / "issues" / ISSUE / "issue.yaml").write_text(text, encoding="utf-8")
        shutil.copytree(ROOT / "templates", root / "templates")
        shutil.copyfile(ROOT / "newsletter.toml", root / "newsletter.toml")
        office = cls(root)
        office._import(people)
        return office

    def _import(self, people: int) -> None:
        file = self.root / "people.csv"
        write_file(file, people)
        settings = self.workspace().settings
        with opened(self.root / "subscribers.db") as db:
            secret = Secret.load(self.root / "subscribers.key", fresh=True)
            subscribers = SubscriberList(db, settings, secret)
            table = tables.survey(file)
            order = importing.Order(
                table=table,
                columns=columns.mapped(table.headers, settings, {}),
                status="active",
                consent="Formular 2022: Ja, ich möchte.",
                at="2026-01-01T00:00:00+00:00",
            )
            importing.run(subscribers, order)
        file.unlink()

    def fresh(self, root: Path) -> Office:
        """Copy everything, so that nobody has had the issue yet."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.root, root)
        return Office(root)

    def environ(self, **settings: object) -> dict[str, str]:
        """Return the environment for a process that sends; `smtp__port=25` sets [smtp] port."""
        return _SETTINGS | {f"NEWSLETTER_{name.upper()}": str(value) for name, value in settings.items()}

    def workspace(self, environ: Mapping[str, str] | None = None) -> Workspace:
        """Read the settings."""
        return Workspace(self.root, config.load(self.root / "newsletter.toml", environ or self.environ()))

    def signing(self) -> dict[str, str]:
        """Make an RSA key; return what makes it sign."""
        file = self.root / "dkim.key"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        file.touch(mode=0o600)
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return {"dkim__selector": "bench", "dkim__key_file": str(file)}

    def edition(self) -> Edition:
        """Compose the issue."""
        workspace = self.workspace()
        cache = self.root / "build" / ".cache"
        cache.mkdir(parents=True, exist_ok=True)
        return compose(issue_of(workspace, ISSUE), workspace.settings, workspace.theme_folders, cache)

    def letter(self) -> bytes:
        """Print one letter of it, as it goes over the wire."""
        workspace = self.workspace()
        secret = Secret.load(self.root / "subscribers.key", fresh=False)
        press = Press.of(
            self.edition(),
            workspace.settings,
            secret,
            root=self.root,
            mailing=1,
            date=datetime(2026, 7, 1, 9, tzinfo=UTC),
        )
        person = Recipient(7, "erika.muster@stadt.example", "frau", "Dr.", "Erika", "Müller", "Stadt Köln")
        return press.letter(person).data

    def templates(self, file: Path, people: int) -> None:
        """Write the same mail for the peers: text and HTML with `{{name}}` and `{{link}}`, and people."""
        edition = self.edition()
        names = {"unsubscribe_url": "{{link}}"}
        marks = {place.name: names.get(place.name, "{{name}}") for place in edition.places}
        general = edition.general
        rows = [
            (f"person{number}@stadt-{number % 4000}.example", f"Erika Müller-{number}",
             f"https://lists.example/unsubscribe/{number:064x}")
            for number in range(people)
        ]  # fmt: skip
        work = {
            "subject": edition.subject,
            "text": edition.fill(general.text, marks),
            "html": edition.fill(general.html, marks),
            "people": rows,
        }
        file.write_text(json.dumps(work), encoding="utf-8")


@contextmanager
def ledger_of(workspace: Workspace) -> Iterator[Ledger]:
    """Open the list and the ledger that stands on it, as the commands do."""
    paths = workspace.settings.paths
    with opened(workspace.root / paths.database) as db:
        secret = Secret.load(workspace.root / paths.key, fresh=False)
        yield Ledger(SubscriberList(db, workspace.settings, secret))
