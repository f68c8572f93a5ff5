"""Send as the product does, in a process of its own: `python -m benchmarks.sending.ours [bare]`.

In a workspace (the current folder), with the environment's settings: plan a mailing, send it, print one line
of JSON. With `bare` the same press and the same transport send without the ledger: nothing is written down.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.sending.contest import peak_memory
from benchmarks.sending.office import Office, ledger_of
from newsletter.dispatch import carrying, planner, ways
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.ending import Why
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Job, Outcome, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.runner import Orders
from newsletter.dispatch.smtp import pool
from newsletter.dispatch.transport import Transport
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.workspace import Workspace

_LOADED_BEFORE = (pool, uvloop)
"""Loading them belongs to the start, which the whole command is measured with."""
_EVERYBODY = (
    "SELECT id, address, form, title, first_name, last_name, organisation, '{}', '' FROM subscriber"
    " WHERE status = 'active' ORDER BY id"
)


def main() -> None:
    """Plan, send and tell."""
    bare = sys.argv[1:] == ["bare"]
    workspace = Workspace.find(Path.cwd(), os.environ)
    edition = Office(workspace.root).edition()
    with ledger_of(workspace) as ledger:
        start = time.perf_counter()
        mailing = planner.plan(ledger, edition, actor="bench")
        planned = time.perf_counter() - start
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        accepted = _send_bare(ledger, workspace) if bare else _send(ledger, workspace, mailing.id)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if accepted != mailing.audience:
        raise SystemExit(f"{accepted} of {mailing.audience} were accepted")
    told = {"wall": wall, "cpu": cpu, "peak": peak_memory(), "planned": planned, "messages": accepted}
    print(json.dumps(told))


def _send(ledger: Ledger, workspace: Workspace, mailing: int) -> int:
    ending = carrying.carry_out(ledger, mailing, workspace.root, Orders(), rate=None)
    if ending.why is not Why.DONE:
        raise SystemExit(f"the run ended with {ending}")
    return ledger.counts(mailing)[State.ACCEPTED]


class _Bare:
    """A source without a ledger."""

    def __init__(self, ledger: Ledger, workspace: Workspace) -> None:
        self.accepted = 0
        self._press = Press.of(
            Editions(ledger.connection).load(ledger.mailing(1).digest),
            workspace.settings,
            ledger.people.secret,
            root=workspace.root,
            mailing=1,
            date=datetime.now(UTC),
        )
        self._rows = ledger.connection.execute(_EVERYBODY)
        self._open = self._taken = 0
        self._over = False
        self.transport: Transport

    def take(self, relay: str) -> Job | None:  # noqa: ARG002 (transport.Source)
        """Give the next person's letter."""
        row = self._rows.fetchone()
        if row is None:
            self._over = True
            return None
        self._open += 1
        self._taken += 1
        recipient = Recipient._make(row)
        domain = recipient.address.rpartition("@")[2]
        return Job(1, self._taken, 1, domain, self._press.letter(recipient))

    def starts(self, job: Job) -> bool:  # noqa: ARG002 (transport.Source)
        """Let everything go out."""
        return True

    def settled(self, job: Job, outcome: Outcome) -> None:  # noqa: ARG002 (transport.Source)
        """Count."""
        self._open -= 1
        self.accepted += outcome.state is State.ACCEPTED
        if self._over and not self._open:
            self.transport.finish()

    def trouble(self, relay: str, outcome: Outcome) -> None:
        """End: a benchmark's server has none."""
        raise SystemExit(f"{relay}: {outcome}")


def _send_bare(ledger: Ledger, workspace: Workspace) -> int:
    source = _Bare(ledger, workspace)

    async def sending() -> None:
        pace = Pace(workspace.settings.smtp)
        source.transport = ways.transport(workspace.settings, workspace.root, source, pace=pace)
        await source.transport.run()

    carrying.run_in_loop(sending())
    return source.accepted


if __name__ == "__main__":
    main()
