"""Section types: what kinds of sections a theme offers, read from `sections/NAME/section.toml`.

The office's folder comes before the package's, so a theme adds a type, or replaces one, by a folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
    model_validator,
)

from newsletter import config
from newsletter.errors import Fault, FaultsFound, Where
from newsletter.issue.fields import Anchor, FieldSpec, LineOrFlag, listed, model_of, refuse_taken
from newsletter.language import _, editor
from newsletter.settings_values import Name
from newsletter.validation import faults_of, keys_at

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


Told = dict[Literal["en", "de"], str]
"""A text for editors, by their language."""


class _Declaration(BaseModel):
    """The contents of a section.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Told
    help: Told = Field(default_factory=dict)
    contents: bool = False
    recurring: bool = False
    fields: dict[Name, FieldSpec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        """Leave the names alone that every section has."""
        refuse_taken(self.fields, {"anchor", *COMMON_FIELDS, *keys_at(SectionBase, ())})
        return self


_Names = Annotated[tuple[StrictStr, ...], BeforeValidator(listed)]


class SectionBase(BaseModel):
    """What every section may say about itself besides its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    id: Anchor = ""
    only: _Names = ()
    not_: _Names = Field(default=(), alias="not")
    contents: LineOrFlag = None


@dataclass(frozen=True)
class SectionType:
    """A kind of section: its fields, and the folder with its three templates."""

    name: str
    folder: Path
    title: Told
    help: Told
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
    made = _made(name, folder, config.read_text(path), editor())
    missing = [file for file in TEMPLATES if not any((place / file).is_file() for place in places)]
    if missing:
        message = _("The section type “{name}” has no {file}.").format(name=name, file=missing[0])
        cure = _("A section type is one folder with {files}.").format(files=", ".join((FILENAME, *TEMPLATES)))
        raise FaultsFound([Fault(Where(path), message, cure)])
    return made


@lru_cache(maxsize=128)
def _made(name: str, folder: Path, text: str, _language: str) -> SectionType:
    """Make a type from its file's text, once; its model's descriptions are in the editor's language.

    A preview reads its issue over and over, and making the models took 50 of 60 ms (measured).
    """
    declared = _declared(folder / FILENAME, text)
    return SectionType(
        name=name,
        folder=folder,
        title=declared.title,
        help=declared.help,
        in_contents=declared.contents,
        recurring=declared.recurring,
        fields=declared.fields,
    )


def _declared(path: Path, text: str) -> _Declaration:
    try:
        return _Declaration.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as err:
        raise FaultsFound([config.syntax_fault(path, err)]) from err
    except ValidationError as err:
        locate = config.locator(path, text)
        raise FaultsFound(faults_of(err, locate, lambda keys: keys_at(_Declaration, keys))) from err
