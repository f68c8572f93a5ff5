"""The small language in which a section type declares its fields, and the pydantic types they become.

A section type lies in a theme folder as `sections/NAME/section.toml`. Each field has a `type`:

    line      one line of text            markdown  Markdown with paragraphs, lists, tables
    inline    one line of Markdown        lines     text whose line breaks stay
    image     file, alt, caption, credit, link      button   label, url
    url, email, phone, date, time, number, flag, choice
    list      of another type             group     of named fields
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, time
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
    create_model,
    model_validator,
)

from newsletter.language import _, editor
from newsletter.settings_values import Name

Kind = Literal[
    "line", "inline", "markdown", "lines", "image", "button", "url", "email", "phone",
    "date", "time", "number", "flag", "choice", "list", "group",
]  # fmt: skip
TEXT_KINDS = frozenset({"line", "inline", "markdown", "lines", "url", "email", "phone"})
MAX_TEXT = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_ANCHOR = r"[a-z][a-z0-9-]*"
_ALMOST_FLAGS = {"yes", "no", "on", "off", "ja", "nein"}
_GERMAN_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def refuse_taken(names: Iterable[str], taken: Collection[str]) -> None:
    """Refuse names of fields that every section has, or that pydantic keeps for itself (`copy`, `json`)."""
    for name in names:
        if name in taken or hasattr(BaseModel, name):
            raise ValueError(_("the name “{name}” is taken; call the field otherwise").format(name=name))


class FieldSpec(BaseModel):
    """One field of a section type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Kind
    required: bool = False
    help: dict[Literal["en", "de"], str] = Field(default_factory=dict)
    width: Annotated[int, Field(ge=16, le=600)] = 536
    """Images: how wide they are shown in the mail, in CSS pixels."""
    choices: tuple[str, ...] = ()
    default: str | bool | int | None = None
    of: FieldSpec | None = None
    fields: dict[Name, FieldSpec] = Field(default_factory=dict)
    sort: tuple[str, ...] = ()
    """Lists of groups: the fields whose values decide the order."""
    same_length: Name | None = None
    """Lists of lists: the list beside it that every entry must be as long as (a table's columns)."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.type == "list" and self.of is None:
            raise ValueError(_("a list needs “of”: what it is a list of"))
        if self.type == "group" and not self.fields:
            raise ValueError(_("a group needs “fields”"))
        if self.type == "choice" and not self.choices:
            raise ValueError(_("a choice needs “choices”"))
        refuse_taken(self.fields, set())
        if self.default is not None and not self._is_fitting(self.default):
            raise ValueError(_("the default does not fit the type “{type}”").format(type=self.type))
        unknown = [name for name in self.sort if not (self.of and name in self.of.fields)]
        if unknown:
            raise ValueError(
                _("“sort” names a field that is not in the list: {name}").format(name=unknown[0])
            )
        return self

    def _is_fitting(self, default: str | bool | int) -> bool:  # noqa: FBT001 (a value, not a switch)
        if self.type == "choice":
            return default in self.choices
        return type(default) is {"flag": bool, "number": int}.get(self.type, str) and (
            self.type in {"flag", "number", *TEXT_KINDS}
        )

    @property
    def members(self) -> dict[str, FieldSpec]:
        """The named fields of a group, an image or a button."""
        return _BUILT_IN.get(self.type, self.fields)


def _clean(value: str) -> str:
    if found := _CONTROL.search(value):
        raise ValueError(
            _("a control character (U+{code:04X}) stands here; remove it").format(code=ord(found[0]))
        )
    if not value.strip():
        raise ValueError(_("this must not be empty."))
    if len(value) > MAX_TEXT:
        raise ValueError(_("this is longer than {count} characters").format(count=MAX_TEXT))
    return value


def _one_line(value: str) -> str:
    value = value.strip()
    if "\n" in value:
        raise ValueError(_("one line belongs here; write the text behind the colon, without “|”"))
    return value


def _anchor(value: str) -> str:
    if not re.fullmatch(_ANCHOR, value):
        raise ValueError(_("small letters, digits and - only, beginning with a letter."))
    return value


def _line_or_flag(value: object) -> object:
    """Check a text that may also be true or false; a union would tell two faults for one mistake."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.casefold() in _ALMOST_FLAGS:
        raise ValueError(_("a line of text, true or false belongs here."))
    return _one_line(_clean(value))


def given(value: object) -> object:
    """Refuse a key without a value, where a missing key is all right."""
    if value is None:
        raise ValueError(_("this must not be empty."))
    return value


def listed(value: object) -> object:
    """Let a single name stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _day(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(_("a date belongs here, such as 2023-08-02"))  # noqa: TRY004 (pydantic wants ValueError)
    found = _GERMAN_DAY.fullmatch(value.strip())
    text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else value.strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("“{value}” is no date; write 2023-08-02").format(value=value)) from None


def _clock(value: object) -> object:
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(_("a time belongs here, such as 14:30 (in quotes when it has a dot)"))
    return time(int(found[1]), int(found[2]))


def _email(value: str) -> str:
    if not re.fullmatch(r"[^\s@<>(),;:\"\\]+@[^\s@<>(),;:\"\\]+\.[^\s@<>(),;:\"\\]+", value):
        raise ValueError(_("“{value}” is no e-mail address").format(value=value))
    return value


def _phone(value: str) -> str:
    if not re.fullmatch(r"\+?[0-9 ()/–-]{3,40}", value):
        raise ValueError(_("“{value}” is no telephone number; write +49 211 123456-78").format(value=value))
    return value


_Text = Annotated[StrictStr, AfterValidator(_clean), WithJsonSchema({"type": "string", "pattern": r"\S"})]
Anchor = Annotated[
    StrictStr, AfterValidator(_anchor), WithJsonSchema({"type": "string", "pattern": f"^{_ANCHOR}$"})
]
LineOrFlag = Annotated[
    str | bool | None, BeforeValidator(_line_or_flag), WithJsonSchema({"type": ["string", "boolean"]})
]
Line = Annotated[_Text, AfterValidator(_one_line)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "examples": ["2023-08-02"]})]
_Clock = Annotated[time, BeforeValidator(_clock), WithJsonSchema({"type": "string", "examples": ["14:30"]})]
_SIMPLE: dict[str, Any] = {
    "line": Line, "inline": Line, "markdown": _Text, "lines": _Text, "url": Line,
    "email": Annotated[Line, AfterValidator(_email)], "phone": Annotated[Line, AfterValidator(_phone)],
    "date": Day, "time": _Clock, "number": StrictInt, "flag": StrictBool,
}  # fmt: skip


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ImageBlock(_Block):
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["alt"]},
                {"required": ["decorative"], "properties": {"decorative": {"const": True}}},
            ]
        }
    )

    @model_validator(mode="before")
    @classmethod
    def _described(cls, data: object) -> object:
        """An image says what is to be seen, or says that there is nothing to be said (WCAG 1.1.1)."""
        if isinstance(data, dict) and not {"alt", "decorative"} & {
            key for key in data if data[key] is not False
        }:
            raise ValueError(
                _("the image needs “alt”: what is to be seen on it, in a sentence (or “decorative: true”)")
            )
        return data


def _spec(kind: Kind, en: str, de: str, *, required: bool = False) -> FieldSpec:
    return FieldSpec(type=kind, required=required, help={"en": en, "de": de})


_BUILT_IN: dict[str, dict[str, FieldSpec]] = {
    "image": {
        "file": _spec("line", "File beside issue.yaml", "Datei neben issue.yaml", required=True),
        "alt": _spec("line", "What is to be seen", "Was zu sehen ist"),
        "decorative": _spec(
            "flag", "Tells nothing: read to nobody", "Sagt nichts aus, wird nicht vorgelesen"
        ),
        "caption": _spec("inline", "Text below the image", "Bildunterschrift"),
        "credit": _spec("inline", "Who made it", "Bildnachweis"),
        "link": _spec("url", "Where a click leads", "Wohin ein Klick führt"),
    },
    "button": {
        "label": _spec("line", "What stands on the button", "Beschriftung", required=True),
        "url": _spec("url", "Where it leads", "Ziel", required=True),
    },
}


def model_of(name: str, fields: dict[str, FieldSpec], base: type[BaseModel] = _Block) -> type[BaseModel]:
    """Make the pydantic model of a group of fields."""
    members: dict[str, Any] = {key: _member(f"{name}_{key}", spec) for key, spec in fields.items()}
    return create_model(name, __base__=base, **members)


def _member(name: str, spec: FieldSpec) -> tuple[Any, Any]:
    annotation = _annotation(name, spec)
    description = spec.help.get("de" if editor() == "de" else "en")
    if spec.required:
        return annotation, Field(description=description)
    # Not `| None`: a key that is there has a value, so that a skeleton's gaps are faults.
    return annotation, Field(default=spec.default, description=description)


def _annotation(name: str, spec: FieldSpec) -> Any:
    if spec.type == "choice":
        return Literal[spec.choices]
    if spec.type == "list" and spec.of is not None:
        of = _annotation(name, spec.of)
        return Annotated[list[of], Field(min_length=1)]  # type: ignore[valid-type]  # made at run time
    if spec.type == "image":
        return model_of(name, spec.members, _ImageBlock)
    if spec.type in {"group", "button"}:
        return model_of(name, spec.members)
    return _SIMPLE[spec.type]
