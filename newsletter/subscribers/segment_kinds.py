"""How one comparison becomes SQL, for each kind of value: choice, text, tag, address, date, number, flag."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.subscribers import fields, periods
from newsletter.subscribers.domains import ascii_form
from newsletter.subscribers.model import FORMS, Status

CHOICES: Mapping[str, tuple[str, ...]] = {"status": tuple(Status), "form": FORMS}
_TEXT = frozenset({"=", "in", "contains", "begins", "ends", "empty"})
_ORDERED = frozenset({"=", "in", "<", "<=", ">", ">=", "empty"})
OWN = "CASE fields WHEN '{}' THEN '' ELSE ifnull(json_extract(fields, ?), '') END"
"""A field of newsletter.toml; most people have none, and JSON is the dearest part of a count."""
_IS_NUMBER = f"({OWN}) GLOB '*[0-9]*' AND ({OWN}) NOT GLOB '*[^-+.0-9e]*'"
_IS_DATE = f"({OWN}) GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"


@dataclass(frozen=True)
class Column:
    """What a name stands for."""

    name: str
    sql: str
    path: tuple[str, ...]
    """The path of a custom field, as a parameter of `sql`; nothing for a column of the table."""
    kind: str


class UnknownChoice(ValueError):
    """The value is none of those there are."""

    def __init__(self, choices: Sequence[str]) -> None:
        self.choices = choices
        super().__init__()


_Sql = tuple[str, tuple[object, ...]]
CompileOne = Callable[[Column, str, str, Settings], _Sql]


def _choice(column: Column, _sign: str, value: str, _settings: Settings) -> _Sql:
    if value.casefold() not in CHOICES[column.name]:
        raise UnknownChoice(CHOICES[column.name])
    return f"{column.sql} = ?", (value.casefold(),)


def _text(column: Column, sign: str, value: str, _settings: Settings) -> _Sql:
    before, after = _stars(sign)
    return f"lower({column.sql}) GLOB ?", (*column.path, f"{before}{_pattern(value)}{after}")


def _tag(column: Column, sign: str, value: str, _settings: Settings) -> _Sql:
    if not value or "," in value:
        raise ValueError(_("a tag is a short word without commas"))
    before, after = ("" if sign in {"contains", end} else "," for end in ("ends", "begins"))
    return f"lower({column.sql}) GLOB ?", (f"*{before}{_pattern(value)}{after}*",)


def _address(column: Column, sign: str, value: str, _settings: Settings) -> _Sql:
    local, at, domain = unicodedata.normalize("NFC", value).rpartition("@")
    return _domainlike(column, sign, f"{local.casefold()}{at}", domain)


def _domain(column: Column, sign: str, value: str, _settings: Settings) -> _Sql:
    return _domainlike(column, sign, "", value)


def _domainlike(column: Column, sign: str, start: str, domain: str) -> _Sql:
    if not domain.isascii() and sign in {"contains", "begins"}:
        raise ValueError(_("a domain with umlauts can only be compared whole, with “=” or “ends”"))
    wanted = start + ascii_form(domain)
    if sign == "=":
        return f"{column.sql} = ?", (wanted,)
    before, after = _stars(sign)
    return f"{column.sql} GLOB ?", (f"{before}{_escaped(wanted)}{after}",)


def _moment(column: Column, sign: str, value: str, settings: Settings) -> _Sql:
    first, last = periods.moments(*periods.days(value), settings.newsletter.timezone)
    return _between(column, sign, first, last)


def _date(column: Column, sign: str, value: str, _settings: Settings) -> _Sql:
    first, last = (day.isoformat() for day in periods.days(value))
    sql, parameters = _between(column, sign, first, last)
    return f"({sql} AND {_IS_DATE})", (*parameters, *column.path)


def _between(column: Column, sign: str, first: str, last: str) -> _Sql:
    """Compare with a period: `first` belongs to it, `last` no more."""
    if sign == "=":
        parameters = (*column.path, first, *column.path, last)
        return f"({column.sql} >= ? AND {column.sql} < ?)", parameters
    bound = first if sign in {"<", ">="} else last
    return f"{column.sql} {'<' if sign in {'<', '<='} else '>='} ?", (*column.path, bound)


def _number(column: Column, sign: str, value: str, settings: Settings) -> _Sql:
    kept = fields.checked({column.name: value}, settings.fields)[column.name]
    path = column.path
    if sign == "=":
        return f"{column.sql} = ?", (*path, kept)
    # A field may have been text before it became a number: what is none is not compared.
    sql = f"(CAST({column.sql} AS REAL) {sign} ? AND {_IS_NUMBER})"
    return sql, (*path, float(kept), *path, *path)


def _flag(column: Column, _sign: str, value: str, settings: Settings) -> _Sql:
    kept = fields.checked({column.name: value}, settings.fields)[column.name]
    return f"{column.sql} = ?", (*column.path, kept)


KINDS: Mapping[str, tuple[frozenset[str], CompileOne]] = {
    "choice": (frozenset({"=", "in"}), _choice),
    "text": (_TEXT, _text),
    "tag": (_TEXT, _tag),
    "address": (_TEXT - {"empty"}, _address),
    "domain": (_TEXT - {"empty"}, _domain),
    "moment": (_ORDERED - {"empty"}, _moment),
    "date": (_ORDERED, _date),
    "number": (_ORDERED, _number),
    "flag": (frozenset({"=", "in", "empty"}), _flag),
}  # fmt: skip
"""Which operators go with each kind, and how one comparison becomes SQL."""


def _stars(sign: str) -> tuple[str, str]:
    return "*" if sign in {"contains", "ends"} else "", "*" if sign in {"contains", "begins"} else ""


def _pattern(text: str) -> str:
    """Return a GLOB pattern that finds a text in any case, below SQLite's `lower`, which knows ASCII only."""
    return "".join(map(_class, text))


def _class(char: str) -> str:
    if char.isascii():
        return _escaped(char.lower())
    forms = dict.fromkeys(form for form in (char, char.lower(), char.upper()) if len(form) == 1)
    return f"[{''.join(forms)}]" if len(forms) > 1 else char


def _escaped(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)
