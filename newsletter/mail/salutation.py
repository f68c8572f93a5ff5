"""Who reads, and what stands in the personal places for them.

How a person is addressed is what they said, never a guess from a first name; where too little is known
the value is empty, and the edition's neutral form stands there.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

from newsletter.errors import UsageError
from newsletter.language import Phrases, _
from newsletter.mail.recipient import Recipient
from newsletter.settings_model import Settings
from newsletter.validation import did_you_mean

Form = Literal["none", "frau", "herr", "neutral"]
FORMS: Mapping[str, Form] = {"none": "none", "frau": "frau", "herr": "herr", "neutral": "neutral"}
_TEXTS = ("title", "first_name", "last_name", "organisation")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A reader as far as a mail needs to know them; without arguments, one of whom nothing is known."""

    form: Form = "none"
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    organisation: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The newsletter's own fields, by name."""
    segments: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, settings: Settings) -> Self:
        """Read `first_name=Erika,last_name=Beispiel,form=frau,segments=districts+cities`.

        Raises:
            UsageError: a key, a form or a segment is not known, or a part is no `key=value`.
        """
        data: dict[str, object] = {}
        for part in filter(None, map(str.strip, text.split(","))):
            key, equals, value = part.partition("=")
            if not equals:
                message = _("“{part}” is not of the form key=value.").format(part=part)
                raise UsageError(message, cure=_("Values with a comma go into a TOML or JSON file."))
            if key.strip() in data:
                raise UsageError(_("“{key}” is there twice.").format(key=key.strip()))
            data[key.strip()] = value.strip()
        return cls.of(data, settings)

    @classmethod
    def from_file(cls, path: Path, settings: Settings) -> Self:
        """Read the same keys from a JSON file (`.json`) or a TOML file.

        Raises:
            UsageError: the file cannot be read, or says what `parse` would not take.
        """
        load = json.loads if path.suffix.lower() == ".json" else tomllib.loads
        try:
            data = load(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as err:
            raise UsageError(_("{path} cannot be read: {reason}").format(path=path, reason=err)) from err
        if not isinstance(data, dict):
            raise UsageError(_("{path} does not describe a reader.").format(path=path))
        return cls.of(data, settings)

    @classmethod
    def of(cls, data: Mapping[str, object], settings: Settings) -> Self:
        """Make a reader of keys and values; the newsletter's own fields stand beside the others."""
        known = (*_TEXTS, "form", "segments", *settings.fields)
        for key in data:
            _known(key, known, _("“{word}” is not known of a reader."))
        texts = {key: _text(key, value) for key, value in data.items() if key != "segments"}
        form = texts.pop("form", "none")
        segments = _segments(data.get("segments", ()))
        _known(form, FORMS, _("“{word}” is no form of address."))
        for segment in segments:
            _known(segment, settings.segments, _("“{word}” is no segment of this newsletter."))
        own = {key: texts.pop(key) for key in settings.fields if key in texts and key not in _TEXTS}
        return cls(form=FORMS[form], fields=own, segments=segments, **texts)


def values(reader: Reader, phrases: Phrases) -> dict[str, str]:
    """Return what stands in the personal places, by name; empty where it is not known."""
    own = {name: value.strip() for name, value in reader.fields.items()}
    return own | {name: write(reader, phrases) for name, write in PLACES.items()}


def full_name(person: Reader | Recipient) -> str:
    """Return first and last name, as far as they are known."""
    return _joined(_name(person.first_name), _name(person.last_name))


def _salutation(reader: Reader | Recipient, phrases: Phrases) -> str:
    """Greet by what is known (TU Dortmund, FU Berlin: no form of address, then first and last name)."""
    title, first, last = map(_name, (reader.title, reader.first_name, reader.last_name))
    if reader.form == "frau" and last:
        if title:
            return phrases("Dear {ms_title} {name},").format(ms_title=title, name=last)
        return phrases("Dear Ms {name},").format(name=last)
    if reader.form == "herr" and last:
        if title:
            return phrases("Dear {mr_title} {name},").format(mr_title=title, name=last)
        return phrases("Dear Mr {name},").format(name=last)
    if first and last:
        return phrases("Dear {name},").format(name=_joined(title, first, last))
    return ""


def _name(text: str) -> str:
    """Return a name without space around it; one without a letter (`-`, `?`) is not known."""
    return text.strip() if text[:1].isalpha() or any(map(str.isalpha, text)) else ""


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))


PLACES: Mapping[str, Callable[[Reader | Recipient, Phrases], str]] = MappingProxyType(
    {
        "salutation": _salutation,
        "title": lambda person, _phrases: _name(person.title),
        "name": lambda person, _phrases: full_name(person),
        "first_name": lambda person, _phrases: _name(person.first_name),
        "last_name": lambda person, _phrases: _name(person.last_name),
        "organisation": lambda person, _phrases: person.organisation.strip(),
    }
)
"""How each personal place is filled; the newsletter's own fields stand beside these."""


def _known(word: str, known: Iterable[str], message: str) -> None:
    names = tuple(known)
    if word not in names:
        raise UsageError(message.format(word=word), cure=did_you_mean(word, names))


def _text(key: str, value: object) -> str:
    """Return a value as text; whole numbers need no quotes in a file."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise UsageError(_("“{key}”: text belongs here; put it in quotes.").format(key=key))


def _segments(value: object) -> frozenset[str]:
    """Read `districts+cities`, or a list of names."""
    names = value.split("+") if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise UsageError(_("“segments”: a list of names belongs here."))
    return frozenset(filter(None, map(str.strip, names)))
