"""Section types: what kinds of sections a theme offers, read from `sections/NAME/section.toml`.

The office's folder comes before the package's, so a theme adds a type, or replaces one, by a folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.issue.fields import FieldSpec, Line, model_of
from newsletter.language import _
from newsletter.settings_model import Name
from newsletter.validation import faults_of, keys_of

FILENAME = "section.toml"
TEMPLATES = ("mail.mjml.j2", "text.txt.j2", "page.html.j2")
COMMON_FIELDS: Mapping[str, FieldSpec] = {
    "plain": FieldSpec(
        type="markdown",
        help={
            "en": "Another text for the plain-text part of the mail",
            "de": "Ein anderer Text für die Nur-Text-Fassung",
        },
    ),
}
"""Fields with text that every section has."""


class _Declaration(BaseModel):
    """The contents of a section.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: dict[Literal["en", "de"], str]
    help: dict[Literal["en", "de"], str] = Field(default_factory=dict)
    contents: bool = False
    recurring: bool = False
    fields: dict[Name, FieldSpec] = Field(default_factory=dict)


class SectionBase(BaseModel):
    """What every section may say about itself besides its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    type: str
    id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    only: str | list[str] | None = None
    not_: str | list[str] | None = Field(default=None, alias="not")
    contents: bool | Line | None = None


@dataclass(frozen=True)
class SectionType:
    """A kind of section: its fields, and the folder with its three templates."""

    name: str
    folder: Path
    title: Mapping[str, str]
    help: Mapping[str, str]
    in_contents: bool
    recurring: bool
    """Whether the next issue takes such a section over word for word."""
    fields: Mapping[str, FieldSpec]

    @cached_property
    def model(self) -> type[BaseModel]:
        """The pydantic model of such a section."""
        return model_of(f"section_{self.name}", {**self.fields, **COMMON_FIELDS}, SectionBase)


def names(folders: Sequence[Path]) -> list[str]:
    """List the section types that the folders offer."""
    return sorted({file.parent.name for folder in folders for file in folder.glob(f"sections/*/{FILENAME}")})


def load(name: str, folders: Sequence[Path]) -> SectionType:
    """Read one section type from the first folder that has it.

    Raises:
        FaultsFound: its section.toml is wrong, or one of its three templates is missing.
    """
    places = [folder / "sections" / name for folder in folders]
    folder = next(place for place in places if (place / FILENAME).is_file())
    path = folder / FILENAME
    try:
        declared = _Declaration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise FaultsFound(
            [Fault(Where(path), _("This is not valid TOML: {reason}.").format(reason=err))]
        ) from err
    except ValidationError as err:
        raise FaultsFound(
            faults_of(err, lambda _keys, _at: Where(path), lambda _keys: keys_of(FieldSpec))
        ) from err
    missing = [file for file in TEMPLATES if not any((place / file).is_file() for place in places)]
    if missing:
        message = _("The section type “{name}” has no {file}.").format(name=name, file=missing[0])
        cure = _("A section type is one folder with {files}.").format(files=", ".join((FILENAME, *TEMPLATES)))
        raise FaultsFound([Fault(Where(path), message, cure)])
    return SectionType(
        name=name,
        folder=folder,
        title=declared.title,
        help=declared.help,
        in_contents=declared.contents,
        recurring=declared.recurring,
        fields=declared.fields,
    )
