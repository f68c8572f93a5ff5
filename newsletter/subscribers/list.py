"""The list itself: find, add, change, let go; every change writes its event in the same transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from newsletter.address import Address
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.store import database
from newsletter.subscribers import fields as own_fields
from newsletter.subscribers.log import Draft, EventLog
from newsletter.subscribers.model import FOLLOWS, Status, Subscriber, packed
from newsletter.subscribers.secret import Secret
from newsletter.subscribers.suppression import Suppression

COLUMNS = (
    "id", "key", "address", "domain", "form", "title", "first_name", "last_name", "organisation", "language",
    "tags", "fields", "status", "source", "joined_at", "changed_at", "expires_at",
)  # fmt: skip
_COMPARED = "id, status, address, form, title, first_name, last_name, organisation, language, tags, fields"


class NoSubscriberError(NewsletterError, LookupError):
    """There is nobody with this address on the list."""


class StatusError(NewsletterError, ValueError):
    """This status cannot follow the one the person has."""


class SubscriberList:
    """The subscribers of one newsletter."""

    def __init__(self, db: Database, settings: Settings, secret: Secret) -> None:
        self.db = db
        self.settings = settings
        self.log = EventLog(db.conn, secret)
        self.suppression = Suppression(db.conn)
        self.secret = secret

    def find(self, address: Address) -> Subscriber | None:
        """Return the person with an address."""
        row = self._one("SELECT * FROM subscriber WHERE key = ?", (address.key,))
        return Subscriber.from_row(row) if row else None

    def get(self, address: Address) -> Subscriber:
        """Return the person with an address.

        Raises:
            NoSubscriberError: there is none.
        """
        found = self.find(address)
        if found is None:
            raise NoSubscriberError(_("{address} is not on the list.").format(address=address.text))
        return found

    def checked_fields(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return custom fields in their one form.

        Raises:
            ValueError: a value does not fit the type that newsletter.toml declares.
        """
        return own_fields.checked(values, self.settings.fields)

    def newest_id(self) -> int:
        """Return the highest number given so far."""
        row = self.db.conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'").fetchone()
        return int(row[0]) if row else 0

    def next_id(self) -> int:
        """Return the number the next person gets; numbers are never given twice."""
        return self.newest_id() + 1

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """Return what an import compares, of those of these keys that are on the list."""
        if not self.newest_id():
            return {}
        sql = f"SELECT {_COMPARED}, key FROM subscriber WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608
        return {row[-1]: row[:-1] for row in self.db.conn.execute(sql, (json.dumps(keys),))}

    def barred(self, keys: Sequence[str]) -> dict[str, str]:
        """Return those of these keys that must not be added, each with its reason."""
        reasons = self.suppression.reasons(keys)
        for key in self._erased(keys):
            reasons[key] = _("has had their data erased; only their own new request brings them back")
        return reasons

    def insert(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Write new rows, in the order of `COLUMNS`."""
        database.insert(self.db.conn, "subscriber", rows)

    def overwrite(self, number: int, values: Sequence[object], at: str) -> None:
        """Change address, form, texts, tags and fields of a person."""
        self.db.conn.execute(
            "UPDATE subscriber SET address = ?, form = ?, title = ?, first_name = ?, last_name = ?,"
            " organisation = ?, language = ?, tags = ?, fields = ?, changed_at = ? WHERE id = ?",
            (*values, at, number),
        )

    def set_status(
        self, person: Subscriber, status: Status, *, at: str, source: str, detail: Mapping[str, Any]
    ) -> None:
        """Give a person another status, if it may follow theirs; guarded by the statement itself.

        Raises:
            StatusError: it may not, or another process was quicker.
        """
        database.check_writing(self.db.conn)
        allowed = [str(before) for before, after in FOLLOWS.items() if status in after]
        row = self._one(
            "UPDATE subscriber SET status = ?, changed_at = ?, expires_at = NULL"
            " WHERE id = ? AND status IN (SELECT value FROM json_each(?)) RETURNING id",
            (str(status), at, person.id, json.dumps(allowed)),
        )
        if row is None:
            message = _("{address} is {before}; this cannot become {after}.")
            raise StatusError(message.format(address=person.address, before=person.status, after=status))
        self.log.append(at, [Draft(person.id, str(status), source, {"address": person.address, **detail})])

    def each(
        self, where: str = "1", parameters: Sequence[object] = (), *, limit: int | None = None
    ) -> Iterator[Subscriber]:
        """Give people in the order of their keys; `where` is a compiled segment, never a user's text."""
        sql = f"SELECT * FROM subscriber WHERE {where} ORDER BY key LIMIT ?"  # noqa: S608 (see above)
        return map(Subscriber.from_row, self._all(sql, (*parameters, -1 if limit is None else limit)))

    def count(self, where: str = "1", parameters: Sequence[object] = ()) -> int:
        """Count people; `where` is a compiled segment, never a user's text."""
        return int(self._one(f"SELECT count(*) FROM subscriber WHERE {where}", parameters)[0])  # noqa: S608

    def readdress(self, number: int, address: Address) -> None:
        """Give a person the key and domain of another address."""
        self.db.conn.execute(
            "UPDATE subscriber SET key = ?, domain = ? WHERE id = ?", (address.key, address.domain, number)
        )

    def retag(self, number: int, tags: frozenset[str], at: str) -> None:
        """Give a person other tags."""
        self.db.conn.execute(
            "UPDATE subscriber SET tags = ?, changed_at = ? WHERE id = ?", (packed(tags), at, number)
        )

    def forget(self, number: int) -> None:
        """Delete a person and the personal data of their events."""
        self.log.erase(number)
        self.db.conn.execute("DELETE FROM subscriber WHERE id = ?", (number,))

    def bar(self, address: Address, at: str) -> None:
        """Keep the address of an erased person from being imported again."""
        row = (self.digest(address.key), at)
        self.db.conn.execute("INSERT INTO erased VALUES (?, ?) ON CONFLICT DO NOTHING", row)

    def erased_at(self, address: Address) -> str | None:
        """Return when an address was erased."""
        row = self._one("SELECT at FROM erased WHERE digest = ?", (self.digest(address.key),))
        return str(row[0]) if row else None

    def expired(self, at: str) -> list[int]:
        """List sign-ups that were not confirmed in time."""
        return [row[0] for row in self._all("SELECT id FROM subscriber WHERE expires_at <= ?", (at,))]

    def has_expired(self, at: str) -> bool:
        """Say whether anything was kept long enough."""
        row = self._one(
            "SELECT EXISTS (SELECT 1 FROM subscriber WHERE expires_at <= ?1)"
            " OR EXISTS (SELECT 1 FROM event_ip WHERE expires_at <= ?1)",
            (at,),
        )
        return bool(row[0])

    def drop_networks(self, at: str) -> int:
        """Delete shortened IP addresses that were kept long enough."""
        return self.db.conn.execute("DELETE FROM event_ip WHERE expires_at <= ?", (at,)).rowcount

    def settle(self) -> None:
        """Bring the write-ahead log into the file, so that deleted data are in neither."""
        self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def digest(self, key: str) -> bytes:
        """Return the keyed hash that stands for an erased address."""
        return self.secret.digest("erased", key.encode())

    def _erased(self, keys: Sequence[str]) -> set[str]:
        if self._one("SELECT 1 FROM erased LIMIT 1", ()) is None:
            return set()
        digests = {self.digest(key): key for key in keys}
        every = list(digests)
        found: set[str] = set()
        for start in range(0, len(every), 500):
            wanted = every[start : start + 500]
            marks = ",".join("?" * len(wanted))
            rows = self._all(f"SELECT digest FROM erased WHERE digest IN ({marks})", wanted)  # noqa: S608 (only ?)
            found.update(digests[row[0]] for row in rows)
        return found

    def _one(self, sql: str, parameters: Sequence[object]) -> Any:
        return next(self._all(sql, parameters), None)

    def _all(self, sql: str, parameters: Sequence[object]) -> Iterator[Any]:
        cursor = self.db.conn.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(sql, parameters)
