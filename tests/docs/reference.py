"""The issue format as a document, made from the models that validate, in both of the editors' languages."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from newsletter import build, language
from newsletter.compose import image_file, images, places
from newsletter.issue import fields, reader, section_type, source
from newsletter.issue.fields import FieldSpec, Kind
from newsletter.issue.reader import Head
from newsletter.issue.section_type import COMMON_FIELDS, SectionBase, SectionType
from newsletter.workspace import BASE_THEME

EXAMPLES = Path(__file__).with_name("examples")
PICTURED = "de"
"""The language whose document shows a picture of every section type (see tests/docs/pictures.py)."""
Told = Mapping[str, str]
"""A text by language."""

WORDS: Mapping[str, Mapping[str, Told]] = tomllib.loads(
    Path(__file__).with_name("reference.toml").read_text(encoding="utf-8")
)
HEAD: Mapping[str, str] = {
    "year": "number",
    "number": "number",
    "date": "date",
    "language": "`de`, `en`",
    "title": "line",
    "subject": "line",
    "preheader": "line",
    "salutation": "line, flag",
    "contents": "flag",
    "check": "group",
    "sections": "list",
}
"""The kind of each key of the head."""
LIMITS: Mapping[str, int] = {
    "file_bytes": source.MAX_BYTES // 1000,
    "values": source.MAX_VALUES,
    "depth": source.MAX_DEPTH,
    "text": fields.MAX_TEXT,
    "segments": reader.MAX_SEGMENTS,
    "image_bytes": image_file.MAX_BYTES // 1_000_000,
    "pixels": images.MAX_PIXELS // 1_000_000,
    "height": images.MAX_HEIGHT,
    "html_bytes": build.GMAIL_LIMIT // 1000,
}
"""What is at most, in the units of reference.toml."""


def example(name: str, lang: str) -> str:
    """The example of a section type."""
    return (EXAMPLES / lang / f"{name}.yaml").read_text(encoding="utf-8")


def pictured_types() -> list[str]:
    """The section types with something in them to be shown."""
    names = section_type.names([BASE_THEME])
    return [name for name in names if section_type.load(name, [BASE_THEME]).fields]


def whole_issue(sections: str, lang: str) -> str:
    """A head with these sections, indented as an issue has them."""
    indented = "".join(f"  {line}" if line.strip() else line for line in sections.splitlines(keepends=True))
    return str(WORDS["issue"][lang]) + indented


def reference(lang: str) -> str:
    """The whole document in a language."""
    before = language.editor()
    language.use(lang)
    try:
        return _Reference(lang).text()
    finally:
        language.use(before)


class _Reference:
    """The document in one language."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def text(self) -> str:
        """Every part, with an empty line between them."""
        parts = [
            f"# {self._word('title')}",
            f"<!-- {self._word('made')} -->",
            self._word("intro"),
            self._word("other"),
            f"## {self._word('example')}",
            f"```yaml issue\n{whole_issue(self._example('letter'), self._lang)}```",
            f"## {self._word('head')}",
            self._head(),
            f"## {self._word('common')}",
            self._common(),
            f"## {self._word('types')}",
            *self._types(),
            f"## {self._word('images')}",
            self._word("image_intro"),
            self._fields(FieldSpec(type="image").members),
            f"## {self._word('kinds')}",
            self._kinds(),
            f"## {self._word('places')}",
            self._word("places_intro"),
            self._places(),
            f"## {self._word('limits')}",
            self._limits(),
        ]
        return "\n\n".join(parts) + "\n"

    def _word(self, name: str) -> str:
        return self._told("words", name)

    def _told(self, table: str, name: str) -> str:
        return WORDS[table][name][self._lang] if name in WORDS[table] else ""

    def _rows(self, table: str, names: Collection[str], pattern: str) -> list[tuple[str, ...]]:
        """A row for each name; reference.toml must tell all of them and nothing else."""
        assert set(WORDS[table]) == set(names), f"[{table}] in reference.toml is not what the code has"
        return [(pattern.format(name), self._told(table, name)) for name in WORDS[table]]

    def _example(self, name: str) -> str:
        return example(name, self._lang)

    def _head(self) -> str:
        assert set(HEAD) == set(Head.model_fields), "HEAD in reference.py is not what the code has"
        rows = [
            (
                f"`{name}`",
                HEAD[name],
                self._word("yes") if field.is_required() else "",
                self._told("without", name),
                language._(field.description or ""),
            )
            for name, field in Head.model_fields.items()
        ]
        return self._table(("key", "kind", "required", "without", "what"), rows)

    def _common(self) -> str:
        own = [field.alias or name for name, field in SectionBase.model_fields.items()]
        rows = self._rows("common", own, "`{}`")
        rows += [(f"`{name}`", f"{_in(self._lang, spec.help)}.") for name, spec in COMMON_FIELDS.items()]
        return self._table(("key", "what"), rows)

    def _types(self) -> Iterator[str]:
        for name in section_type.names([BASE_THEME]):
            kind = section_type.load(name, [BASE_THEME])
            yield f"### {name}"
            yield self._about(kind)
            yield self._fields(kind.fields) if kind.fields else self._word("no_fields")
            yield f"```yaml section\n{self._example(name)}```"
            if self._lang == PICTURED and name in pictured_types():
                told = self._word("picture").format(title=_in(self._lang, kind.title))
                yield f"![{told}](images/typ-{name}.png)"

    def _about(self, kind: SectionType) -> str:
        title, help_ = (_in(self._lang, texts) for texts in (kind.title, kind.help))
        told = [f"**{title}.** {help_}."]
        told += [self._word("listed")] if kind.in_contents else []
        told += [self._word("recurring")] if kind.recurring else []
        return " ".join(told)

    def _fields(self, specs: Mapping[str, FieldSpec]) -> str:
        rows = [
            (
                f"`{name}`",
                self._kind(spec),
                self._word("yes") if spec.required else "",
                _in(self._lang, spec.help),
            )
            for name, spec in _flat(specs)
        ]
        return self._table(("field", "kind", "required", "what"), rows)

    def _kind(self, spec: FieldSpec) -> str:
        if spec.of is not None:
            order = ", ".join(f"`{name}`" for name in spec.sort)
            after = f" ({self._word('sorted').format(names=order)})" if order else ""
            return self._word("of") + self._kind(spec.of) + after
        if spec.type == "image":
            return f"image, {self._word('wide').format(width=spec.width)}"
        return ", ".join(f"`{choice}`" for choice in spec.choices) or spec.type

    def _kinds(self) -> str:
        return self._table(("kind", "what"), self._rows("kinds", get_args(Kind), "{}"))

    def _places(self) -> str:
        return self._table(("field", "what"), self._rows("places", places.NAMES, "`{{{{ {} }}}}`"))

    def _limits(self) -> str:
        gap = {"en": ",", "de": "\u00a0"}[self._lang]
        numbers = {name: f"{limit:,}".replace(",", gap) for name, limit in LIMITS.items()}
        return "\n".join(f"- {self._told('limits', name).format(number)}" for name, number in numbers.items())

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        lines = [[*map(self._word, heads)], ["---"] * len(heads), *rows]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        )


def _in(lang: str, told: Mapping[Any, str]) -> str:
    """A text of a section.toml in a language."""
    return told.get(lang, "")


def _flat(specs: Mapping[str, FieldSpec], prefix: str = "") -> Iterator[tuple[str, FieldSpec]]:
    """Every field with those in its groups: `partner.name`, `events[].date`."""
    for name, spec in specs.items():
        yield prefix + name, spec
        inner = spec.of or spec
        if inner.type == "group":
            yield from _flat(inner.fields, f"{prefix}{name}{'[]' if spec.of else ''}.")
