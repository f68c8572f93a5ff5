"""How a mailing stands: exact, read without writing, and without loading what it does not need."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter import config
from newsletter.compose.edition import Place
from newsletter.dispatch import control, planner, reading
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import State
from newsletter.dispatch.standing import standing
from newsletter.settings_model import Paths
from tests.cli.office import ROOT, SETTINGS, clean_environ
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, LOST, NO_SUCH, POLICY, sending
from tests.subscribers import crowd


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path) as found:
        yield found


def test_title_and_subject_are_the_editions(ledger: Ledger) -> None:
    """They are read without unfreezing the edition, however large; personal places have their fallback."""
    books.people(ledger, 2)
    place = Place("zqP01zq", "first_name", "alle")
    edition = replace(
        books.edition(),
        title='Kreis"blatt" – "title":"x"',
        subject=f"Neues für {place.marker}",
        preheader="\\",
        places=(place,),
        page="<p>" + os.urandom(300_000).hex() + "</p>",
    )
    mailing = planner.plan(ledger, edition, actor="erika")
    found = standing(ledger.connection, mailing)
    assert found.title == edition.title
    assert found.subject == edition.fill(edition.subject, {}) == "Neues für alle"


def test_problems_are_gathered(ledger: Ledger) -> None:
    """Recipients with the same trouble are counted together, with the domains that have most of them."""
    for number in range(30):
        crowd.join(ledger.people, f"p{number}@{'abcd'[number % 4]}.example")
    mailing = books.planned(ledger, 0)
    outcomes = [ACCEPTED] * 6 + [DEFERRED] * 12 + [NO_SUCH] * 5 + [POLICY] * 4 + [LOST] * 3
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=30).opened
        ledger.end(lease, list(zip(opened, outcomes, strict=True)))
        found = standing(ledger.connection, mailing)
        assert found.run is not None
        assert found.run.pid == os.getpid()
    assert [(one.state, one.count, one.reply) for one in found.problems] == [
        (State.DEFERRED, 12, "greylisted"),
        (State.REFUSED, 5, "no such user"),
        (State.REFUSED, 4, "looks like spam"),
        (State.IN_DOUBT, 3, "connection closed"),
    ]
    assert found.problems[0].domains == (("a.example", 3), ("b.example", 3), ("c.example", 3))
    assert found.all_looked_at
    assert found.next_at == "2024-03-01T12:01:00+00:00"
    assert found.counts.audience == 30


def test_what_was_decided_is_told(ledger: Ledger) -> None:
    """Who paused and resumed it, and why."""
    mailing = books.planned(ledger, 2)
    control.pause(ledger, mailing.id, actor="erika", reason="Tippfehler")
    control.resume(ledger, mailing.id, actor="otto")
    found = standing(ledger.connection, mailing)
    assert [(one.action, one.actor, one.reason) for one in found.decisions] == [
        ("pause", "erika", "Tippfehler"),
        ("resume", "otto", ""),
    ]


def test_what_a_dead_process_left_is_counted(ledger: Ledger) -> None:
    """Under way without anybody sending: left behind."""
    mailing = books.planned(ledger, 3)
    dead = books.Sender.of(ledger, mailing)
    ledger.exchange(dead.begin(), [], want=2)
    assert standing(ledger.connection, mailing).left_behind == 0
    dead.owner.journal.close()
    ledger.connection.execute("UPDATE slice SET lease_until = 0")
    assert standing(ledger.connection, mailing).left_behind == 2


def test_reading_does_not_write(ledger: Ledger, tmp_path: Path) -> None:
    """The connection refuses to write, and sees what others have committed."""
    books.planned(ledger, 2)
    (tmp_path / "newsletter.toml").write_text(SETTINGS)
    with reading.reading(tmp_path / "deep" / "er", {}) as connection:
        assert connection is not None
        assert connection.execute("SELECT count(*) FROM dispatch").fetchone() == (2,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM dispatch")


@pytest.mark.parametrize(
    ("settings", "environ"),
    [
        (SETTINGS, {}),
        (SETTINGS + '\n[paths]\ndatabase = "list.db"\n', {}),
        (SETTINGS, {"NEWSLETTER_PATHS__DATABASE": "list.db"}),
    ],
    ids=["usual", "settings", "environment"],
)
def test_the_database_is_found_as_settings_say(
    tmp_path: Path, settings: str, environ: dict[str, str]
) -> None:
    """Where the whole program would look for it."""
    (tmp_path / "newsletter.toml").write_text(settings)
    path = tmp_path / config.load(tmp_path / "newsletter.toml", environ).paths.database
    with books.opened_ledger(tmp_path) as ledger:
        books.planned(ledger, 2)
    (tmp_path / "subscribers.db").rename(path)
    with reading.reading(tmp_path, environ) as connection:
        assert connection is not None
        assert connection.execute("SELECT count(*) FROM dispatch").fetchone() == (2,)


def test_names_are_those_of_the_settings() -> None:
    """What is known twice, to be quick, is the same."""
    assert (reading.SETTINGS, Path(reading.DATABASE)) == (config.FILENAME, Paths().database)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("newsletter.toml", "[paths"),
        ("newsletter.toml", "[paths]\ndatabase = 3"),
        ("newsletter.toml", "paths = 3"),
        ("newsletter.toml", None),
        ("subscribers.db", None),
        ("subscribers.db", "no database"),
        ("subscribers.db", ""),
    ],
)
def test_what_is_not_as_expected_is_left_to_others(tmp_path: Path, name: str, content: str | None) -> None:
    """Faults are told by who opens it whole: nothing is read then, and nothing made."""
    (tmp_path / "newsletter.toml").write_text(SETTINGS)
    with books.opened_ledger(tmp_path) as ledger:
        books.planned(ledger, 2)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)
    with reading.reading(tmp_path, {}) as connection:
        assert connection is None
    assert (tmp_path / name).exists() is (content is not None)


def test_a_status_is_light() -> None:
    """Neither the settings' nor the database's libraries are loaded to look at a mailing."""
    code = (
        "import sys, newsletter.dispatch.reading, newsletter.dispatch.standing, newsletter.cli.status_words;"
        " print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environ(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "sqlite3" in loaded
    assert not loaded & {"pydantic", "sqlite_utils", "jinja2", "cryptography", "asyncio", "idna"}
