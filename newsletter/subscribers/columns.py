"""Which column of a table means what: by its heading, as offices and other newsletter systems write it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.errors import UsageError
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.validation import did_you_mean

KNOWN: Mapping[str, tuple[str, ...]] = {
    "address": (
        "email", "e-mail", "email address", "e-mail address", "emailaddress", "email_address", "mail",
        "emailadresse", "e-mail-adresse", "e-mail adresse", "mailadresse", "address",
    ),
    "form": ("form", "anrede", "anredeform", "salutation", "gender", "geschlecht"),
    "title": ("title", "titel", "akad. titel", "akademischer titel"),
    "first_name": ("first_name", "vorname", "first name", "firstname", "fname", "given name"),
    "last_name": (
        "last_name", "nachname", "last name", "lastname", "lname", "familienname", "surname", "name",
    ),
    "organisation": (
        "organisation", "organization", "kommune", "behörde", "gemeinde", "stelle", "einrichtung", "firma",
        "company",
    ),
    "language": ("language", "sprache", "lang"),
    "tags": ("tags", "schlagwörter", "schlagworte", "gruppen", "groups"),
    "attributes": ("attributes",),
    "status": ("status",),
    "left_at": ("unsub_time", "deactivated", "deaktiviert", "abgemeldet", "abgemeldet am", "unsubscribed_at"),
    "bounced_at": ("clean_time", "bounced"),
}  # fmt: skip
"""The fields a column may fill, and headings that mean them, the surest first: German offices, our own
export, listmonk (`uuid, email, name, attributes, status, …`), Mailchimp (`Email Address, First Name, …,
OPTIN_TIME, …, TAGS`; `Address` is the postal one there), CleverReach (`email, registered, deactivated, …`).
"""
FORMS: Mapping[str, str] = {
    "frau": "frau", "fr.": "frau", "fr": "frau", "ms": "frau", "mrs": "frau", "female": "frau",
    "weiblich": "frau", "w": "frau", "f": "frau", "herr": "herr", "hr.": "herr", "herrn": "herr",
    "mr": "herr", "male": "herr", "männlich": "herr", "m": "herr",
    "divers": "neutral", "neutral": "neutral", "d": "neutral", "x": "neutral",
    "none": "none", "": "none", "-": "none", "keine": "none", "unbekannt": "none",
}  # fmt: skip


STATUSES: Mapping[str, str] = {
    **dict.fromkeys(
        ("", "active", "aktiv", "enabled", "subscribed", "confirmed", "angemeldet", "bestätigt"), "here"
    ),
    **dict.fromkeys(("pending", "unconfirmed", "unbestätigt"), "unconfirmed"),
    **dict.fromkeys(
        ("unsubscribed", "abgemeldet", "disabled", "deactivated", "deaktiviert", "blocklisted", "blacklisted",
         "archived", "nonsubscribed", "non-subscribed", "transactional", "inactive", "inaktiv"),
        "left",
    ),
    **dict.fromkeys(("bounced", "cleaned", "hardbounce", "hard bounce", "hardbounced"), "bounced"),
    **dict.fromkeys(("complained", "complaint", "spam", "abuse"), "complained"),
}  # fmt: skip
"""What other systems say about where a person stands. Whoever has left there does not come in here."""


@dataclass(frozen=True)
class Mapped:
    """Where in a row each field stands; -1 where it stands nowhere."""

    positions: Mapping[str, int]
    custom: Mapping[str, int]
    """The newsletter's own fields."""
    ignored: tuple[str, ...]
    """Headings that fill nothing."""


def mapped(headers: Sequence[str], settings: Settings, chosen: Mapping[str, str]) -> Mapped:
    """Find the columns; `chosen` (heading to field, `-` for none) comes before recognition.

    Raises:
        UsageError: a chosen heading or field is not there, two columns fill one field, or no column
            holds the address.
    """
    fields = (*KNOWN, *settings.fields)
    by_name = {_plain(header): index for index, header in enumerate(headers)}
    found: dict[str, int] = {}
    done: set[int] = set()
    for header, name in chosen.items():
        index = _index(header, by_name, headers)
        done.add(index)
        if name != "-":
            _check_field(name, fields)
            _put(found, name, index, headers)
    for name, headings in _headings(settings).items():
        index = next((by_name[one] for one in headings if by_name.get(one, -1) not in {-1, *done}), -1)
        if index >= 0 and name not in found:
            found[name] = index
            done.add(index)
    if "address" not in found:
        message = _("No column holds the addresses; there are: {names}.").format(names=", ".join(headers))
        raise UsageError(message, cure=_('Name it: --column "HEADING=address".'))
    return Mapped(
        positions={name: found.get(name, -1) for name in KNOWN},
        custom={name: found[name] for name in settings.fields if name in found},
        ignored=tuple(header for index, header in enumerate(headers) if index not in done and header),
    )


def parse_choice(options: Iterable[str]) -> dict[str, str]:
    """Read `HEADING=field` options.

    Raises:
        UsageError: one is of another form.
    """
    chosen = {}
    for option in options:
        header, equals, name = option.rpartition("=")
        if not equals or not header.strip() or not name.strip():
            raise UsageError(_("“{option}” is not of the form HEADING=field.").format(option=option))
        chosen[header.strip()] = name.strip()
    return chosen


def remembered(connection: sqlite3.Connection, headers: Sequence[str]) -> dict[str, str]:
    """Return what was chosen for a file with the same headings."""
    row = connection.execute(
        "SELECT mapping FROM column_mapping WHERE headers = ?", (_line(headers),)
    ).fetchone()
    return dict(json.loads(row[0])) if row else {}


def remember(
    connection: sqlite3.Connection, headers: Sequence[str], chosen: Mapping[str, str], at: str
) -> None:
    """Keep what was chosen for the next file with these headings."""
    connection.execute(
        "INSERT INTO column_mapping VALUES (?, ?, ?)"
        " ON CONFLICT (headers) DO UPDATE SET mapping = excluded.mapping, at = excluded.at",
        (_line(headers), json.dumps(dict(chosen), ensure_ascii=False), at),
    )


def _line(headers: Sequence[str]) -> str:
    return "\t".join(map(_plain, headers))


def _headings(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the headings that mean each field; the newsletter's own fields come first."""
    own = {
        name: (_plain(name), *filter(None, [_plain(field.title)])) for name, field in settings.fields.items()
    }
    return own | {name: headings for name, headings in KNOWN.items() if name not in own}


def _plain(header: str) -> str:
    return re.sub(r"\s+", " ", header.casefold()).strip("\ufeff*: ")


def _index(header: str, by_name: Mapping[str, int], headers: Sequence[str]) -> int:
    if _plain(header) not in by_name:
        raise UsageError(
            _("There is no column “{name}”.").format(name=header), cure=did_you_mean(header, headers)
        )
    return by_name[_plain(header)]


def _check_field(name: str, fields: Iterable[str]) -> None:
    names = tuple(fields)
    if name not in names:
        raise UsageError(_("There is no field “{name}”.").format(name=name), cure=did_you_mean(name, names))


def _put(found: dict[str, int], name: str, index: int, headers: Sequence[str]) -> None:
    if name in found:
        message = _("Two columns fill “{name}”: {first} and {second}.")
        raise UsageError(message.format(name=name, first=headers[found[name]], second=headers[index]))
    found[name] = index
