"""The evidence: an append-only log of what happened to each person, chained by hashes.

    commitment = SHA-256(salt ‖ detail)               personal data, erasable without breaking the chain
    hash       = SHA-256(previous hash ‖ commitment ‖ seq, person ‖ at, kind, source, digest of the wording)
    seal       = HMAC(key, last seq ‖ last hash)      kept in `log_head`; finds a log that was cut short

Forgetting a person removes salt and detail of their events; the commitment stays, and tells nothing without
the salt. A later event says that it was done; without one, the missing data are a damage. The triggers of
the tables refuse every other change.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from newsletter.language import _
from newsletter.store import database
from newsletter.subscribers.secret import Secret

FORGETTING = frozenset({"erased", "removed", "expired"})
"""Kinds of events after which the personal data of a person's earlier events may be gone."""
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

    def write(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Write finished rows, as a `Chain` makes them."""
        database.insert(self._connection, "event", rows)

    def check_writing(self) -> None:
        """Make sure that we are in a transaction: two processes must not add to the same end."""
        database.check_writing(self._connection)

    def head(self) -> tuple[int, bytes]:
        """Return number and hash of the last event."""
        row = self._connection.execute("SELECT seq, hash FROM log_head").fetchone()
        return (row[0], row[1]) if row else (0, _START)

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
            "SELECT event.seq, at, person, kind, source, wording.text, wording.version, detail, network"
            " FROM event LEFT JOIN wording ON wording.id = event.wording"
            " LEFT JOIN event_ip ON event_ip.seq = event.seq"
            " WHERE person = ? ORDER BY event.seq",
            (person,),
        )
        for *facts, detail, network in rows:
            seq, at, who, kind, source, wording, version = facts
            yield Event(
                seq=seq,
                at=at,
                person=who,
                kind=kind,
                source=source,
                wording=wording,
                wording_version=version,
                detail=None if detail is None else json.loads(detail),
                network=network,
            )

    def erase(self, person: int) -> None:
        """Remove the personal data of a person's events; the chain stays whole."""
        self._connection.execute(
            "DELETE FROM event_ip WHERE seq IN (SELECT seq FROM event WHERE person = ?)", (person,)
        )
        self._connection.execute("UPDATE event SET salt = NULL, detail = NULL WHERE person = ?", (person,))

    def damages(self) -> Iterator[Damage]:
        """Look at every event and at the seal; give what was altered, removed or put elsewhere."""
        wordings = self._wordings()
        expected, last = 0, _START
        open_ends: dict[int, int] = {}  # person to the event whose data are gone without a reason so far
        for row in self._connection.execute("SELECT * FROM event ORDER BY seq"):
            seq, at, person, kind, source, wording, salt, detail, commitment, digest = row
            expected += 1
            if seq != expected:
                text = _("events {first} to {last} are missing").format(first=expected, last=seq - 1)
                yield Damage(seq, text)
                expected = seq
            if kind in FORGETTING:
                open_ends.pop(person, None)
            if detail is None and salt is None:
                open_ends.setdefault(person, seq)
            elif detail is None or salt is None or _commitment(salt, detail) != commitment:
                yield Damage(seq, _("what happened was altered"))
            facts = _facts(at, kind, source, wordings.get(wording, "?"))
            if _hash(last, commitment, seq, person, facts) != digest:
                yield Damage(seq, _("the event was altered, or does not follow the one before it"))
            last = digest
        for seq in sorted(open_ends.values()):
            yield Damage(seq, _("the personal data are gone, but nobody erased them"))
        yield from self._end(expected, last)

    def _wordings(self) -> dict[int | None, str]:
        rows = self._connection.execute("SELECT id, version, text FROM wording")
        return {None: ""} | {number: _wording_digest(version, text) for number, version, text in rows}

    def wording_digest(self, number: int | None) -> str:
        """Return what stands for a wording in the chain: nobody can put other words under an event."""
        if number is None:
            return ""
        row = self._connection.execute("SELECT version, text FROM wording WHERE id = ?", (number,)).fetchone()
        return _wording_digest(*row)

    def _end(self, seq: int, last: bytes) -> Iterator[Damage]:
        row = self._connection.execute("SELECT seq, hash, seal FROM log_head").fetchone()
        if row is None:
            if seq or self._is_in_use():
                yield Damage(0, _("the seal of the log is missing"))
        elif not hmac.compare_digest(row[2], self._seal(row[0], row[1])):
            yield Damage(0, _("the seal of the log was not made with this list's key"))
        elif (row[0], row[1]) != (seq, last):
            text = _("the log ends at event {seq}, but event {sealed} was sealed")
            yield Damage(0, text.format(seq=seq, sealed=row[0]))

    def _is_in_use(self) -> bool:
        """Whether anybody has ever been on the list: then there was an event, and a seal."""
        row = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM subscriber)"
            " OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'subscriber')"
        ).fetchone()
        return bool(row[0])

    def _seal(self, seq: int, last: bytes) -> bytes:
        return self._secret.digest("log", str(seq).encode() + b"\0" + last)


class Chain:
    """The end of the log while events are added; `seal` closes it."""

    def __init__(self, log: EventLog, at: str) -> None:
        log.check_writing()
        self._log = log
        self._at = at
        self._seq, self._last = log.head()

    def append(
        self, kind: str, source: str, drafts: Sequence[tuple[int, str]], wording: int | None = None
    ) -> None:
        """Add an event of one kind for each (person, detail as JSON)."""
        at, seq, last, sha256 = self._at, self._seq, self._last, hashlib.sha256
        facts = _facts(at, kind, source, self._log.wording_digest(wording))
        salts, begin = os.urandom(_SALT * len(drafts)), 0
        rows = []
        for person, detail in drafts:  # a million times: `_commitment` and `_hash`, written out
            seq += 1
            salt = salts[begin : begin + _SALT]
            begin += _SALT
            commitment = sha256(salt + detail.encode()).digest()
            last = sha256(b"%b%b%d,%d,%b" % (last, commitment, seq, person, facts)).digest()
            rows.append((seq, at, person, kind, source, wording, salt, detail, commitment, last))
        self._log.write(rows)
        self._seq, self._last = seq, last

    def seal(self) -> int:
        """Note the new end under the key; return the last event's number."""
        self._log.seal(self._seq, self._last)
        return self._seq


def _commitment(salt: bytes, detail: str) -> bytes:
    return hashlib.sha256(salt + detail.encode()).digest()


def _hash(last: bytes, commitment: bytes, seq: int, person: int, facts: bytes) -> bytes:
    return hashlib.sha256(b"%b%b%d,%d,%b" % (last, commitment, seq, person, facts)).digest()


@lru_cache(maxsize=256)
def _facts(at: str, kind: str, source: str, wording: str) -> bytes:
    """Write what thousands of events have in common; JSON, so that no two give the same bytes."""
    return json.dumps([at, kind, source, wording]).encode()


@lru_cache(maxsize=256)
def _wording_digest(version: str, text: str) -> str:
    return hashlib.sha256(json.dumps([version, text]).encode()).hexdigest()
