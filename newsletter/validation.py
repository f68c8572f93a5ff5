"""Pydantic's findings told to people: one sentence with a cure, at the line where it is wrong.

Used for both kinds of files people write, `newsletter.toml` and `issue.yaml`; only the way to find
a line differs, so the caller hands it in.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, get_origin

from newsletter.errors import Fault, Where
from newsletter.language import _

if TYPE_CHECKING:  # mjml_check needs `did_you_mean` only, and starts without pydantic
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
        return Fault(locate(path, True), message, did_you_mean(name, known(path[:-1])))  # noqa: FBT003 (a Callable takes no keywords)
    if kind == "missing":
        message = _("“{name}” is missing.").format(name=name)
        return Fault(locate(path[:-1], False), message, _("Add a line “{name}: …”.").format(name=name))  # noqa: FBT003 (as above)
    message = _told(kind, detail)
    if isinstance(path[-1] if path else 0, str):
        message = _("“{name}”: {text}").format(name=name, text=message)
    return Fault(locate(path, False), message)  # noqa: FBT003 (as above)


def _told(kind: str, detail: ErrorDetails) -> str:
    """Say in the editor's words what pydantic means by a kind of error."""
    context = detail.get("ctx", {})
    if detail["input"] is None:
        return _("this must not be empty.")
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return _("one of {choice} belongs here.").format(choice=context["expected"].replace(" or ", ", "))
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
        "greater_than_equal": _("{ge} or more belongs here."),
        "less_than_equal": _("{le} or less belongs here."),
        "greater_than": _("more than {gt:g} belongs here."),
        "dict_type": _("a block of “key: value” lines belongs here."),
        "model_type": _("a block of “key: value” lines belongs here."),
        "model_attributes_type": _("a block of “key: value” lines belongs here."),
    }
    return wanted[kind].format(**context) if kind in wanted else str(detail["msg"])


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """List the keys that a model accepts at a path, as people write them.

    Looks through optional parts and lists (numbers in the path), and through tables of any names.
    """
    current: type[BaseModel] | None = model
    inside: Any = None
    for key in path:
        if isinstance(key, int):
            continue
        if current is None:  # in a table of any names, of which `key` is one
            current = _model_in(inside)
            continue
        field = next(
            (field for name, field in current.model_fields.items() if key in (name, field.alias)), None
        )
        inside = field.annotation if field else None
        current = None if _is_table(inside) else _model_in(inside)
        if current is None and not _is_table(inside):
            return []
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _is_table(annotation: Any) -> bool:
    return any(get_origin(part) is dict for part in _parts(annotation))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model in an annotation like `Partner | None`, `list[Event]` or `dict[str, Segment]`."""
    return next((part for part in _parts(annotation) if hasattr(part, "model_fields")), None)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _parts(part)
