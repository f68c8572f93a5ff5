"""Read `issue.yaml` into an `Issue`: every fault at once, each with its line.

`read` gives the issue made of all that is right together with the faults, so that the later rooms can
add theirs (images, links, personal places) and the editor sees one list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    WithJsonSchema,
)

from newsletter.errors import Fault, FaultsFound
from newsletter.issue import section_type, source
from newsletter.issue.fields import TEXT_KINDS, Day, FieldSpec, Line, LineOrFlag, given
from newsletter.issue.model import Image, Issue, Section, Text, Value
from newsletter.issue.section_type import COMMON_FIELDS, SectionBase, SectionType
from newsletter.issue.source import KeyPath, Source
from newsletter.issue_id import IssueId
from newsletter.language import LANGUAGES, N_, _
from newsletter.settings_model import RulesOff, Settings
from newsletter.validation import did_you_mean, faults_of, keys_at

MAX_SEGMENTS = 6
"""Segments an issue may distinguish: each doubles the variants that can occur."""


SALUTATION = "{{ salutation }}"


class Checks(BaseModel):
    """What an issue says about its check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    off: Annotated[
        RulesOff, Field(description=N_("Rule (or family) and reason: “content.past-date: a look back”"))
    ] = Field(default_factory=dict)


class Head(BaseModel):
    """The keys of issue.yaml outside its sections."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: Annotated[StrictInt, Field(ge=1900, le=9999, description=N_("Year, as in the folder's name"))]
    number: Annotated[
        StrictInt, Field(ge=1, le=366, description=N_("Number within the year, as in the folder's name"))
    ]
    date: Annotated[Day, Field(description=N_("Day it appears"))]
    language: Annotated[
        Literal["de", "en"] | None,
        BeforeValidator(given),
        WithJsonSchema({"enum": list(LANGUAGES)}),
        Field(description=N_("Language, when it is not that of newsletter.toml")),
    ] = None
    title: Annotated[
        Line, Field(description=N_("Heading of the issue; made from newsletter.toml without it"))
    ] = ""
    subject: Annotated[Line, Field(description=N_("Subject of the mail"))]
    preheader: Annotated[
        Line, Field(description=N_("What mail programs show behind the subject, 40-110 characters"))
    ]
    salutation: Annotated[
        LineOrFlag, Field(description=N_("“{{ salutation }}” greets by name; false leaves it out"))
    ] = SALUTATION
    contents: Annotated[StrictBool, Field(description=N_("Whether there is a list of contents"))] = True
    check: Annotated[Checks, Field(description=N_("Rules of the check that do not count for this issue"))] = (
        Checks()
    )
    sections: Annotated[list[Any], Field(min_length=1, description=N_("The sections, in their order"))]


@dataclass(frozen=True)
class Reading:
    """What came of reading: the issue of all that is right, and the faults."""

    issue: Issue | None
    faults: tuple[Fault, ...]


def read(path: Path, settings: Settings, folders: Sequence[Path]) -> Reading:
    """Read an issue; `folders` are the theme folders that offer section types. Faults are returned."""
    try:
        file = source.read(path)
    except FaultsFound as found:
        return Reading(None, found.faults)
    return _Reader(file, settings, folders).reading()


class _Reader:
    def __init__(self, file: Source, settings: Settings, folders: Sequence[Path]) -> None:
        self.file = file
        self.settings = settings
        self.folders = folders
        self.known = section_type.names(folders)
        self.types: dict[str, SectionType] = {}
        self.anchors: set[str] = set()
        self.wished: set[str] = set()
        self.segments: dict[str, None] = {}
        self.faults: list[Fault] = []

    def reading(self) -> Reading:
        """Read the head, then each section by itself, so that one fault does not hide another."""
        value = self.file.value
        raw = value.get("sections") if isinstance(value, dict) else None
        items = raw if isinstance(raw, list) else []
        self.wished = {str(item.get("id")) for item in items if isinstance(item, dict)}
        sections = [self._section(item, ("sections", n)) for n, item in enumerate(items)]
        head = self._validated(Head, value, ())
        if not isinstance(head, Head):
            return Reading(None, tuple(self.faults))
        issue_id = IssueId(head.year, head.number)
        self._check_folder(issue_id)
        issue = Issue(
            id=issue_id,
            path=self.file.path,
            date=head.date,
            language=head.language or self.settings.newsletter.language,
            title=self._title(head, issue_id),
            subject=self._text(head.subject, "line", ("subject",)),
            preheader=self._text(head.preheader, "line", ("preheader",)),
            salutation=self._salutation(head.salutation),
            contents=head.contents,
            checks_off=dict(head.check.off),
            sections=tuple(section for section in sections if section is not None),
        )
        return Reading(issue, tuple(self.faults))

    def _check_folder(self, issue_id: IssueId) -> None:
        folder = self.file.path.resolve().parent.name
        if IssueId.matches(folder) and folder != str(issue_id):
            message = _("year and number say {id}, but the folder is called {folder}.")
            cure = _("Make both the same.")
            self.faults.append(
                Fault(self.file.where(("number",)), message.format(id=issue_id, folder=folder), cure)
            )

    def _title(self, head: Head, issue_id: IssueId) -> Text:
        pattern = self.settings.newsletter.issue_title
        made = pattern.format(number=issue_id.number, roman=issue_id.roman, year=issue_id.year)
        return self._text(head.title or made, "line", ("title",))

    def _salutation(self, value: str | bool | None) -> Text | None:  # noqa: FBT001 (what the editor wrote)
        text = SALUTATION if value is True else value
        return self._text(text, "line", ("salutation",)) if text else None

    def _validated(self, model: type[BaseModel], value: object, keys: KeyPath) -> BaseModel | None:
        try:
            return model.model_validate(value)
        except ValidationError as err:
            self.faults += faults_of(
                err,
                lambda path, at_key: self.file.where((*keys, *path), at_key),
                lambda path: keys_at(model, path),
            )
            return None

    def _section(self, value: object, keys: KeyPath) -> Section | None:
        kind = self._type(value, keys)
        if kind is None:
            return None
        valid = self._validated(kind.model, value, keys)
        if not isinstance(valid, SectionBase):
            return None
        values = {
            name: self._value(spec, getattr(valid, name), (*keys, name))
            for name, spec in {**kind.fields, **COMMON_FIELDS}.items()
        }
        self._check_lengths(kind, values, keys)
        return Section(
            type=kind,
            anchor=self._anchor(valid, values, keys),
            where=self.file.where(keys),
            values=values,
            contents=self._contents(kind, valid, values, keys),
            only=self._segments(valid.only, (*keys, "only")),
            not_=self._segments(valid.not_, (*keys, "not")),
        )

    def _type(self, value: object, keys: KeyPath) -> SectionType | None:
        if not isinstance(value, dict) or "type" not in value:
            message = _("A section begins with its type.")
            cure = _("Write “- type: article”, for example. Types: {names}.").format(
                names=", ".join(self.known)
            )
            self.faults.append(Fault(self.file.where(keys), message, cure))
            return None
        name = value["type"]
        if not isinstance(name, str) or name not in self.known:
            message = _("There is no section type “{name}”.").format(name=name)
            self.faults.append(
                Fault(self.file.where((*keys, "type")), message, did_you_mean(str(name), self.known))
            )
            return None
        if name not in self.types:
            try:
                self.types[name] = section_type.load(name, self.folders)
            except FaultsFound as found:
                self.faults += [fault for fault in found.faults if fault not in self.faults]
                return None
        return self.types[name]

    def _value(self, spec: FieldSpec, value: Any, keys: KeyPath) -> Value:
        if value is None:
            return None
        if spec.type in TEXT_KINDS:
            return self._text(value, spec.type, keys)
        if spec.type == "list" and spec.of is not None:
            of = spec.of
            items = [self._value(of, item, (*keys, index)) for index, item in enumerate(value)]
            return tuple(sorted(items, key=lambda item: _order(item, spec.sort)) if spec.sort else items)
        if spec.members:
            parts = {
                name: self._value(member, getattr(value, name), (*keys, name))
                for name, member in spec.members.items()
            }
            return _image(parts, spec.width) if spec.type == "image" else parts
        return value

    def _check_lengths(self, kind: SectionType, values: Mapping[str, Value], keys: KeyPath) -> None:
        for name, spec in kind.fields.items():
            rows, columns = values[name], values.get(spec.same_length or "")
            for index, row in enumerate(
                rows if isinstance(rows, tuple) and isinstance(columns, tuple) else ()
            ):
                if isinstance(columns, tuple) and isinstance(row, tuple) and len(row) != len(columns):
                    message = _("This row has {count} entries, but there are {wanted} in “{name}”.")
                    message = message.format(count=len(row), wanted=len(columns), name=spec.same_length)
                    cure = _('Add or remove entries; an empty one is written as "–".')
                    self.faults.append(Fault(self.file.where((*keys, name, index)), message, cure))

    def _text(self, value: str, kind: str, keys: KeyPath) -> Text:
        spot = self.file.spot(keys)
        return Text(value, kind, self.file.where(keys), body=spot.body)

    def _anchor(self, valid: SectionBase, values: Mapping[str, Value], keys: KeyPath) -> str:
        heading = values.get("heading")
        wish = (
            valid.id
            or (slug(heading.value) if isinstance(heading, Text) else "")
            or f"abschnitt-{int(keys[-1]) + 1}"
        )
        anchor, count = wish, 1
        while anchor in self.anchors or (anchor in self.wished and not valid.id):
            if valid.id:
                message = _("The id “{id}” is used twice.").format(id=wish)
                self.faults.append(Fault(self.file.where((*keys, "id")), message, _("Choose another.")))
                break
            count += 1
            anchor = f"{wish}-{count}"
        self.anchors.add(anchor)
        return anchor

    def _contents(
        self, kind: SectionType, valid: SectionBase, values: Mapping[str, Value], keys: KeyPath
    ) -> Text | None:
        if isinstance(valid.contents, str):
            return self._text(valid.contents, "line", (*keys, "contents"))
        listed = kind.in_contents if valid.contents is None else valid.contents
        heading = values.get("heading")
        return heading if listed and isinstance(heading, Text) else None

    def _segments(self, names: Sequence[str], keys: KeyPath) -> frozenset[str]:
        for name in names:
            self._segment(name, keys)
        return frozenset(names)

    def _segment(self, name: str, keys: KeyPath) -> None:
        if name not in self.settings.segments:
            message = _("There is no segment “{name}” in newsletter.toml.").format(name=name)
            self.faults.append(
                Fault(self.file.where(keys), message, did_you_mean(name, self.settings.segments))
            )
            return
        self.segments.setdefault(name)
        if len(self.segments) == MAX_SEGMENTS + 1:
            message = _("An issue can distinguish {count} segments, no more.").format(count=MAX_SEGMENTS)
            self.faults.append(Fault(self.file.where(keys), message, _("Send two issues instead.")))


def slug(text: str) -> str:
    """Make an anchor of a heading: `Förderung des Portals` becomes `foerderung-des-portals`."""
    text = (
        re.sub(r"\{\{.*?\}\}", " ", text)
        .casefold()
        .translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    )
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text)[:48].strip("-").lstrip("0123456789-")


def _image(parts: Mapping[str, Value], width: int) -> Image:
    texts = {name: parts[name] for name in ("alt", "caption", "credit", "link")}
    if parts["decorative"]:
        texts["alt"] = None
    return Image(file=parts["file"], width=width, **texts)  # type: ignore[arg-type]


def _order(item: Value, names: tuple[str, ...]) -> tuple[tuple[bool, Any], ...]:
    """Order by the named fields; what is missing comes first (an event without a time lasts all day)."""
    assert isinstance(item, dict)  # noqa: S101 (FieldSpec allows `sort` only for lists of groups)
    values = (item[name] for name in names)
    return tuple(
        (value is not None, value.value if isinstance(value, Text) else value or 0) for value in values
    )
