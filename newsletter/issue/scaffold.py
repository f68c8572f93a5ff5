"""Start things: a workspace from the package's sample, the next issue from the last one's skeleton.

Nothing is ever overwritten. A skeleton leaves open what has to be written anew, so that `build` names
every gap; sections that recur (contact, portal) are taken over word for word.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.issue import schema, section_type, source
from newsletter.issue.fields import FieldSpec
from newsletter.issue.section_type import SectionType
from newsletter.issue.source import Source
from newsletter.issue_id import IssueId
from newsletter.language import _, editor
from newsletter.workspace import Workspace

SAMPLE = Path(__file__).parents[1] / "sample"
SCHEMA_LINE = f"# yaml-language-server: $schema=../{schema.FILENAME}\n"


class ExistsError(NewsletterError, FileExistsError):
    """It exists already, and nothing is overwritten."""


def init(folder: Path, today: date) -> list[Path]:
    """Make a workspace with a small sample issue; return what was written.

    Raises:
        ExistsError: one of its files is there already.
    """
    files = {path.relative_to(SAMPLE / editor()): path for path in _files(SAMPLE / editor())}
    issue_id = IssueId(today.year, (today.month + 2) // 3)
    targets = {folder / _placed(name, issue_id): path for name, path in sorted(files.items())}
    _refuse_existing(targets)
    for target, path in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in {".yaml", ".toml"}:
            target.write_text(_filled(path.read_text(encoding="utf-8"), issue_id, today), encoding="utf-8")
        else:
            shutil.copyfile(path, target)
    return sorted(targets)


def new(workspace: Workspace, issue_id: IssueId | None, today: date) -> list[Path]:
    """Start an issue: the given one, or the one after the newest; return what was written.

    Raises:
        ExistsError: the issue is there already.
        FaultsFound: the last issue cannot be read.
    """
    known = workspace.issue_ids()
    per_year = workspace.settings.newsletter.issues_per_year
    if issue_id is None:
        first = IssueId(today.year, min((today.month - 1) * per_year // 12 + 1, per_year))
        issue_id = known[-1].next(per_year=per_year) if known else first
    target = workspace.issue_file(issue_id)
    _refuse_existing([target])
    earlier = [one for one in known if one < issue_id] or known
    if earlier:
        text, images = _skeleton(workspace, source.read(workspace.issue_file(earlier[-1])))
    else:
        text, images = _first(workspace), {}
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as file:
        file.write(_head(issue_id, today) + text)
    return [target, *_copied(images, target.parent)]


def write_schema(workspace: Workspace) -> Path:
    """Write the schema that editors complete with, beside the issues; return its path."""
    path = workspace.issues / schema.FILENAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema.as_text(workspace.settings, workspace.theme_folders), encoding="utf-8")
    return path


def _head(issue_id: IssueId, today: date) -> str:
    subject = _("subject of the mail, at most 60 characters")
    preheader = _("what mail programs show behind the subject, 40 to 110 characters")
    return (
        f"{SCHEMA_LINE}year: {issue_id.year}\nnumber: {issue_id.number}\ndate: {today.isoformat()}\n"
        f"subject:  # {subject}\npreheader:  # {preheader}\n\nsections:\n"
    )


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _placed(name: Path, issue_id: IssueId) -> Path:
    """Return where a sample file goes: `ID` in its path is the issue's, `dot-` begins a hidden name."""
    return Path(*(str(issue_id) if part == "ID" else re.sub("^dot-", ".", part) for part in name.parts))


def _filled(text: str, issue_id: IssueId, today: date) -> str:
    return (
        text.replace("@YEAR@", str(issue_id.year))
        .replace("@NUMBER@", str(issue_id.number))
        .replace("@TODAY@", today.isoformat())
        .replace("@DEADLINE@", date(today.year + 1, 1, 31).isoformat())
    )


def _refuse_existing(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists():
            message = _("{path} is there already; nothing was changed.").format(path=path)
            raise ExistsError(message, cure=_("Choose another folder or ID, or remove it yourself."))


def _copied(images: Mapping[str, Path], folder: Path) -> list[Path]:
    """Copy images to the same names in another folder, those that are there and do not lead out of it."""
    copies = {folder / name: image for name, image in images.items() if ".." not in Path(name).parts}
    wanted = [(copy, image) for copy, image in copies.items() if image.is_file() and not copy.exists()]
    for copy, image in wanted:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, copy)
    return [copy for copy, _image in wanted]


def _skeleton(workspace: Workspace, last: Source) -> tuple[str, dict[str, Path]]:
    """Write the sections of the last issue with their texts left open; name the images taken over."""
    sections = last.value.get("sections") if isinstance(last.value, dict) else None
    if not isinstance(sections, list):
        return _first(workspace), {}
    parts: list[str] = []
    images: dict[str, Path] = {}
    for index, section in enumerate(sections):
        kind = _type(section, workspace.theme_folders)
        if kind is None:
            continue
        if kind.recurring and _is_block(last, index):
            parts.append(_verbatim(last, index))
            images |= {name: last.path.parent / name for name in _image_files(section)}
        else:
            parts.append(_open(kind, section))
    return "\n".join(parts), images


def _type(section: object, folders: Sequence[Path]) -> SectionType | None:
    name = section.get("type") if isinstance(section, dict) else None
    return section_type.load(name, folders) if name in section_type.names(folders) else None


def _is_block(last: Source, index: int) -> bool:
    """Say whether a section is written in lines of its own, not in `[{…}]`."""
    line = last.path.read_text(encoding="utf-8-sig").split("\n")[last.spot(("sections", index)).line - 1]
    return line.lstrip().startswith("- ")


def _verbatim(last: Source, index: int) -> str:
    """Copy the lines of a section, its own comments included, indented as the skeleton is."""
    lines = last.path.read_text(encoding="utf-8-sig").split("\n")
    start = last.spot(("sections", index)).line - 1
    behind = [
        spot.line - 1
        for keys, spot in (*last.values.items(), *last.keys.items())
        if spot.line > start + 1 and keys[:2] != ("sections", index)
    ]
    margin = re.compile(f"^ {{0,{len(lines[start]) - len(lines[start].lstrip())}}}(?=.*\\S)")
    own = [margin.sub("  ", line) for line in lines[start : min(behind, default=len(lines))]]
    return "\n".join(own).rstrip() + "\n"


def _image_files(value: object) -> list[str]:
    """Find the images that a section names, at any depth."""
    if isinstance(value, dict):
        own = [value["file"]] if isinstance(value.get("file"), str) else []
        return own + [name for part in value.values() for name in _image_files(part)]
    return [name for part in value for name in _image_files(part)] if isinstance(value, list) else []


def _open(kind: SectionType, section: Mapping[str, object]) -> str:
    """Write a section whose fields are the last one's, with nothing in them."""
    lines = [f"  - type: {kind.name}"]
    for key in ("id", "only", "not"):
        value = section.get(key)
        if value:
            lines.append(f"    {key}: {value if isinstance(value, str) else json.dumps(value)}")
    for name, spec in kind.fields.items():
        if name in section or spec.required:
            lines += _field(name, spec, "    ")
    return "\n".join(lines) + "\n"


def _field(name: str, spec: FieldSpec, indent: str) -> list[str]:
    """Write an open field: its key, and what belongs there as a comment."""
    note = spec.help.get("de" if editor() == "de" else "en", "")
    head = f"{indent}{name}:" + (f"  # {note}" if note else "")
    members = spec.of.members if spec.of is not None else spec.members
    if not members:
        return [head]
    shown = {key: part for key, part in members.items() if part.required or key == "alt"}
    lines = [
        line
        for key, part in shown.items()
        for line in _field(key, part, indent + "  " * (2 if spec.of else 1))
    ]
    if spec.of is not None and lines:
        lines[0] = f"{indent}  - {lines[0].strip()}"
    return [head, *lines]


def _first(workspace: Workspace) -> str:
    """Write the sections of a first issue: a letter and an article."""
    kinds = [section_type.load(name, workspace.theme_folders) for name in ("letter", "article")]
    wanted = ({"text": ""}, {"heading": "", "text": ""})
    return "\n".join(_open(kind, fields) for kind, fields in zip(kinds, wanted, strict=True))
