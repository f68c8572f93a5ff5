"""The issue format as a document, made from the models that validate, in both of the editors' languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

KINDS: Mapping[str, Told] = {
    "line": {"en": "one line of text", "de": "eine Zeile Text"},
    "inline": {
        "en": "one line of text with **bold**, *italic* and [links](https://towncountry.example)",
        "de": "eine Zeile Text mit **fett**, *kursiv* und [Links](https://stadtland.example)",
    },
    "markdown": {
        "en": "text with paragraphs, lists, tables, links, small headings",
        "de": "Text mit Absätzen, Listen, Tabellen, Links und Zwischenüberschriften",
    },
    "lines": {"en": "several lines that stay lines", "de": "mehrere Zeilen, die Zeilen bleiben"},
    "image": {"en": "an image, see [Images](#images)", "de": "ein Bild, siehe [Bilder](#bilder)"},
    "button": {"en": "a button: `label` and `url`", "de": "eine Schaltfläche: `label` und `url`"},
    "url": {
        "en": "a link: `https://`, `http://`, `mailto:` or `tel:`",
        "de": "ein Link: `https://`, `http://`, `mailto:` oder `tel:`",
    },
    "email": {"en": "an e-mail address", "de": "eine E-Mail-Adresse"},
    "phone": {"en": "a telephone number: `+49 211 123456-78`", "de": "eine Telefonnummer: `+49 211 123456-78`"},
    "date": {"en": "a day: `2024-08-02` or `2.8.2024`", "de": "ein Tag: `2024-08-02` oder `2.8.2024`"},
    "time": {"en": "a time of day: `14:30`", "de": "eine Uhrzeit: `14:30`"},
    "number": {"en": "a whole number", "de": "eine ganze Zahl"},
    "flag": {"en": "`true` or `false`", "de": "`true` (ja) oder `false` (nein)"},
    "choice": {"en": "one of some words", "de": "eines von mehreren Wörtern"},
    "list": {"en": "a list, each entry beginning with `- `", "de": "eine Liste; jeder Eintrag beginnt mit `- `"},
    "group": {"en": "several fields, indented", "de": "mehrere Felder, eingerückt"},
}
HEAD: Mapping[str, tuple[str, Told]] = {
    "year": ("number", {}),
    "number": ("number", {}),
    "date": ("date", {}),
    "language": ("`de`, `en`", {"en": "that of newsletter.toml", "de": "die aus newsletter.toml"}),
    "title": ("line", {"en": "from newsletter.toml", "de": "aus newsletter.toml"}),
    "subject": ("line", {}),
    "preheader": ("line", {}),
    "salutation": ("line, flag", {"en": "`{{ salutation }}`", "de": "`{{ salutation }}`"}),
    "contents": ("flag", {"en": "`true`", "de": "`true`"}),
    "sections": ("list", {}),
}
"""The kind of each key of the head, and what holds without it."""
COMMON: Mapping[str, Told] = {
    "type": {"en": "Which kind of section it is. Always the first line.",
             "de": "Welche Art von Abschnitt es ist. Immer die erste Zeile."},
    "id": {"en": "Its name in links (`#id`). Without it, it is made from the heading.",
           "de": "Sein Name in Links (`#id`). Ohne diese Angabe entsteht er aus der Überschrift."},
    "only": {"en": "Segments: only readers in one of them get the section.",
             "de": "Segmente: Nur wer in einem davon ist, bekommt den Abschnitt."},
    "not": {"en": "Segments: readers in one of them do not get the section.",
            "de": "Segmente: Wer in einem davon ist, bekommt den Abschnitt nicht."},
    "contents": {"en": "`true` or `false`: whether the list of contents names it; or a line: by which words.",
                 "de": "`true` oder `false`: ob das Inhaltsverzeichnis ihn nennt; oder eine Zeile: mit welchen Worten."},
}  # fmt: skip
PLACES: Mapping[str, Told] = {
    "salutation": {"en": "“Dear Ms Beispiel,”; needs no fallback", "de": "„Sehr geehrte Frau Beispiel,“; braucht keinen Ersatz"},
    "title": {"en": "academic title", "de": "akademischer Titel"},
    "first_name": {"en": "first name", "de": "Vorname"},
    "last_name": {"en": "last name", "de": "Nachname"},
    "name": {"en": "first and last name", "de": "Vor- und Nachname"},
    "organisation": {"en": "where the reader works", "de": "Behörde, Verein oder Unternehmen"},
}  # fmt: skip
WORDS: Mapping[str, Told] = {
    "title": {"en": "The issue format", "de": "Alle Felder einer Ausgabe"},
    "made": {
        "en": "Made from the code by `python -m tests.docs.generate`; do not edit.",
        "de": "Aus dem Programm erzeugt mit `python -m tests.docs.generate`; nicht von Hand ändern.",
    },
    "intro": {
        "en": "An issue is one file, `issues/YEAR-NUMBER/issue.yaml`, with its images beside it: a head, then sections. "
        "A key that is not listed here is a fault, and “newsletter build” names its line. Your editor completes "
        "everything on this page if it reads the first line of the file "
        "(`# yaml-language-server: $schema=../issue.schema.json`).",
        "de": "Eine Ausgabe ist eine Datei, `issues/JAHR-NUMMER/issue.yaml`; die Bilder liegen daneben. Oben stehen "
        "Angaben zur ganzen Ausgabe, darunter die Abschnitte. Einen Namen, der hier nicht steht, meldet "
        "„newsletter build“ mit seiner Zeile. Wie Sie damit arbeiten, steht in der [Anleitung](anleitung.md).",
    },
    "other": {
        "en": "Auf Deutsch: [felder.md](felder.md).",
        "de": "In English: [issue-format.md](issue-format.md).",
    },
    "example": {"en": "A whole issue", "de": "Eine ganze Ausgabe"},
    "head": {"en": "The head", "de": "Die Angaben oben"},
    "common": {"en": "What every section has", "de": "Was jeder Abschnitt haben kann"},
    "types": {"en": "Section types", "de": "Die Abschnittstypen"},
    "images": {"en": "Images", "de": "Bilder"},
    "image_intro": {
        "en": "`alt` says in a sentence what is to be seen, for readers who do not see it. An image that tells "
        "nothing has `decorative: true` instead.",
        "de": "`alt` sagt in einem Satz, was zu sehen ist, für alle, die es nicht sehen. Ein Bild, das nichts "
        "aussagt, bekommt stattdessen `decorative: true`.",
    },
    "kinds": {"en": "Kinds of fields", "de": "Arten von Feldern"},
    "places": {"en": "Personal places", "de": "Persönliche Felder"},
    "places_intro": {
        "en": "`{{ first_name | Dear reader }}` becomes the first name, or what stands behind the bar where it is "
        "not known. They stand in every text, never in a link. Fields of your own come from `[fields]` in "
        "newsletter.toml.",
        "de": "`{{ first_name | Liebe Leserin, lieber Leser }}` wird zum Vornamen, oder zu dem, was hinter dem Strich "
        "steht, wenn er nicht bekannt ist. Das geht in jedem Text, nie in einem Link. Eigene Felder "
        "kommen aus `[fields]` in newsletter.toml.",
    },
    "limits": {"en": "Limits", "de": "Grenzen"},
    "key": {"en": "Key", "de": "Name"},
    "field": {"en": "Field", "de": "Feld"},
    "kind": {"en": "Kind", "de": "Art"},
    "required": {"en": "Required", "de": "Nötig"},
    "without": {"en": "Without it", "de": "Ohne Angabe"},
    "what": {"en": "What it is", "de": "Was es ist"},
    "yes": {"en": "yes", "de": "ja"},
    "of": {"en": "list of: ", "de": "Liste: "},
    "wide": {"en": "up to {width} px wide", "de": "höchstens {width} px breit"},
    "no_fields": {"en": "No fields of its own.", "de": "Keine eigenen Felder."},
    "recurring": {
        "en": "“newsletter new” takes it over into the next issue, word for word.",
        "de": "Bleibt in der nächsten Ausgabe stehen, Wort für Wort.",
    },
    "listed": {"en": "Stands in the list of contents.", "de": "Steht im Inhaltsverzeichnis."},
    "picture": {"en": "Picture of the example: {title}", "de": "So sieht das Beispiel aus: {title}"},
    "sorted": {"en": "sorted by {names}", "de": "sortiert nach {names}"},
}  # fmt: skip
ISSUE: Told = {
    "en": """\
# yaml-language-server: $schema=../issue.schema.json
year: 2024
number: 3
date: 2024-09-02
subject: "Town & Country: one depot for two councils"
preheader: Two councils share one depot, and new dates are set.

sections:
""",
    "de": """\
# yaml-language-server: $schema=../issue.schema.json
year: 2024
number: 3
date: 2024-09-02
subject: "Stadt & Land: Ein Bauhof für zwei Gemeinden"
preheader: Zwei Gemeinden teilen sich einen Bauhof, neue Termine stehen fest.

sections:
""",
}
LIMITS: tuple[tuple[Told, int, Told], ...] = (
    ({"en": "Size of issue.yaml", "de": "Größe von issue.yaml"}, source.MAX_BYTES // 1000, {"en": "KB", "de": "KB"}),
    ({"en": "Values in it", "de": "Werte darin"}, source.MAX_VALUES, {}),
    ({"en": "Levels of indentation", "de": "Ebenen der Einrückung"}, source.MAX_DEPTH, {}),
    ({"en": "Length of one text", "de": "Länge eines Textes"}, fields.MAX_TEXT,
     {"en": "characters", "de": "Zeichen"}),
    ({"en": "Segments that an issue tells apart", "de": "Segmente, die eine Ausgabe unterscheidet"},
     reader.MAX_SEGMENTS, {}),
    ({"en": "Size of an image file", "de": "Größe einer Bilddatei"}, image_file.MAX_BYTES // 1_000_000,
     {"en": "MB", "de": "MB"}),
    ({"en": "Size of an image", "de": "Größe eines Bildes"}, images.MAX_PIXELS // 1_000_000,
     {"en": "million pixels", "de": "Millionen Pixel"}),
    ({"en": "Height of an image as it is shown", "de": "Höhe eines Bildes, wie es gezeigt wird"}, images.MAX_HEIGHT,
     {"en": "px", "de": "px"}),
    ({"en": "Size of the mail in HTML, which “newsletter build” tells; Gmail cuts off what is longer",
      "de": "Größe der Mail in HTML, die „newsletter build“ nennt; Längeres schneidet Gmail ab"},
     build.GMAIL_LIMIT // 1000, {"en": "KB", "de": "KB"}),
)  # fmt: skip


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
    return ISSUE[lang] + indented


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
        return WORDS[name][self._lang]

    def _example(self, name: str) -> str:
        return example(name, self._lang)

    def _head(self) -> str:
        assert set(HEAD) == set(Head.model_fields), "HEAD in tests/docs/reference.py names every key of the head"
        rows = [
            (
                f"`{name}`",
                HEAD[name][0],
                self._word("yes") if field.is_required() else "",
                HEAD[name][1].get(self._lang, ""),
                language._(field.description or ""),
            )
            for name, field in Head.model_fields.items()
        ]
        return self._table(("key", "kind", "required", "without", "what"), rows)

    def _common(self) -> str:
        own = {field.alias or name for name, field in SectionBase.model_fields.items()}
        assert own == set(COMMON), "COMMON in tests/docs/reference.py names every key that sections share"
        rows = [(f"`{name}`", texts[self._lang]) for name, texts in COMMON.items()]
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
                yield f"![{WORDS['picture'][PICTURED].format(title=_in(PICTURED, kind.title))}](images/typ-{name}.png)"

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
        assert set(KINDS) == set(get_args(Kind)), "KINDS in tests/docs/reference.py tells every kind of field"
        return self._table(("kind", "what"), [(name, told[self._lang]) for name, told in KINDS.items()])

    def _places(self) -> str:
        assert set(PLACES) == set(places.NAMES), "PLACES in tests/docs/reference.py tells every personal place"
        rows = [(f"`{{{{ {name} }}}}`", told[self._lang]) for name, told in PLACES.items()]
        return self._table(("field", "what"), rows)

    def _limits(self) -> str:
        gap = {"en": ",", "de": "\u00a0"}[self._lang]
        amounts = (
            (told, f"{limit:,}".replace(",", gap), unit.get(self._lang, "")) for told, limit, unit in LIMITS
        )
        return "\n".join(f"- {told[self._lang]}: {limit} {unit}".rstrip() for told, limit, unit in amounts)

    def _table(self, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
        lines = [tuple(map(self._word, heads)), ("---",) * len(heads), *rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


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
