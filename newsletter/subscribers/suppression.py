"""Whom mail must not reach, whatever the list says: addresses, domains, patterns with `*`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.address import Address
from newsletter.errors import UsageError
from newsletter.language import _

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
        exact, patterns = self._loaded()
        if not exact and not patterns:
            return {}
        found = {}
        for key in keys:
            reason = exact.get(key) or exact.get(key[key.rindex("@") :])
            reason = reason or next((why for pattern, why in patterns if pattern.fullmatch(key)), None)
            if reason is not None:
                found[key] = _("is on the suppression list: {reason}").format(reason=reason)
        return found

    def _loaded(self) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
        entries = list(self.entries())
        exact = {one.pattern: one.reason for one in entries if "*" not in one.pattern}
        return exact, [(_compiled(one.pattern), one.reason) for one in entries if "*" in one.pattern]


def normalised(text: str) -> str:
    """Return a pattern as the list keeps it: `example.org` and `@example.org` are the same domain.

    Raises:
        UsageError: it is neither an address, nor a domain, nor a pattern of one.
    """
    text = text.strip()
    if not _PATTERN.fullmatch(text) or not text.strip("*@."):
        message = _("“{text}” is no address, domain or pattern.").format(text=text)
        raise UsageError(message, cure=_("Write a@example.org, @example.org, *@*.example.org or info@*."))
    if "*" in text:
        return (text if "@" in text else f"*@{text}").casefold()
    if "@" in text.strip("@"):
        return Address.parse(text).key
    return "@" + Address.parse(f"a{text}" if text.startswith("@") else f"a@{text}").domain


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))
