"""What the commands about sending share: the workspace, the list, and the ledger that stands on it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.cli import desk

if TYPE_CHECKING:
    from newsletter.dispatch.ledger import Ledger
    from newsletter.subscribers.list import SubscriberList
    from newsletter.workspace import Workspace


@dataclass(frozen=True)
class Mailroom:
    """A newsletter, ready to send."""

    workspace: Workspace
    people: SubscriberList
    ledger: Ledger

    @property
    def actor(self) -> str:
        """Who gives the command, as the ledger keeps it: the login name."""
        return getpass.getuser()


@contextmanager
def mailroom() -> Iterator[Mailroom]:
    """Open this newsletter's list and ledger."""
    from newsletter.dispatch.ledger import Ledger

    workspace = desk.workspace()
    with desk.subscriber_list(here=workspace) as people:
        yield Mailroom(workspace, people, Ledger(people))
