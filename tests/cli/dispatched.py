"""Offices whose issue was sent, with every outcome there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from newsletter.dispatch import planner
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Counts, Mailing, Outcome
from newsletter.store.database import opened
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.secret import Secret
from newsletter.workspace import Workspace
from tests.cli.office import Office
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, LOST, NO_SUCH, POLICY, sending
from tests.subscribers import crowd

MIXED = (*[ACCEPTED] * 4, DEFERRED, DEFERRED, NO_SUCH, POLICY, LOST, LOST)
"""What becomes of ten people: a1@x.example and so on, in this order."""


@contextmanager
def ledger_of(office: Office) -> Iterator[Ledger]:
    """Open an office's ledger."""
    workspace = Workspace.find(office.root, {})
    with opened(office.root / "subscribers.db") as db:
        key = office.root / "subscribers.key"
        people = SubscriberList(db, workspace.settings, Secret.load(key, fresh=not key.exists()))
        yield Ledger(people)


def dispatch(
    office: Office,
    outcomes: Sequence[Outcome] = MIXED,
    *,
    issue: int = 1,
    segment: str | None = None,
    rest: int = 0,
) -> Mailing:
    """Put people on the list, and send them an issue with these outcomes; `rest` more are not begun."""
    with ledger_of(office) as ledger:
        first = ledger.people.newest_id() + 1
        for number in range(first, first + len(outcomes) + rest):
            crowd.join(ledger.people, f"a{number}@x.example", tags=[segment] if segment else [])
        mailing = planner.plan(
            ledger,
            books.edition(issue, segments=[segment] if segment else []),
            actor="erika",
            segment=segment,
        )
        with sending(ledger, mailing) as sender:
            lease = sender.begin()
            found = ledger.exchange(lease, [], want=len(outcomes)).opened
            ledger.end(lease, list(zip(found, outcomes, strict=True)))
        ledger.finish_if_done(mailing.id)
        return ledger.mailing(mailing.id)


def counts(office: Office, mailing: Mailing) -> Counts:
    """Count a mailing's recipients, having made sure that they add up."""
    with ledger_of(office) as ledger:
        books.check_whole(ledger, mailing)
        return ledger.counts(mailing.id)


def states(office: Office, mailing: Mailing) -> list[str]:
    """Return the states of a mailing's recipients."""
    with ledger_of(office) as ledger:
        books.check_whole(ledger, mailing)
        return list(books.states(ledger, mailing).values())


def log_of(path: Path, *message_ids: str) -> Path:
    """Write a log of Postfix that has accepted these messages."""
    lines = []
    for number, message_id in enumerate(message_ids):
        queue = f"4F2A{number:04}"
        lines.append(f"Nov 22 14:15:38 mx postfix/cleanup[1]: {queue}: message-id={message_id}\n")
        lines.append(
            f"Nov 22 14:15:38 mx postfix/qmgr[1]: {queue}: from=<b@x.example>, size=1 (queue active)\n"
        )
    path.write_text("".join(lines), encoding="utf-8")
    return path
