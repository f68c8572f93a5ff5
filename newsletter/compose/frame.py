"""What stands around the sections: masthead, salutation, sender, legal notice, the ways out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from newsletter.compose import days
from newsletter.compose.content import Content, Line, Picture
from newsletter.compose.images import Darkroom
from newsletter.compose.places import PlaceBook
from newsletter.compose.theme import Theme
from newsletter.errors import Where
from newsletter.issue.model import Image, Issue, Text
from newsletter.settings_model import Settings


class Frame:
    """The values that all templates see besides a section's own."""

    def __init__(
        self, content: Content, places: PlaceBook, settings: Settings, theme: Theme, cache: Path | None
    ) -> None:
        self._content = content
        self._places = places
        self._settings = settings
        self._theme = theme
        self._cache = cache
        self._theme_images: dict[tuple[str, int, str], Picture] = {}

    def common(self, issue: Issue) -> dict[str, Any]:
        """Set the frame of an issue."""
        line = self._content.line
        return {
            "issue": SimpleNamespace(
                id=str(issue.id),
                year=issue.id.year,
                number=issue.id.number,
                roman=issue.id.roman,
                date=days.day(issue.date, issue.language),
                title=line(issue.title),
                subject=line(issue.subject),
                preheader=line(issue.preheader),
                salutation=line(issue.salutation) if issue.salutation else None,
            ),
            "newsletter": self._settings.newsletter,
            "sender": self._sender(),
            "legal": self._legal(),
            "web": self._web(issue),
            "theme_image": self._theme_image,
        }

    def _sender(self) -> SimpleNamespace:
        sender = self._settings.sender
        return SimpleNamespace(name=sender.name, address=sender.address, block=self._block(sender.block))

    def _legal(self) -> SimpleNamespace:
        legal = self._settings.legal
        return SimpleNamespace(
            imprint=self._block(legal.imprint),
            imprint_url=legal.imprint_url,
            privacy_url=legal.privacy_url,
            accessibility_url=legal.accessibility_url,
        )

    def _web(self, issue: Issue) -> SimpleNamespace:
        """Give the page's address and the reader's way out: by mail until a later room gives a link."""
        web, sender = self._settings.web, self._settings.sender
        subject = quote(self._theme.phrase("Unsubscribe"))
        by_mail = f"mailto:{sender.reply_to or sender.address}?subject={subject}"
        return SimpleNamespace(
            page_url=f"{web.base_url.rstrip('/')}/{issue.id}/" if web.base_url else None,
            index=web.index,
            unsubscribe_url=self._places.place("unsubscribe_url", by_mail).marker,
        )

    def _block(self, text: str) -> list[Line]:
        """Set the lines of a block from the settings."""
        return [self._content.words(line) for line in text.strip().split("\n") if line.strip()]

    def _theme_image(self, name: str, width: int, alt: str = "") -> Picture:
        """Give an image of the theme; mail and page ask for the same ones."""
        key = (name, width, alt)
        if key not in self._theme_images:
            self._theme_images[key] = self._developed(name, width, alt)
        return self._theme_images[key]

    def _developed(self, name: str, width: int, alt: str) -> Picture:
        """Look in the folder `images` of the office's templates, then in the package's."""
        folders = [folder / "images" for folder in self._theme.folders]
        folder = next((folder for folder in folders if (folder / name).is_file()), folders[0])
        darkroom = Darkroom(folder, self._cache / "images" if self._cache else None)
        image = Image(file=Text(name, "line", Where(folder / name)), width=width)
        return Picture(darkroom.asset(image.file, width), alt, None, None, None)
