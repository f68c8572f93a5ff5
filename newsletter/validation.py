"""Pydantic's findings told to people: one sentence with a cure, at the line where it is wrong.

Used for both kinds of files people write, `newsletter.toml` and `issue.yaml`; only the way to find
a line differs, so the caller hands it in.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from newsletter.errors import Fault, Where
from newsletter.language import _

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
Locate = Callable[[Path, bool], Where]
"""Give the place of a value (or, with True, of its key) by its path in the file."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a cure naming the nearest known word, or the whole choice when none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.6)
    if near:
        return _("Did you mean “{word}”?").format(word=near[0])
    if not names:
        return ""
    return _("Known here: {names}.").format(names=", ".join(names))


def faults_of(error: ValidationError, locate: Locate, known: Callable[[Path], Iterable[str]]) -> list[Fault]:
    """Turn pydantic's errors into faults; `known` gives the allowed keys at a path."""
    return [_fault(detail, locate, known) for detail in error.errors(include_url=False)]


def _fault(detail: ErrorDetails, locate: Locate, known: Callable[[Path], Iterable[str]]) -> Fault:
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    kind, name = detail["type"], str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        message = _("“{name}” is not known here.").format(name=name)
        return Fault(locate(path, True), message, did_you_mean(name, known(path[:-1])))
    if kind == "missing":
        message = _("“{name}” is missing.").format(name=name)
        return Fault(locate(path[:-1], False), message, _("Add a line “{name}: …”.").format(name=name))
    text = _told(kind, detail)
    message = f"“{name}”: {text}" if isinstance(path[-1] if path else 0, str) else text
    return Fault(locate(path, False), message, str(detail.get("ctx", {}).get("cure", "")))


def _told(kind: str, detail: ErrorDetails) -> str:
    """Say in the editor's words what pydantic means by a kind of error."""
    context = detail.get("ctx", {})
    if detail["input"] is None:
        return _("this must not be empty.")
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return _("one of {choice} belongs here.").format(choice=context["expected"])
    wanted = {
        "string_type": _("text belongs here; put it in quotes."),
        "string_too_short": _("this must not be empty."),
        "string_pattern_mismatch": _("small letters, digits and _ only, beginning with a letter."),
        "int_type": _("a whole number belongs here."),
        "int_parsing": _("a whole number belongs here."),
        "int_from_float": _("a whole number belongs here."),
        "float_type": _("a number belongs here."),
        "float_parsing": _("a number belongs here."),
        "bool_type": _("true or false belongs here."),
        "bool_parsing": _("true or false belongs here."),
        "list_type": _("a list belongs here, each entry beginning with “- ”."),
        "tuple_type": _("a list belongs here, each entry beginning with “- ”."),
        "too_short": _("the list must not be empty."),
        "dict_type": _("a block of “key: value” lines belongs here."),
        "model_type": _("a block of “key: value” lines belongs here."),
        "model_attributes_type": _("a block of “key: value” lines belongs here."),
    }
    return wanted.get(kind, str(detail["msg"]))


def keys_of(model: type[BaseModel]) -> list[str]:
    """List the keys a model accepts, as people write them."""
    return [field.alias or name for name, field in model.model_fields.items()]
