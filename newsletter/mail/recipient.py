"""A recipient of a mailing, as far as their letter needs to know them."""

from __future__ import annotations

from typing import NamedTuple

NO_FIELDS = "{}"


class Recipient(NamedTuple):
    """A recipient as the ledger gives them: plain values of SQLite."""

    person: int
    """The subscriber's number; 0 for one who gets a test."""
    address: str
    form: str = "none"
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    organisation: str = ""
    fields: str = NO_FIELDS
    """The newsletter's own fields, as a JSON object of texts."""
    segments: str = ""
    """The segments they are in, by name, joined by `+`."""
