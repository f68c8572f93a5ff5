"""Whom mail must not reach, whatever the list says: addresses, domains, patterns with `*`."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.address import Address
from newsletter.errors import UsageError
from newsletter.language import _
from newsletter.subscribers.domains import ascii_form

_PATTERN = re.compile(r"[^\s@,;<>\"]*@[^\s@,;<>\"]+|[^\s@,;<>\"]+\.[^\s@,;<>\"]+")


@dataclass(frozen=True)
class Entry:
    """A line of the suppression list."""

    pattern: str
    """An address, a domain (`@example.org`), or either with `*`."""
    reason: str
    source: str
    at: str


class Suppression:
    """The suppression list of a database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, entries: Iterable[Entry]) -> int:
        """Write entries; those that are there stay as they are. Return how many are new."""
        before = self._connection.total_changes
        self._connection.executemany(
            "INSERT INTO suppression VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            ((one.pattern, one.reason, one.source, one.at) for one in entries),
        )
        return self._connection.total_changes - before

    def remove(self, pattern: str) -> bool:
        """Take an entry out; say whether it was there."""
        row = self._connection.execute(
            "DELETE FROM suppression WHERE pattern = ? RETURNING 1", (pattern,)
        ).fetchone()
        return row is not None

    def entries(self) -> Iterator[Entry]:
        """Give all entries by their pattern."""
        rows = self._connection.execute(
            "SELECT pattern, reason, source, at FROM suppression ORDER BY pattern"
        )
        return (Entry(*row) for row in rows)

    def reasons(self, keys: Sequence[str]) -> dict[str, str]:
        """Return those of the keys that are suppressed, each with its reason."""
        if not self._connection.execute("SELECT EXISTS (SELECT 1 FROM suppression)").fetchone()[0]:
            return {}
        exact, patterns = self._exact(keys), self._patterns()
        found = {}
        for key in keys:
            reason = exact.get(key, exact.get(_domain(key)))
            if reason is None:
                reason = next((why for pattern, why in patterns if pattern.fullmatch(key)), None)
            if reason is not None:
                found[key] = _("is on the suppression list: {reason}").format(reason=reason)
        return found

    def _exact(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the entries for these addresses and their domains."""
        wanted = json.dumps([*keys, *{_domain(key) for key in keys}])
        rows = self._connection.execute(
            "SELECT pattern, reason FROM suppression WHERE pattern IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        return dict(rows.fetchall())

    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        rows = self._connection.execute("SELECT pattern, reason FROM suppression WHERE instr(pattern, '*')")
        return [(_compiled(pattern), reason) for pattern, reason in rows]


def normalised(text: str) -> str:
    """Return a pattern as the list keeps it: `example.org` and `@example.org` are the same domain.

    Raises:
        UsageError: it is neither an address, nor a domain, nor a pattern of one.
    """
    text = text.strip()
    try:
        return _normalised(text)
    except ValueError as err:
        message = _("“{text}” is no address, domain or pattern.").format(text=text)
        cure = _("Write a@example.org, @example.org, *@*.example.org or info@*.")
        raise UsageError(message, cure=cure) from err


def _normalised(text: str) -> str:
    local, _at, domain = text.rpartition("@")
    if not _PATTERN.fullmatch(text) or not text.strip("*@."):
        raise ValueError(text)
    if "*" in text:
        return f"{local.lower() or '*'}@{ascii_form(domain)}"
    if local:
        return Address.parse(text).key
    return f"@{Address.parse(f'a@{domain}').domain}"


def _domain(key: str) -> str:
    return key[key.rindex("@") :]


def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; each piece is taken where it comes first (atomic), so none takes long to fail."""
    first, *pieces = map(re.escape, re.sub(r"\*+", "*", pattern).split("*"))
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[:-1])
    return re.compile(f"{first}{middle}.*{pieces[-1]}")
