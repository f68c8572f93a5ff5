"""The subscriber list at size: import, lookup, counting; beside sqlite-utils and a bare loop.

The file is made here, of random people in 4,000 towns; every row is validated and gets a consent event.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.compose import ROOT
from benchmarks.measure import Run, command, own_peak, repeated
from newsletter import config
from newsletter.address import Address
from newsletter.store.database import opened
from newsletter.subscribers import columns, importing, segments, tables
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.secret import Secret

SIZES = (10_000, 100_000, 1_000_000)
HEADINGS = ("E-Mail", "Anrede", "Titel", "Vorname", "Nachname", "Kommune", "Schlagwörter")
_FIRST = (
    "Anna",
    "Bernd",
    "Clara",
    "Dieter",
    "Erika",
    "Frank",
    "Greta",
    "Jörg",
    "Karin",
    "Nils",
    "Özlem",
    "Petra",
)
_LAST = ("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Groß")
_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ö": "oe"})


@dataclass(frozen=True)
class Point:
    """What a list of some size costs: seconds, and peak memory in MB."""

    rows: int
    imported: float
    imported_cpu: float
    again: float
    peak: float
    lookup: float
    count: float
    verify: float


@dataclass(frozen=True)
class Peers:
    """The same file by other means: sqlite-utils' command, and a loop of csv and executemany."""

    sqlite_utils: Run
    bare: Run


def write_file(path: Path, rows: int) -> None:
    """Write a CSV as German Excel does: semicolons, CRLF, UTF-8 with BOM."""
    chance = random.Random(rows)  # noqa: S311 (made-up people, the same each time)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADINGS)
        for _ in range(rows):
            first, last, town = chance.choice(_FIRST), chance.choice(_LAST), chance.randrange(4000)
            local = f"{first}.{last}.{chance.getrandbits(40):x}".lower().translate(_ASCII)
            writer.writerow((f"{local}@stadt-{town}.example", chance.choice(("Frau", "Herr", "")),
                             chance.choice(("", "", "Dr.")), first, last, f"Stadt {town}",
                             chance.choice(("", "kreise", "portal,kreise"))))  # fmt: skip


def points(largest: int) -> list[Point]:
    """Measure each size in a process of its own."""
    return [Point(**_apart("point", size)) for size in SIZES if size <= largest]


def peers(rows: int) -> Peers:
    """Import the same file with sqlite-utils and with a bare loop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_file(folder / "people.csv", rows)
        tool = shutil.which("sqlite-utils", path=str(Path(sys.executable).parent)) or "sqlite-utils"
        options = ["--csv", "--delimiter", ";", "--pk", "E-Mail", "--no-detect-types", "--silent"]
        options += ["--encoding", "utf-8-sig"]
        insert = [tool, "insert", "peer.db", "people", "people.csv", *options]
        bare = [sys.executable, "-m", "benchmarks.people", "bare", str(folder)]
        return Peers(command(insert, folder), command(bare, ROOT))


def _apart(what: str, rows: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.people", what, str(rows)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _point(rows: int) -> Point:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_file(folder / "people.csv", rows)
        settings = config.load(ROOT / "newsletter.toml", {})
        with opened(folder / "subscribers.db") as db:
            people = SubscriberList(db, settings, Secret.load(folder / "subscribers.key", fresh=True))

            def imports() -> None:
                table = tables.survey(folder / "people.csv")
                found = columns.mapped(table.headers, settings, {})
                order = importing.Order(
                    table=table, columns=found, status="active", consent="Formular 2022: Ja, ich möchte.",
                    at="2026-01-01T00:00:00+00:00",
                )  # fmt: skip
                outcome = importing.run(people, order)
                assert outcome.rejected < rows / 1000, outcome.rejects[:3]

            imported, cpu = _timed(imports)
            again, _cpu = _timed(imports)
            peak = own_peak()
            known = [person.address for person in people.each(limit=500)]
            addresses = iter(Address.parse(text) for text in known * 4)
            lookup = repeated(lambda: people.get(next(addresses)), runs=1000).median
            sql, values = segments.where(
                'status = active and tag = kreise and domain ends "7.example"', settings
            )
            counting = repeated(lambda: people.count(sql, values), runs=5, warmup=1).median
            verify, _cpu = _timed(lambda: list(people.log.damages()))
        return Point(rows, imported, cpu, again, peak, lookup, counting, verify)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def _bare(folder: Path) -> None:
    """Read the file and write its cells, nothing else: the limit."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE people (a TEXT PRIMARY KEY, b, c, d, e, f, g)")
    with (folder / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        _bare(Path(sys.argv[2]))
    else:
        print(json.dumps(asdict(_point(int(sys.argv[2])))))
