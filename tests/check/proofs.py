"""Proofs for tests: an issue written as YAML into a workspace of its own, composed by the real parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from ruamel.yaml import YAML

from newsletter import config
from newsletter.check import checking, registry
from newsletter.check.finding import Remark
from newsletter.check.proof import Proof
from newsletter.check.report import Report
from newsletter.workspace import Workspace
from tests import compiled
from tests.cli.office import SETTINGS

HEAD: Mapping[str, object] = {
    "year": 2024,
    "number": 1,
    "date": "2024-02-01",
    "subject": "Neues aus dem Kreis",
    "preheader": "Was im Winter war und was im Frühjahr kommt.",
}
GOOD = {"type": "letter", "text": "Guten Tag und viel Freude beim Lesen.\n"}
"""A section that nobody finds fault with."""


@cache
def picture(
    mode: str = "RGB", size: tuple[int, int] = (1200, 600), colour: str = "teal", kind: str = "PNG"
) -> bytes:
    """Make an image file."""
    file = BytesIO()
    Image.new(mode, size, colour).save(file, kind)
    return file.getvalue()


def office(
    folder: Path,
    *sections: Mapping[str, object] | str,
    head: Mapping[str, object] | None = None,
    settings: str = "",
    files: Mapping[str, bytes] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Workspace:
    """Write a workspace with the issue 2024-1.

    Args:
        folder: an empty one.
        sections: each a mapping, or Markdown for an article's text; `GOOD` without any.
        head: keys of the issue's head, over those of `HEAD`; None as a value leaves one out.
        settings: what is appended to newsletter.toml.
        files: what lies beside issue.yaml, by name; “bild.png” is always there.
        environ: settings from the environment (`NEWSLETTER_…`).
    """
    place = folder / "issues" / "2024-1"
    place.mkdir(parents=True)
    compiled.share(folder)
    (folder / "newsletter.toml").write_text(SETTINGS + settings, encoding="utf-8")
    for name, data in {"bild.png": picture(), **(files or {})}.items():
        (place / name).write_bytes(data)
    issue = {key: value for key, value in {**HEAD, **(head or {})}.items() if value is not None}
    issue["sections"] = [_section(one) for one in sections or (GOOD,)]
    yaml = YAML()
    yaml.width = 4096
    with (place / "issue.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(_blocks(issue), file)
    return Workspace(folder, config.load(folder / "newsletter.toml", environ or {}))


def proof(folder: Path, *sections: Mapping[str, object] | str, **kwargs: Any) -> Proof:
    """Write a workspace (see `office`) and make the proof of its issue."""
    workspace = office(folder, *sections, **kwargs)
    return checking.proof_of(workspace, workspace.issue_id(None))


def remarks(rule: str, proof: Proof) -> list[Remark]:
    """Ask one rule."""
    return list(registry.rules()[rule].examine(proof))


def lines(found: Sequence[Remark], proof: Proof) -> list[str]:
    """Return the line of the issue's file that each remark points at, without its indentation."""
    raw = proof.file.read_text(encoding="utf-8").splitlines()
    return [raw[remark.where.line - 1].strip() for remark in found]


def said(rule: str, proof: Proof) -> list[tuple[str, str]]:
    """Return quote and line of what a rule says."""
    found = remarks(rule, proof)
    return list(zip([one.quote for one in found], lines(found, proof), strict=True))


def events(*of: Mapping[str, object]) -> dict[str, object]:
    """Make a section of events."""
    return {"type": "events", "heading": "Termine", "events": list(of)}


def report(folder: Path, *sections: Mapping[str, object] | str, **kwargs: Any) -> Report:
    """Write a workspace and check its issue with all rules that stay offline."""
    workspace = office(folder, *sections, **kwargs)
    return checking.check(workspace, workspace.issue_id(None))[0]


def _section(one: Mapping[str, object] | str) -> object:
    if isinstance(one, str):
        return {
            "type": "article",
            "heading": "Überschrift",
            "text": one if one.endswith("\n") else f"{one}\n",
        }
    return dict(one)


def _blocks(value: Any) -> Any:
    """Write texts of several lines as `|` blocks, so that their lines have places."""
    from ruamel.yaml.scalarstring import LiteralScalarString  # noqa: PLC0415 (only here)

    if isinstance(value, dict):
        return {key: _blocks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_blocks(item) for item in value]
    return LiteralScalarString(value) if isinstance(value, str) and "\n" in value else value
