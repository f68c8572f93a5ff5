"""Section types: the package's, those an office adds or replaces, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.issue import section_type
from newsletter.issue.model import Text
from newsletter.workspace import BASE_THEME
from tests.issue.reading import issue, read, section, told

TITLE = 'title = { en = "Appeal", de = "Aufruf" }\n'
MAP = f"""\
{TITLE}
contents = true

[fields.heading]
type = "line"
required = true

[fields.size]
type = "choice"
choices = ["small", "large"]
default = "small"

[fields.count]
type = "number"

[fields.loud]
type = "flag"
default = true

[fields.rows]
type = "list"
sort = ["name"]

[fields.rows.of]
type = "group"

[fields.rows.of.fields.name]
type = "line"
required = true
"""


def _add(
    folder: Path, declared: str, name: str = "appeal", templates: tuple[str, ...] = section_type.TEMPLATES
) -> Path:
    """Write a section type of an office; return the theme's folder."""
    place = folder / "templates" / "sections" / name
    place.mkdir(parents=True)
    (place / "section.toml").write_text(declared, encoding="utf-8")
    for template in templates:
        (place / template).write_text("", encoding="utf-8")
    return folder / "templates"


def test_names() -> None:
    """The package brings twelve section types, and all of them load."""
    names = section_type.names([BASE_THEME])
    assert names == [
        "action", "article", "columns", "contact", "divider", "events",
        "image", "letter", "partner", "quote", "table", "teaser",
    ]  # fmt: skip
    for name in names:
        kind = section_type.load(name, [BASE_THEME])
        assert set(kind.title) == set(kind.help) == {"en", "de"}


def test_added_type(tmp_path: Path) -> None:
    """An office adds a section type by a folder with section.toml and three templates."""
    theme = _add(tmp_path, MAP)
    text = section("type: appeal\nheading: H\nsize: large\ncount: 3\nrows:\n  - name: b\n  - name: a")
    (part,) = issue(tmp_path, text, [theme]).sections
    assert (part.values["size"], part.values["count"], part.values["loud"]) == ("large", 3, True)
    assert part.contents == part.values["heading"]
    rows = part.values["rows"]
    assert isinstance(rows, tuple)
    assert [row["name"].value for row in rows] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("size: medium", "9:11: “size”: one of 'small', 'large' belongs here."),
        ("count: 1.5", "9:12: “count”: a whole number belongs here."),
        ('count: "3"', "9:12: “count”: a whole number belongs here."),
        ("count: true", "9:12: “count”: a whole number belongs here."),
        ("loud: yes", "9:11: “loud”: true or false belongs here."),
        ("rows: [a]", "9:12: a block of “key: value” lines belongs here."),
    ],
)
def test_wrong_field(tmp_path: Path, line: str, fault: str) -> None:
    """Choice, number, flag and list of groups say what belongs there."""
    (found,) = read(tmp_path, section(f"type: appeal\nheading: H\n{line}"), [_add(tmp_path, MAP)]).faults
    assert told(found) == fault


def test_replaced_type(tmp_path: Path) -> None:
    """An office's folder comes before the package's, whose templates stand in for those it leaves out."""
    theme = _add(tmp_path, f'{TITLE}[fields.word]\ntype = "line"\n', "divider", templates=())
    (part,) = issue(tmp_path, section("type: divider\nword: W"), [theme]).sections
    assert isinstance(part.values["word"], Text)
    assert part.type.folder == theme / "sections" / "divider"


@pytest.mark.parametrize(
    ("declared", "place", "message", "cure"),
    [
        ("title = \n", "section.toml:1:9", "This is not valid TOML", ""),
        ("help = {}\n", "section.toml", "“title” is missing.", "Add a line"),
        (f"{TITLE}contnts = true\n", "section.toml:2:1", "“contnts” is not known here.", "“contents”?"),
        (f'{TITLE}[fields.a]\ntype = "lin"\n', "section.toml:3:1", "“type”: one of 'line', 'inline'", ""),
        (
            f'{TITLE}[fields.a]\ntype = "line"\nreqired = true\n',
            "section.toml:4:1",
            "“reqired”",
            "“required”?",
        ),
        (f'{TITLE}[fields.a]\ntype = "list"\n', "section.toml:2:1", "a list needs “of”", ""),
        (f'{TITLE}[fields.a]\ntype = "group"\n', "section.toml:2:1", "a group needs “fields”", ""),
        (f'{TITLE}[fields.a]\ntype = "choice"\n', "section.toml:2:1", "a choice needs “choices”", ""),
        (f'{TITLE}[fields.a]\ntype = "line"\ndefault = 5\n', "section.toml:2:1", "default does not fit", ""),
        (
            f'{TITLE}[fields.a]\ntype = "image"\ndefault = "a"\n',
            "section.toml:2:1",
            "default does not fit",
            "",
        ),
        (f'{TITLE}[fields.Big]\ntype = "line"\n', "section.toml:2:1", "small letters, digits and _ only", ""),
        (f'{TITLE}[fields.type]\ntype = "line"\n', "section.toml", "the name “type” is taken", ""),
        (f'{TITLE}[fields.not]\ntype = "line"\n', "section.toml", "the name “not” is taken", ""),
        (f'{TITLE}[fields.copy]\ntype = "line"\n', "section.toml", "the name “copy” is taken", ""),
        (
            f'{TITLE}[fields.a]\ntype = "list"\nsort = ["x"]\nof = {{ type = "line" }}\n',
            "section.toml:2:1",
            "“sort” names a field that is not in the list: x",
            "",
        ),
    ],
    ids=lambda value: value.removeprefix(TITLE) if isinstance(value, str) and "\n" in value else "",
)
def test_broken_declaration(tmp_path: Path, declared: str, place: str, message: str, cure: str) -> None:
    """A broken section.toml is one fault, told where it lies, and once however many sections use it."""
    theme = _add(tmp_path, declared)
    text = section("type: appeal") + "  - type: appeal\n"
    (fault,) = read(tmp_path, text, [theme]).faults
    assert str(fault.where) == f"{theme}/sections/appeal/{place}"
    assert message in fault.message
    assert cure in fault.cure


def test_not_utf8(tmp_path: Path) -> None:
    """A section.toml that is not UTF-8 is a fault with its file."""
    theme = _add(tmp_path, MAP)
    path = theme / "sections/appeal/section.toml"
    path.write_bytes('title = { en = "Ä" }'.encode("cp1252"))
    (fault,) = read(tmp_path, section("type: appeal"), [theme]).faults
    assert (fault.where.path, fault.message) == (path, "The file is not UTF-8.")


@pytest.mark.parametrize("missing", section_type.TEMPLATES)
def test_missing_template(tmp_path: Path, missing: str) -> None:
    """A section type without one of its templates is a fault that names it."""
    others = tuple(name for name in section_type.TEMPLATES if name != missing)
    (fault,) = read(tmp_path, section("type: appeal"), [_add(tmp_path, TITLE, templates=others)]).faults
    assert fault.message == f"The section type “appeal” has no {missing}."
    assert (
        fault.cure
        == "A section type is one folder with section.toml, mail.mjml.j2, text.txt.j2, page.html.j2."
    )


def test_unused_type(tmp_path: Path) -> None:
    """A broken section type that no section uses is nobody's fault."""
    assert not read(tmp_path, section("type: divider"), [_add(tmp_path, "broken")]).faults
