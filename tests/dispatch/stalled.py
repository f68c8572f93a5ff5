"""A process that sends and then stands there: `python -m tests.dispatch.stalled FOLDER MAILING SECONDS`.

It claims four recipients of slice 1 with a lease of so many seconds: 1 is answered, 2 handed over, 3 and 4
only claimed. Then it says so and waits; on a line of input it hands over 3 if it still may, says whether it
did, exchanges, and ends.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from newsletter.dispatch.ledger import LeaseLostError, Ledger
from tests.dispatch.books import ACCEPTED, Sender
from tests.subscribers import crowd


def stall(folder: Path, mailing: int, seconds: float) -> None:
    """Do all of it, with the real clocks."""
    with crowd.opened_list(folder) as people:
        ledger = Ledger(people)
        sender = Sender(ledger, mailing, ledger.enter(mailing))
        until = time.monotonic() + seconds
        lease = sender.begin(lease=seconds)
        opened = ledger.exchange(lease, [], want=4).opened
        answered = sender.send(lease, opened[:1], ACCEPTED)
        sender.owner.journal.started(1, opened[1].seq, opened[1].attempt)
        print("stalled", flush=True)
        sys.stdin.readline()
        sender.owner.journal.started(1, opened[2].seq, opened[2].attempt)
        print("sent" if time.monotonic() < until else "held back", flush=True)
        with suppress(LeaseLostError):
            ledger.exchange(lease, [*answered, (opened[1], ACCEPTED)], want=5)
            print("still mine", flush=True)
        sender.leave()


if __name__ == "__main__":
    stall(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
