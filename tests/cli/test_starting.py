"""`init`, `new` and `schema`: what they write, what they never touch, and that it works at once."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from newsletter import language
from newsletter.issue import scaffold, source
from newsletter.issue_id import IssueId
from newsletter.workspace import Workspace
from tests.cli.office import HEAD, SETTINGS, Office, png, tree

TODAY = date(2024, 2, 1)
LANGUAGES = {"de": ("bild.png", "Abmelden"), "en": ("picture.png", "Unsubscribe")}


@pytest.mark.parametrize("code", LANGUAGES)
def test_init(tmp_path: Path, code: str) -> None:
    """`init` makes a newsletter in the editor's language that builds right away."""
    office, (picture, word) = Office(tmp_path / "blatt"), LANGUAGES[code]
    done = office.run("init", "blatt", cwd=tmp_path, environ={"NEWSLETTER_LANG": code})
    assert done.returncode == 0, done.stderr
    (issue,) = (path.name for path in (office.root / "issues").iterdir() if path.is_dir())
    assert set(tree(office.root)) == {
        ".gitignore",
        "issues/issue.schema.json",
        f"issues/{issue}/issue.yaml",
        f"issues/{issue}/{picture}",
        "newsletter.toml",
        "templates/theme.toml",
    }
    assert sorted(done.stdout.split()) == sorted(f"blatt/{name}" for name in tree(office.root))
    assert "@" not in re.sub(
        r"\S@\S", "", (office.root / f"issues/{issue}/issue.yaml").read_text(encoding="utf-8")
    )
    built = office.quick("build", environ={"NEWSLETTER_LANG": code})
    assert built.returncode == 0, built.stderr
    assert word in (office.root / "build" / issue / "mail.txt").read_text(encoding="utf-8")


def test_init_into_a_folder_in_use(tmp_path: Path) -> None:
    """A folder with other things in it may become a newsletter; they stay as they are."""
    office = Office(tmp_path)
    office.put("notes.txt", "mine")
    assert office.run("init", ".").returncode == 0
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "newsletter.toml").is_file()


@pytest.mark.parametrize("name", ["newsletter.toml", ".gitignore", "templates/theme.toml"])
def test_init_never_overwrites(tmp_path: Path, name: str) -> None:
    """When one of its files is there already, nothing at all is written."""
    office = Office(tmp_path)
    office.put(name, "mine")
    done = office.quick("init", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{name} is there already; nothing was changed." in done.stderr
    assert tree(tmp_path) == {name: b"mine"}


def test_init_twice(tmp_path: Path) -> None:
    """A newsletter is never started over."""
    scaffold.init(tmp_path, TODAY)
    before = tree(tmp_path)
    with pytest.raises(scaffold.ExistsError, match="is there already"):
        scaffold.init(tmp_path, TODAY)
    assert tree(tmp_path) == before


def test_init_where_nobody_may(tmp_path: Path) -> None:
    """A place that cannot be written to is told in a sentence."""
    done = Office(tmp_path).run("init", "/proc/newsletter")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("/proc/newsletter")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("month", "number"), [(1, 1), (3, 1), (4, 2), (12, 4)])
def test_first_number(tmp_path: Path, month: int, number: int) -> None:
    """The sample issue is that of the quarter."""
    written = scaffold.init(tmp_path, date(2024, month, 1))
    assert tmp_path / f"issues/2024-{number}/issue.yaml" in written


LAST = f"""\
{HEAD}\
- type: letter
  id: auftakt
  only: [cities, districts]
  text: |
    Alt.

# A remark about the contact
- type: contact # with a remark
# at the margin
  address: |
    Straße 1

      Hinterhaus
  image: {{file: bilder/person.png, alt: Eine Person}}
- type: article
  heading: Alt
  image: {{file: alt.png, alt: Alt}}
  buttons:
    - {{label: Alt, url: https://alt.example}}
- type: divider
contents: false
"""


@pytest.fixture
def last(tmp_path: Path) -> Office:
    """A newsletter whose last issue is written in another manner than the skeleton."""
    office = Office(tmp_path / "office")
    office.put("newsletter.toml", SETTINGS)
    office.put("issues/2024-1/issue.yaml", LAST)
    office.put("issues/2024-1/bilder/person.png", png())
    office.put("issues/2024-1/alt.png", png())
    return office


def _workspace(office: Office) -> Workspace:
    return Workspace.find(office.root, {})


def test_new(last: Office) -> None:
    """The next issue has the last one's sections: recurring ones word for word, the others open."""
    done = last.quick("new")
    assert done.returncode == 0, done.stderr
    folder = last.root / "issues/2024-2"
    assert done.stdout == f"{folder}/issue.yaml\n{folder}/bilder/person.png\n"
    text = (folder / "issue.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../issue.schema.json\nyear: 2024\nnumber: 2\n")
    assert (
        text.split("sections:\n")[1]
        == """\
  - type: letter
    id: auftakt
    only: ["cities", "districts"]
    text:  # Text in Markdown

  - type: contact # with a remark
  # at the margin
    address: |
      Straße 1

        Hinterhaus
    image: {file: bilder/person.png, alt: Eine Person}

  - type: article
    heading:  # Heading
    image:  # Image above the text
      file:  # File beside issue.yaml
      alt:  # What is to be seen
    buttons:  # Buttons below the text
      - label:  # What stands on the button
        url:  # Where it leads

  - type: divider
"""
    )
    assert (last.root / "issues/issue.schema.json").is_file()


def test_gaps_are_named(last: Office) -> None:
    """`build` names every gap of a skeleton with its line, and nothing else."""
    path, _image = scaffold.new(_workspace(last), None, TODAY)
    done = last.quick("build")
    lines = path.read_text(encoding="utf-8").splitlines()
    named = [int(found) for found in re.findall(r"issue\.yaml:(\d+):", done.stderr)]
    assert done.returncode == 1
    assert [lines[number - 1].split(":")[0].strip(" -") for number in named] == [
        "subject", "preheader", "text", "heading", "file", "alt", "label", "url",
    ]  # fmt: skip
    assert done.stderr.count("this must not be empty.") == len(named)


@pytest.mark.parametrize(
    ("known", "wanted", "made"),
    [
        (["2024-1"], None, "2024-2"),
        (["2024-4"], None, "2025-1"),
        (["2024-9", "2024-10"], None, "2025-1"),
        (["2024-1", "2024-3"], "2024-2", "2024-2"),
        (["2024-1"], "2030-1", "2030-1"),
        ([], None, "2024-1"),
    ],
)
def test_number(tmp_path: Path, known: list[str], wanted: str | None, made: str) -> None:
    """Without ID the next in line is started, over the year's end; with one, that one."""
    office = Office(tmp_path)
    office.put("newsletter.toml", SETTINGS)
    for name in known:
        office.put(f"issues/{name}/issue.yaml", f"{HEAD}  - type: contact\n    name: {name}\n")
    (path,) = scaffold.new(_workspace(office), IssueId.parse(wanted) if wanted else None, TODAY)
    assert path == tmp_path / "issues" / made / "issue.yaml"
    if known:
        assert f"    name: {known[0 if wanted == '2024-2' else -1]}\n" in path.read_text(encoding="utf-8")


def test_new_never_overwrites(last: Office) -> None:
    """An issue that is there is left alone."""
    before = tree(last.root)
    done = last.quick("new", "2024-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is there already; nothing was changed." in done.stderr
    assert tree(last.root) == before


def test_new_keeps_images(last: Office) -> None:
    """An image that lies in the new folder already is kept."""
    last.put("issues/2024-2/bilder/person.png", b"newer")
    assert len(scaffold.new(_workspace(last), None, TODAY)) == 1
    assert (last.root / "issues/2024-2/bilder/person.png").read_bytes() == b"newer"


def test_new_after_a_broken_issue(last: Office) -> None:
    """When the last issue cannot be read, its fault is told and nothing is written."""
    last.put("issues/2024-1/issue.yaml", "a: b: c")
    done = last.quick("new")
    assert (done.returncode, done.stdout) == (1, "")
    assert "2024-1/issue.yaml:1:5: This is not valid YAML" in done.stderr
    assert not (last.root / "issues/2024-2").exists()


def test_new_from_one_line(last: Office) -> None:
    """Sections that are not written in lines of their own are left open instead of being cut."""
    last.put("issues/2024-1/issue.yaml", HEAD.rstrip() + " [{type: contact, name: N}, {type: divider}]\n")
    (path,) = scaffold.new(_workspace(last), None, TODAY)
    assert source.read(path).value["sections"] == [{"type": "contact", "name": None}, {"type": "divider"}]  # type: ignore[index]  # any YAML


def test_nothing_from_outside(last: Office) -> None:
    """An image outside the issue's folder is not copied."""
    last.put(
        "issues/2024-1/issue.yaml",
        HEAD + "  - type: contact\n    image: {file: ../../newsletter.toml, alt: A}\n",
    )
    assert len(scaffold.new(_workspace(last), None, TODAY)) == 1


def test_german_skeleton(last: Office) -> None:
    """The remarks of a skeleton are in the editor's language."""
    language.use("de")
    path, _image = scaffold.new(_workspace(last), None, TODAY)
    assert "    heading:  # Überschrift\n" in path.read_text(encoding="utf-8")


def test_schema(office: Office) -> None:
    """`schema` writes the schema beside the issues and names it; `--print` writes nothing."""
    printed = office.quick("schema", "--print")
    assert printed.returncode == 0
    assert not (office.root / "issues/issue.schema.json").exists()
    done = office.quick("schema")
    path = office.root / "issues/issue.schema.json"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path}\n", "")
    assert path.read_text(encoding="utf-8") == printed.stdout
