"""Processes that tests let run, and kill: `python -m tests.subscribers.processes WHAT FOLDER …`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from newsletter.address import Address
from newsletter.store.database import writing
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.log import Draft
from newsletter.subscribers.model import Status
from tests.subscribers import crowd
from tests.subscribers.importer import AT, imported, written
from tests.subscribers.test_list import said_by_the_list, said_by_the_log


def take(folder: Path, file: Path) -> None:
    """Import a file, saying when the first rows are written."""
    with crowd.opened_list(folder) as people:
        imported(people, file, progress=lambda done: print(done, flush=True))


def write(folder: Path, name: str, seconds: float) -> None:
    """Add people, a file of some and single ones, and let every third go; say how many were added."""
    added, end = 0, time.monotonic() + seconds
    with crowd.opened_list(folder) as people:
        while time.monotonic() < end:
            lines = "".join(f"{name}{added + one}@x.example\n" for one in range(3))
            added += imported(people, written(folder, f"E-Mail\n{lines}", name=f"{name}.csv")).added
            with writing(people.db):
                last = people.get(Address.parse(f"{name}{added - 1}@x.example"))
                people.set_status(last, Status.UNSUBSCRIBED, at=AT, source=name, detail={})
    print(added)


def live(people: SubscriberList, folder: Path) -> None:
    """Do one of everything that writes."""
    first = "".join(f"p{one}@x.example;{one}\n" for one in range(120))
    second = "".join(f"p{one}@x.example;{one + 1}\n" for one in range(100, 130))
    imported(people, written(folder, f"E-Mail;Ort\n{first}", name="1.csv"), "Ort=organisation")
    for number, status in enumerate((Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED)):
        with writing(people.db):
            person = people.get(Address.parse(f"p{number}@x.example"))
            people.set_status(person, status, at=AT, source="test", detail={})
    with writing(people.db):
        person = people.get(Address.parse("p5@x.example"))
        people.forget(person.id)
        people.bar(Address.parse(person.address), AT)
        people.log.append(AT, [Draft(person.id, "erased", "test", {})])
    imported(people, written(folder, f"E-Mail;Ort\n{second}", name="2.csv"), "Ort=organisation", dry_run=True)
    imported(people, written(folder, f"E-Mail;Ort\n{second}", name="2.csv"), "Ort=organisation")


def crash_everywhere(folder: Path) -> None:
    """Live again and again, killed before the first, second, third … statement; say how many there were.

    After each death the log must verify, and list and log must tell the same.
    """
    at = 0
    while True:
        at += 1
        home = folder / str(at)
        home.mkdir()
        child = os.fork()
        if not child:
            _live_until(home, at)
        _pid, status = os.waitpid(child, 0)
        with crowd.opened_list(home) as people:
            assert list(people.log.damages()) == [], at
            assert said_by_the_log(people) == said_by_the_list(people), at
            assert people.db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok", at
            if os.WIFEXITED(status):
                assert (os.WEXITSTATUS(status), people.count()) == (0, 129)
                print(at - 1)
                return
        assert os.WTERMSIG(status) == signal.SIGKILL


def _live_until(home: Path, at: int) -> None:
    left = at

    def count(_statement: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with crowd.opened_list(home) as people:
            people.db.conn.set_trace_callback(count)
            live(people, home)
            people.db.conn.set_trace_callback(None)
    except BaseException:  # noqa: BLE001 (the child must not go on as a second parent)
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    if what == "take":
        take(Path(where), Path(rest[0]))
    elif what == "write":
        write(Path(where), rest[0], float(rest[1]))
    elif what == "crash":
        crash_everywhere(Path(where))
