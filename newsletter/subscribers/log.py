"""The evidence: an append-only log of what happened to each person, chained by hashes.

    commitment = SHA-256(salt ‖ detail)               personal data, erasable without breaking the chain
    hash       = SHA-256(previous hash ‖ commitment ‖ seq, at, person, kind, source, wording)
    seal       = HMAC(key, last seq ‖ last hash)       kept in `log_head`; finds a log that was cut short

Erasing a person removes salt and detail of their events; the commitment stays, and tells nothing without
the salt. The triggers of the table refuse every other change.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.language import _
from newsletter.subscribers.secret import Secret

_START = bytes(32)
_SALT = 16


@dataclass(frozen=True)
class Draft:
    """An event that is to be written."""

    person: int
    kind: str
    source: str
    detail: Mapping[str, Any]
    wording: int | None = None


@dataclass(frozen=True)
class Event:
    """An event of the log; `detail` is None once its personal data are erased."""

    seq: int
    at: str
    person: int
    kind: str
    source: str
    wording: str | None
    wording_version: str | None
    detail: Mapping[str, Any] | None
    network: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        return vars(self) | {"detail": dict(self.detail) if self.detail is not None else None}


@dataclass(frozen=True)
class Damage:
    """Something wrong with the log, at an event (0: with its end)."""

    seq: int
    message: str


class EventLog:
    """The log of one database; writing happens inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, secret: Secret) -> None:
        self._connection = connection
        self._secret = secret

    def append(self, at: str, drafts: Iterable[Draft]) -> int:
        """Write events at the end, and seal it; return the last number."""
        chain = Chain(self, at)
        for draft in drafts:
            detail = json.dumps(dict(draft.detail), ensure_ascii=False, separators=(",", ":"))
            chain.append(draft.kind, draft.source, [(draft.person, detail)], draft.wording)
        return chain.seal()

    def write(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Write finished rows, as a `Chain` makes them."""
        self._connection.executemany("INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?)", rows)

    def head(self) -> tuple[int, bytes]:
        """Return number and hash of the last event."""
        return self._head()

    def seal(self, seq: int, last: bytes) -> None:
        """Note the end of the log under the key."""
        self._connection.execute(
            "INSERT INTO log_head VALUES (1, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, seal = excluded.seal",
            (seq, last, self._seal(seq, last)),
        )

    def wording(self, version: str, text: str) -> int:
        """Return the number of a wording that people were shown; the same text is kept once.

        A version names one text for good: another text under it gets a version of its own.
        """
        for name in (version, f"{version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"):
            self._connection.execute(
                "INSERT INTO wording (version, text) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, text)
            )
            row = self._connection.execute(
                "SELECT id, text FROM wording WHERE version = ?", (name,)
            ).fetchone()
            if row[1] == text:
                return int(row[0])
        raise AssertionError(version)  # two texts with the same digest

    def of_person(self, person: int) -> Iterator[Event]:
        """Give the events of a person in their order."""
        rows = self._connection.execute(
            "SELECT event.seq, at, person, kind, source, wording.text, wording.version, detail, network FROM event"
            " LEFT JOIN wording ON wording.id = event.wording LEFT JOIN event_ip ON event_ip.seq = event.seq"
            " WHERE person = ? ORDER BY event.seq",
            (person,),
        )
        for row in rows:
            *head, detail, network = tuple(row)
            yield Event(*head, json.loads(detail) if detail is not None else None, network)

    def erase(self, person: int) -> None:
        """Remove the personal data of a person's events; the chain stays whole."""
        self._connection.execute(
            "DELETE FROM event_ip WHERE seq IN (SELECT seq FROM event WHERE person = ?)", (person,)
        )
        self._connection.execute("UPDATE event SET salt = NULL, detail = NULL WHERE person = ?", (person,))

    def damages(self) -> Iterator[Damage]:
        """Look at every event and at the seal; give what was altered, removed or put elsewhere."""
        expected, last = 0, _START
        for row in self._connection.execute("SELECT * FROM event ORDER BY seq"):
            seq, at, person, kind, source, wording, salt, detail, commitment, digest = tuple(row)
            expected += 1
            if seq != expected:
                yield Damage(
                    seq, _("events {first} to {last} are missing").format(first=expected, last=seq - 1)
                )
                expected = seq
            if detail is not None and hashlib.sha256((salt or b"") + detail.encode()).digest() != commitment:
                yield Damage(seq, _("what happened was altered"))
            if _hash(last, commitment, (seq, at, person, kind, source, wording)) != digest:
                yield Damage(seq, _("the event was altered, or does not follow the one before it"))
            last = digest
        yield from self._end(expected, last)

    def _end(self, seq: int, last: bytes) -> Iterator[Damage]:
        row = self._connection.execute("SELECT seq, hash, seal FROM log_head").fetchone()
        if row is None:
            if seq:
                yield Damage(0, _("the seal of the log is missing"))
            return
        if not hmac.compare_digest(row[2], self._seal(row[0], row[1])):
            yield Damage(0, _("the seal of the log was not made with this list's key"))
        elif (row[0], row[1]) != (seq, last):
            yield Damage(
                0,
                _("the log ends at event {seq}, but event {sealed} was sealed").format(
                    seq=seq, sealed=row[0]
                ),
            )

    def _head(self) -> tuple[int, bytes]:
        row = self._connection.execute("SELECT seq, hash FROM log_head").fetchone()
        return (row[0], row[1]) if row else (0, _START)

    def _seal(self, seq: int, last: bytes) -> bytes:
        return self._secret.digest("log", str(seq).encode() + b"\0" + last)


class Chain:
    """The end of the log while events are added; `seal` closes it."""

    def __init__(self, log: EventLog, at: str) -> None:
        self._log = log
        self._at = at
        self._seq, self._last = log.head()

    def append(
        self, kind: str, source: str, drafts: Sequence[tuple[int, str]], wording: int | None = None
    ) -> None:
        """Add an event of one kind for each (person, detail as JSON)."""
        at, seq, last, sha256 = self._at, self._seq, self._last, hashlib.sha256
        salts = os.urandom(_SALT * len(drafts))
        rows = []
        for index, (person, detail) in enumerate(drafts):
            seq += 1
            salt = salts[index * _SALT : (index + 1) * _SALT]
            commitment = sha256(salt + detail.encode()).digest()
            last = _hash(last, commitment, (seq, at, person, kind, source, wording))
            rows.append((seq, at, person, kind, source, wording, salt, detail, commitment, last))
        self._log.write(rows)
        self._seq, self._last = seq, last

    def seal(self) -> int:
        """Note the new end under the key; return the last event's number."""
        self._log.seal(self._seq, self._last)
        return self._seq


def _hash(last: bytes, commitment: bytes, facts: tuple[object, ...]) -> bytes:
    # repr tells None from 'None' and a quote from a separator, so no two events share a preimage.
    return hashlib.sha256(last + commitment + repr(facts).encode()).digest()
