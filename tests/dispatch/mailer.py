"""A newsletter with a list and a server to send to; its ledger compared with what the server took."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.dispatch.accounts import discrepancies
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Counts, State
from newsletter.dispatch.records import Record, records
from newsletter.store.database import opened
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.secret import Secret
from newsletter.workspace import Workspace
from tests.cli.office import SETTINGS, Office

ISSUE = "2024-1"
SMTP = """
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}
"""


@dataclass(frozen=True)
class Mailer:
    """An office that sends."""

    office: Office
    connections: int = 4

    @classmethod
    def copied(cls, template: Office, folder: Path) -> Mailer:
        """Make one of an office that was built, so that it need not be built again."""
        return cls(Office(Path(shutil.copytree(template.root, folder))))

    def server(self, port: int, more: str = "") -> None:
        """Name the server in the settings; `more` is further TOML, which begins in [smtp]."""
        smtp = SMTP.format(port=port, connections=self.connections)
        self.office.put("newsletter.toml", f"{SETTINGS}{smtp}{more}")

    def subscribe(self, count: int, domain: str = "stadt{}.example") -> list[str]:
        """Put people on the list; return their addresses."""
        addresses = [f"leser{number:05}@{domain.format(number % 7)}" for number in range(count)]
        table = "email;first name;last name\n" + "".join(
            f"{address};Änne {number};Müller\n" for number, address in enumerate(addresses)
        )
        self.office.put("leser.csv", table)
        done = self.office.quick(
            "subscribers", "import", "leser.csv", "--status", "active", "--consent", "Karte: Ja"
        )
        assert done.returncode == 0, done.stderr
        return addresses

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Open the ledger, as another program would."""
        workspace = Workspace.find(self.office.root, {})
        with opened(self.office.root / "subscribers.db") as db:
            secret = Secret.load(self.office.root / "subscribers.key", fresh=False)
            yield Ledger(SubscriberList(db, workspace.settings, secret))

    def counts(self) -> Counts:
        """Count the latest mailing's recipients by state, having counted its rows as well."""
        with self.ledger() as ledger:
            mailing = ledger.mailings.latest(ISSUE)
            if mailing is None:
                return Counts({})
            assert list(discrepancies(ledger.connection, mailing.id)) == []
            counts = ledger.counts(mailing.id)
            assert counts.audience == mailing.audience
            return counts

    def records(self) -> list[Record]:
        """Return what became of each recipient."""
        with self.ledger() as ledger:
            mailing = ledger.mailings.latest(ISSUE)
            return list(records(ledger.connection, mailing.id)) if mailing else []


def compare(recorded: list[Record], taken: Counter[str]) -> None:
    """Compare the ledger with what a server took: nobody lost, nobody twice, doubt only where it says so."""
    twice = {address: times for address, times in taken.items() if times > 1}
    assert twice == {}
    for record in recorded:
        times = taken[record.address]
        if record.state is State.ACCEPTED:
            assert times == 1, record
        elif record.state is not State.IN_DOUBT:
            assert times == 0, record
