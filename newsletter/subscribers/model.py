"""What a subscriber is, and which status may follow which."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

FORMS = ("none", "frau", "herr", "neutral")
TEXTS = ("title", "first_name", "last_name", "organisation", "language")
"""The plain text fields that a person may have, besides address and form of address."""

MAX_TEXT = 1_000
MAX_TAG = 50
_SPACES = str.maketrans(
    dict.fromkeys("\xa0\u1680\u202f\u205f\u3000", " ") | dict.fromkeys(map(chr, range(0x2000, 0x200B)), " ")
)
"""The spaces of Unicode (category Zs)."""


class Status(StrEnum):
    """Where a subscriber stands."""

    PENDING = "pending"  #: asked for the newsletter, not yet confirmed
    ACTIVE = "active"  #: gets the newsletter
    UNSUBSCRIBED = "unsubscribed"  #: has left; only their own new request brings them back
    BOUNCED = "bounced"  #: mail cannot be delivered
    COMPLAINED = "complained"  #: has reported the newsletter as spam


FOLLOWS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.ACTIVE, Status.UNSUBSCRIBED}),
    Status.ACTIVE: frozenset({Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED}),
    Status.UNSUBSCRIBED: frozenset({Status.PENDING, Status.COMPLAINED}),
    Status.BOUNCED: frozenset({Status.PENDING, Status.UNSUBSCRIBED, Status.COMPLAINED}),
    Status.COMPLAINED: frozenset({Status.PENDING}),
}
"""Who has left, bounced or complained comes back only through a new request of their own (pending)."""
GONE = frozenset({Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED})


def may_follow(before: Status, after: Status) -> bool:
    """Say whether a status may follow another."""
    return after in FOLLOWS[before]


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is known of a person, as people write it: in an import, on the command line."""

    form: str = "none"
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    organisation: str = ""
    language: str = ""
    tags: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Subscriber(Person):
    """A row of the list; times are UTC, ISO 8601."""

    id: int
    address: str
    key: str
    domain: str
    status: Status
    source: str
    joined_at: str
    changed_at: str
    expires_at: str | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        """Make a subscriber of a row of the table `subscriber`."""
        values = dict(row)
        values["tags"] = unpacked(values["tags"])
        values["fields"] = json.loads(values["fields"])
        values["status"] = Status(values["status"])
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        return {
            "address": self.address,
            "status": str(self.status),
            "form": self.form,
            **{name: getattr(self, name) for name in TEXTS},
            "tags": sorted(self.tags),
            "fields": dict(self.fields),
            "source": self.source,
            "joined_at": self.joined_at,
            "changed_at": self.changed_at,
            "expires_at": self.expires_at,
        }


def line(text: str) -> str:
    """Return a text as one line can hold it, with plain spaces for all others (no-break, thin, …).

    Raises:
        ValueError: it is too long, holds a control character, or `=?`, which begins an encoded word in a
            mail header (RFC 2047) and so could smuggle in a header of its own.
    """
    text = text.translate(_SPACES).strip()
    if len(text) > MAX_TEXT or not text.isprintable() or "=?" in text:
        raise ValueError(text)
    return text


def is_tag(text: str) -> bool:
    """Say whether a text can be a tag: a short word or two, without commas."""
    return 0 < len(text) <= MAX_TAG and text.isprintable() and not set(text) & set(',;"')


def packed(tags: frozenset[str]) -> str:
    """Write tags as the table holds them: `,kreise,portal,` (found by `instr`, without a second table)."""
    return f",{','.join(sorted(tags))}," if tags else ","


def unpacked(text: str) -> frozenset[str]:
    """Read tags as the table holds them."""
    return frozenset(filter(None, text.split(",")))


def packed_fields(fields: Mapping[str, str]) -> str:
    """Write custom fields as the table holds them; the same fields give the same text."""
    return (
        json.dumps(dict(sorted(fields.items())), ensure_ascii=False, separators=(",", ":"))
        if fields
        else "{}"
    )
