"""Issues for tests: written as YAML into a folder, read and composed by the real parts."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from newsletter.compose.composer import Composer
from newsletter.compose.edition import Edition
from newsletter.errors import Fault, FaultsFound
from newsletter.issue import reader
from newsletter.issue.model import Issue
from newsletter.settings_model import Legal, Newsletter, PersonalField, Segment, Settings, Web
from newsletter.settings_sending import Sender
from newsletter.workspace import BASE_THEME

SETTINGS = Settings(
    newsletter=Newsletter(title="Rathaus-Post", hyphenation={"Leuchtturmprojekt": "Leuchtturm-projekt"}),
    sender=Sender(
        name="Rathaus-Post",
        address="post@rathaus.example",
        reply_to="redaktion@rathaus.example",
        block="Rathaus-Post\nRedaktion & Satz",
    ),
    web=Web(base_url="https://archiv.example/post"),
    legal=Legal(
        imprint="Musterstadt\nMusterweg 1, 40213 Düsseldorf",
        imprint_url="https://rathaus.example/impressum",
        privacy_url="https://rathaus.example/datenschutz",
        accessibility_url="https://rathaus.example/barrierefreiheit",
    ),
    fields={"region": PersonalField()},
    segments={name: Segment(title=name) for name in ("cities", "districts", "press")},
)
HEAD: Mapping[str, object] = {
    "year": 2024,
    "number": 4,
    "date": "2024-10-01",
    "subject": "Was der Herbst bringt",
    "preheader": "Ein Blick auf Termine, Förderung und ein Leuchtturmprojekt.",
}


@cache
def photo(colour: str = "teal") -> bytes:
    """Make an image file."""
    file = BytesIO()
    Image.new("RGB", (64, 32), colour).save(file, "PNG")
    return file.getvalue()


def issue_file(folder: Path, text: str) -> Path:
    """Write an issue with two images beside it."""
    home = folder / "2024-4"
    home.mkdir(parents=True, exist_ok=True)
    for name, colour in (("rathaus.png", "teal"), ("logo.png", "maroon")):
        (home / name).write_bytes(photo(colour))
    path = home / "issue.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def yaml_of(sections: Sequence[Mapping[str, Any]], **head: object) -> str:
    """Write an issue as JSON, which is YAML too."""
    return json.dumps({**HEAD, **head, "sections": list(sections)}, ensure_ascii=False)


def issue(folder: Path, text: str, settings: Settings = SETTINGS, themes: Sequence[Path] = ()) -> Issue:
    """Read an issue that has no faults so far."""
    reading = reader.read(issue_file(folder, text), settings, (*themes, BASE_THEME))
    assert reading.issue is not None, reading.faults
    assert not reading.faults
    return reading.issue


def edition(
    folder: Path,
    text: str,
    *,
    settings: Settings = SETTINGS,
    themes: Sequence[Path] = (),
    cache_folder: Path | None = None,
) -> Edition:
    """Compose an issue."""
    found = issue(folder, text, settings, themes)
    return Composer(found, settings, (*themes, BASE_THEME), cache_folder).edition()


def edition_of(folder: Path, *sections: Mapping[str, Any], **head: object) -> Edition:
    """Compose sections."""
    return edition(folder, yaml_of(sections, **head))


def faults(folder: Path, text: str, *, themes: Sequence[Path] = ()) -> tuple[Fault, ...]:
    """Compose an issue that cannot be, and return why."""
    with pytest.raises(FaultsFound) as found:
        edition(folder, text, themes=themes)
    return found.value.faults


def faults_of(folder: Path, *sections: Mapping[str, Any], **head: object) -> tuple[Fault, ...]:
    """Compose sections that cannot be, and return why."""
    return faults(folder, yaml_of(sections, **head))


def neutral(found: Edition) -> tuple[str, str]:
    """Return mail and plain text as a reader gets them of whom nothing is known."""
    return found.fill(found.general.html, {}, html.escape), found.fill(found.general.text, {})
