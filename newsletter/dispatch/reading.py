"""Open the ledger only to read it, without what everything else needs: a status is asked for often.

Settings and database are opened whole in 0.4 s (measured: pydantic and sqlite-utils); this takes a tenth.
Whatever is not as expected, a fault in newsletter.toml or a database of another version, is left to those
who can tell about it.
"""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

SETTINGS = "newsletter.toml"
VARIABLE = "NEWSLETTER_PATHS__DATABASE"
DATABASE = "subscribers.db"
"""Where the database lies, if nothing else is said; a test compares these with the settings."""
_BUSY_SECONDS = 10.0


@contextmanager
def reading(start: Path, environ: Mapping[str, str]) -> Iterator[sqlite3.Connection | None]:
    """Give a connection to this newsletter's database that cannot write; None if it is not as expected."""
    try:
        path = _database(start.resolve(), environ)
        connection = None if path is None else _connected(path)
    except (OSError, ValueError, sqlite3.Error):
        connection = None
    if connection is None:
        yield None
        return
    with closing(connection):
        yield connection


def _database(start: Path, environ: Mapping[str, str]) -> Path | None:
    """Find where the database lies."""
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder / (environ.get(VARIABLE) or _named(folder / SETTINGS))
    return None


def _named(settings: Path) -> str:
    """Return what the settings call the database.

    Raises:
        ValueError: they are no TOML, or say something else than a name.
    """
    paths = tomllib.loads(settings.read_text(encoding="utf-8-sig")).get("paths", {})
    name = paths.get("database", DATABASE) if isinstance(paths, dict) else None
    if not isinstance(name, str):
        raise ValueError(name)  # noqa: TRY004 (what is caught is a fault in the file)
    return name


def _connected(path: Path) -> sqlite3.Connection | None:
    """Open a database that has a ledger in it; `query_only` keeps every statement from writing."""
    # Not mode=ro: closing such a connection leaves the files of the write-ahead log behind.
    uri = f"file:{quote(str(path))}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT 1 FROM dispatch JOIN slice JOIN mailing JOIN edition LIMIT 0")
    except sqlite3.Error:
        connection.close()
        return None
    return connection
