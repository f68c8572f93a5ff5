"""People for the tests of segments, exports and numbers: a real list in a folder of the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newsletter.address import Address
from newsletter.settings_model import Newsletter, PersonalField, Segment, Settings
from newsletter.settings_sending import Sender
from newsletter.store.database import opened, writing
from newsletter.subscribers.list import COLUMNS, SubscriberList
from newsletter.subscribers.log import Draft
from newsletter.subscribers.model import packed, packed_fields
from newsletter.subscribers.secret import Secret

AT = "2024-03-01T12:00:00+00:00"


def settings(**segments: str) -> Settings:
    """Return settings with a field of each type, and segments by their expressions."""
    return Settings(
        newsletter=Newsletter(title="Stadt & Land"),
        sender=Sender(name="Redaktion", address="redaktion@stadtland.example"),
        fields={
            "region": PersonalField(),
            "size": PersonalField(type="number"),
            "since": PersonalField(type="date"),
            "vip": PersonalField(type="flag"),
        },
        segments={name: Segment(title=name, where=where) for name, where in segments.items()},
    )


@contextmanager
def opened_list(folder: Path, used: Settings | None = None) -> Iterator[SubscriberList]:
    """Open a list of its own in a folder."""
    with opened(folder / "subscribers.db") as db:
        key = folder / "subscribers.key"
        yield SubscriberList(db, used or settings(), Secret.load(key, fresh=not key.exists()))


def join(people: SubscriberList, address: str, kind: str = "imported", **known: Any) -> int:
    """Put a person on the list with the event of their coming; return their number."""
    parsed = Address.parse(address)
    number = people.newest_id() + 1
    row: dict[str, Any] = {
        **dict.fromkeys(COLUMNS, ""),
        "form": "none",
        "status": "active",
        "joined_at": AT,
        "changed_at": AT,
        "expires_at": None,
        **known,
        "source": known.get("source", "test"),
        "id": number,
        "key": parsed.key,
        "address": parsed.text,
        "domain": parsed.domain,
        "tags": packed(frozenset(known.get("tags", ()))),
        "fields": packed_fields(known.get("fields", {})),
    }
    with writing(people.db):
        people.db.conn.execute(
            f"INSERT INTO subscriber VALUES ({','.join('?' * len(COLUMNS))})",  # noqa: S608 (constants)
            [row[name] for name in COLUMNS],
        )
        detail = {"address": parsed.text, "status": row["status"]}
        people.log.append(row["joined_at"], [Draft(number, kind, "test", detail)])
    return number


def note(people: SubscriberList, number: int, kind: str, at: str) -> None:
    """Write an event of a person."""
    with writing(people.db):
        people.log.append(at, [Draft(number, kind, "test", {})])


def rows(people: SubscriberList) -> list[Mapping[str, object]]:
    """Return the list as the table holds it, without when it was changed."""
    names = [name for name in COLUMNS if name != "changed_at"]
    found = people.db.conn.execute(f"SELECT {', '.join(names)} FROM subscriber ORDER BY id")  # noqa: S608 (constants)
    return [dict(zip(names, row, strict=True)) for row in found]
