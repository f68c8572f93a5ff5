"""The newsletter's own fields (newsletter.toml, `[fields.NAME]`): checked, and kept in one form each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from newsletter.language import _
from newsletter.settings_model import PersonalField
from newsletter.subscribers.model import line

_YES = frozenset({"true", "yes", "ja", "1", "wahr", "x"})
_NO = frozenset({"false", "no", "nein", "0", "falsch"})
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
"""What a double holds exactly; no “1.234,5”, as “1.234” would mean two things."""
_GERMAN_DATE = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})", re.ASCII)


def checked(values: Mapping[str, str], declared: Mapping[str, PersonalField]) -> dict[str, str]:
    """Return each value as it is kept: numbers with a point, dates as ISO, flags as true or false.

    Raises:
        ValueError: a value does not fit its field's type, or the field is not declared.
    """
    return {name: _checked(name, text, declared) for name, text in values.items()}


def _checked(name: str, text: str, declared: Mapping[str, PersonalField]) -> str:
    if name not in declared:
        raise ValueError(_("there is no field “{name}” in newsletter.toml").format(name=name))
    kind = declared[name].type
    try:
        return _FORMS[kind](text.strip())
    except ValueError:
        wanted = {
            "text": _("a line of text"),
            "number": _("a number"),
            "date": _("a date such as 2023-08-02"),
            "flag": _("yes or no"),
        }
        message = _("“{value}” in “{name}” is not {wanted}")
        raise ValueError(message.format(value=text[:80], name=name, wanted=wanted[kind])) from None


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    number = float(text.replace(",", "."))
    return str(int(number)) if number.is_integer() else repr(number)


def _date(text: str) -> str:
    if german := _GERMAN_DATE.fullmatch(text):
        day, month, year = map(int, german.groups())
        return date(year, month, day).isoformat()
    return date.fromisoformat(text).isoformat()


def _flag(text: str) -> str:
    if text.casefold() in _YES:
        return "true"
    if text.casefold() in _NO:
        return "false"
    raise ValueError(text)


_FORMS = {"text": line, "number": _number, "date": _date, "flag": _flag}
