"""Editions to be compared, made of sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.difference.comparing import compare
from newsletter.difference.difference import Difference, SectionChange
from tests.compose import workshop

LETTER: Mapping[str, Any] = {"type": "letter", "id": "brief", "text": "Guten Tag und viel Freude beim Lesen."}
ARTICLE: Mapping[str, Any] = {
    "type": "article",
    "id": "bad",
    "heading": "Das Bad öffnet",
    "text": "Das Freibad öffnet am Samstag um 10 Uhr und bleibt bis in den Herbst offen.",
}
EVENTS: Mapping[str, Any] = {
    "type": "events",
    "id": "termine",
    "heading": "Termine",
    "events": [{"title": "Sprechstunde", "date": "2024-10-20", "place": "Rathaus"}],
}
IMAGE: Mapping[str, Any] = {
    "type": "image",
    "id": "bild",
    "image": {"file": "rathaus.png", "alt": "Das Rathaus"},
}


def difference(
    folder: Path,
    before: list[Mapping[str, Any]],
    after: list[Mapping[str, Any]],
    *,
    head: Mapping[str, object] | None = None,
) -> Difference:
    """Compare two lists of sections; `head` changes keys of the later issue."""
    old = workshop.edition_of(folder / "before", *before)
    new = workshop.edition_of(folder / "after", *after, **(head or {}))
    return compare(old, new)


def changed(found: Difference) -> dict[str, SectionChange]:
    """Return the sections that changed, by anchor."""
    return {section.anchor: section for section in found.changed}


def told(section: SectionChange) -> list[str]:
    """Return the changed texts of a section: what was taken out in [-…-], what was put in in {+…+}."""
    marks = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    return [
        "".join(piece.text.join(marks[piece.change]) for piece in text.pieces)
        for text in section.texts
        if text.state != "same"
    ]
