"""What is typed about a person: checked as an import checks cells, so that an export comes back the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from newsletter.errors import UsageError
from newsletter.language import _
from newsletter.settings_model import PersonalField
from newsletter.subscribers import fields
from newsletter.subscribers.model import FORMS, TEXTS, Person, is_tag, line

_LANGUAGE = re.compile(r"(?:[a-z]{2,3}(?:-[a-z0-9]{2,8})*)?")
"""A language tag (RFC 5646) in small letters, or none."""
_NOBODY = Person()


def checked(person: Person, declared: Mapping[str, PersonalField], before: Person = _NOBODY) -> Person:
    """Return a person in the one form that is kept; own fields and tags that `before` has stay as they are.

    A field that newsletter.toml no longer names must not keep anybody from being corrected.

    Raises:
        UsageError: a text could not stand in a mail header or on a terminal, or something does not fit.
    """
    if person.form not in FORMS:
        raise UsageError(_("“{form}” is no form of address.").format(form=person.form))
    given = {name: value.strip() for name, value in person.fields.items()}
    same = {name: value for name, value in given.items() if before.fields.get(name) == value}
    gone = {name for name in before.fields if not given.get(name)}
    new = {name: value for name, value in given.items() if name not in same and name not in gone}
    return Person(
        form=person.form,
        **{name: _text(name, getattr(person, name)) for name in TEXTS},
        tags=(person.tags & before.tags) | tags(person.tags - before.tags),
        fields=same | _fields(new, declared),
    )


def tags(names: Iterable[str]) -> frozenset[str]:
    """Return tags: short words without commas.

    Raises:
        UsageError: one is none.
    """
    found = frozenset(name.strip() for name in names)
    for tag in found:
        if not is_tag(tag):
            message = _("“{tag}” is no tag.").format(tag=tag)
            raise UsageError(message, cure=_("A tag is a short word without commas."))
    return found


def text(name: str, value: str) -> str:
    """Return a text of one line.

    Raises:
        UsageError: it is too long, or could not stand in a mail header or on a terminal.
    """
    try:
        return line(value)
    except ValueError as err:
        message = _("The text for “{name}” is too long, or holds a control character or “=?”.")
        raise UsageError(message.format(name=name)) from err


def _text(name: str, value: str) -> str:
    if name != "language":
        return text(name, value)
    code = value.strip().lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(code):
        raise UsageError(_("“{value}” is no language such as de or en.").format(value=value))
    return code


def _fields(values: Mapping[str, str], declared: Mapping[str, PersonalField]) -> dict[str, str]:
    """Check own fields; an empty text takes a field away."""
    if unknown := next((name for name in values if name not in declared), None):
        message = _("There is no field “{name}” in newsletter.toml.").format(name=unknown)
        cure = _("There are: {names}.").format(names=", ".join(declared) or "–")
        raise UsageError(message, cure=cure)
    try:
        return fields.checked({name: value for name, value in values.items() if value}, declared)
    except ValueError as err:
        raise UsageError(_("This cannot be kept: {reason}.").format(reason=err)) from err
