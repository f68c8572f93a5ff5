"""The JSON Schema that editors complete with says the same as the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from newsletter import language
from newsletter.config import load
from newsletter.issue import schema, source
from newsletter.settings_model import Settings
from newsletter.workspace import BASE_THEME, Workspace
from tests.issue.reading import HEAD, SETTINGS, read, section
from tests.issue.test_section_type import MAP, _add

ROOT = Path(__file__).parents[2]


def _validator(folders: tuple[Path, ...] = (BASE_THEME,), settings: Settings = SETTINGS) -> Draft7Validator:
    made = json.loads(schema.as_text(settings, folders))
    Draft7Validator.check_schema(made)
    return Draft7Validator(made)


def _valid(validator: Draft7Validator, folder: Path, text: str) -> bool:
    path = folder / "issue.yaml"
    path.write_text(text, encoding="utf-8")
    return validator.is_valid(source.read(path).value)


RIGHT = {
    "letter": section("type: letter\ntext: T"),
    "divider": section("type: divider"),
    "anchors": section("type: letter\nid: a-1\ntext: T\nplain: P"),
    "contents": section("type: article\nheading: H\ncontents: Kurz"),
    "listed": section("type: article\nheading: H\ncontents: true"),
    "segment": section("type: letter\nonly: cities"),
    "segments": section("type: letter\nnot: [cities, districts]"),
    "image": section("type: image\nimage: {file: a.png, alt: A, link: 'https://a.example'}"),
    "decorative": section("type: image\nimage: {file: a.png, decorative: true}"),
    "events": section("type: events\nevents: [{title: T, date: 2024-01-01, time: 14:30}]"),
    "table": section("type: table\ncolumns: [A, B]\nrows:\n  - [a, b]"),
    "columns": section("type: columns\nleft: {text: a}\nright: {buttons: [{label: L, url: U}]}"),
    "options": "language: en\ntitle: T\ncontents: false\nsalutation: false\n" + section("type: divider"),
}
WRONG = {
    "unknown key": "a: b\n" + section("type: divider"),
    "no subject": section("type: divider").replace("subject: Neues\n", ""),
    "empty subject": section("type: divider").replace("subject: Neues", "subject:"),
    "blank subject": section("type: divider").replace("subject: Neues", 'subject: " "'),
    "number in quotes": section("type: divider").replace("number: 1", 'number: "1"'),
    "number too large": section("type: divider").replace("number: 1", "number: 400"),
    "date is a number": section("type: divider").replace("date: 2024-02-01", "date: 2024"),
    "contents no": "contents: no\n" + section("type: divider"),
    "language": "language: fr\n" + section("type: divider"),
    "empty language": "language:\n" + section("type: divider"),
    "empty title": "title:\n" + section("type: divider"),
    "salutation": "salutation: 5\n" + section("type: divider"),
    "no sections": HEAD + "  []\n",
    "sections are text": HEAD + "  text\n",
    "section is text": HEAD + "  - text\n",
    "no type": section("text: T"),
    "unknown type": section("type: lettr"),
    "unknown field": section("type: letter\ntxt: T"),
    "empty field": section("type: letter\ntext:"),
    "empty optional field": section("type: letter\nheading:\ntext: T"),
    "field is a number": section("type: letter\ntext: 5"),
    "missing field": section("type: quote"),
    "wrong id": section("type: letter\nid: Ä"),
    "unknown segment": section("type: letter\nonly: town"),
    "empty segment": section("type: letter\nonly:"),
    "image without alt": section("type: image\nimage: {file: a.png}"),
    "image not decorative": section("type: image\nimage: {file: a.png, decorative: false}"),
    "image without file": section("type: image\nimage: {alt: A}"),
    "image is text": section("type: contact\nimage: a.png"),
    "button without url": section("type: letter\nbuttons: [{label: L}]"),
    "empty list": section("type: letter\nbuttons: []"),
    "unknown key in a group": section("type: columns\nleft: {text: a}\nright: {txt: b}"),
    "unknown key in a list": section("type: events\nevents: [{title: T, date: 2024-01-01, tme: a}]"),
    "row is text": section("type: table\ncolumns: [A]\nrows: [a]"),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_right(tmp_path: Path, text: str) -> None:
    """What the program takes, the schema takes."""
    assert not read(tmp_path, text).faults
    assert _valid(_validator(), tmp_path, text)


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_wrong(tmp_path: Path, text: str) -> None:
    """What is wrong in structure is refused by both, so that the editor shows it before `build` does."""
    assert read(tmp_path, text).faults
    assert not _valid(_validator(), tmp_path, text)


def test_own_section_types(tmp_path: Path) -> None:
    """The schema knows the section types of the office's own templates."""
    validator = _validator((_add(tmp_path, MAP), BASE_THEME))
    assert _valid(validator, tmp_path, section("type: appeal\nheading: H\nsize: large\ncount: 3\nloud: true"))
    assert not _valid(validator, tmp_path, section("type: appeal\nheading: H\nsize: medium"))
    assert not _valid(validator, tmp_path, section("type: appeal\nheading: H\ncount: a"))


def test_names_do_not_collide(tmp_path: Path) -> None:
    """A section type called like another one's group does not take its place in the schema."""
    theme = _add(
        tmp_path, 'title = { en = "T" }\n[fields.a]\ntype = "line"\nrequired = true\n', "article_partner"
    )
    validator = _validator((theme, BASE_THEME))
    assert _valid(validator, tmp_path, section("type: article\nheading: H\npartner: {name: N}"))
    assert _valid(validator, tmp_path, section("type: article_partner\na: b"))


@pytest.mark.parametrize("code", ["de", "en"])
def test_every_field_is_explained(code: str) -> None:
    """Section types and their fields are explained in the editor's language."""
    language.use(code)
    made = schema.schema(SETTINGS, [BASE_THEME])
    article = made["definitions"]["section-article"]
    assert article["title"] == {"de": "Artikel", "en": "Article"}[code]
    assert article["properties"]["heading"]["description"] == {"de": "Überschrift", "en": "Heading"}[code]
    assert "$defs" not in _keys(made)


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for part in value.values() for key in _keys(part))]
    return [key for part in value for key in _keys(part)] if isinstance(value, list) else []


def test_real_issue() -> None:
    """The issue that is kept in this repository fits the schema that lies beside it."""
    made = json.loads((ROOT / "issues" / schema.FILENAME).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(made)
    assert not list(Draft7Validator(made).iter_errors(source.read(ROOT / "issues/2023-3/issue.yaml").value))


def test_kept_schema() -> None:
    """The schema beside the issues is the one that `newsletter schema` writes for German editors."""
    language.use("de")
    workspace = Workspace(ROOT, load(ROOT / "newsletter.toml", {}))
    kept = (ROOT / "issues" / schema.FILENAME).read_text(encoding="utf-8")
    assert kept == schema.as_text(workspace.settings, workspace.theme_folders)
