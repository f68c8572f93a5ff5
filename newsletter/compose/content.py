"""The values of a section as templates see them: set text, Markdown, images, links, dates.

One object serves all three media: in HTML templates `{{ s.heading }}` writes HTML with divided words, in
plain-text templates the bare text. So mail, text and page cannot differ in what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup, escape

from newsletter.compose import days, links
from newsletter.compose.edition import Asset
from newsletter.compose.markdown import Markdown, Prose
from newsletter.compose.places import PlaceBook
from newsletter.compose.typography import SHY
from newsletter.errors import Fault, FaultsFound
from newsletter.issue.model import Image, Section, Text, Value
from newsletter.language import Phrases, _

_SCHEMES = {"email": "mailto:", "phone": "tel:"}


@dataclass(frozen=True)
class Line:
    """A line of text; `plain` has no soft hyphens and belongs into attributes."""

    plain: str
    html: Markup

    def __html__(self) -> str:
        return self.html

    def __str__(self) -> str:
        return self.plain


@dataclass(frozen=True)
class Contact:
    """An address or telephone number: what is shown, and the link behind it."""

    label: str
    url: str

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True)
class Picture:
    """An image to be shown; `alt` is empty for one that tells nothing."""

    asset: Asset
    alt: str
    caption: Prose | None
    credit: Prose | None
    link: str | None


@dataclass(frozen=True)
class Entry:
    """A line of the contents list."""

    anchor: str
    title: Line


class Content:
    """Sets the texts of one issue; collects what is wrong with them."""

    def __init__(
        self,
        *,
        places: PlaceBook,
        markdown: Markdown,
        hyphenate: Callable[[str], str],
        asset: Callable[[Text, int], Asset],
        phrases: Phrases,
    ) -> None:
        self._places = places
        self._markdown = markdown
        self._hyphenate = hyphenate
        self._asset = asset
        self._phrases = phrases
        self._faults: list[Fault] = []

    @property
    def faults(self) -> list[Fault]:
        """Everything found so far."""
        return self._faults + self._places.faults

    def section(self, section: Section) -> SimpleNamespace:
        """Return what the templates of a section see as `s`."""
        heading = 3 if section.values.get("heading") else 2
        values = {name: self._value(value, heading) for name, value in section.values.items()}
        return SimpleNamespace(**values, anchor=section.anchor, type=section.type.name)

    def line(self, text: Text) -> Line:
        """Set a line of text."""
        return self.words(self._places.mark(text))

    def words(self, marked: str) -> Line:
        """Set a line whose personal places are marked already, or that comes from the settings."""
        text = self._markdown.line(marked)
        return Line(text.replace(SHY, ""), Markup(escape(self._hyphenate(text))))  # noqa: S704 (escaped here)

    def _value(self, value: Value, heading: int) -> Any:
        if isinstance(value, Text):
            return self._text(value, heading)
        if isinstance(value, Image):
            return self._picture(value)
        if isinstance(value, tuple):
            items = (self._value(item, heading) for item in value)
            return tuple(item for item in items if item is not None)
        if isinstance(value, Mapping):
            below = heading + 1 if value.get("heading") else heading
            return SimpleNamespace(**{name: self._value(part, below) for name, part in value.items()})
        if isinstance(value, date | time):
            return days.in_words(value, self._phrases)
        return value

    def _text(self, text: Text, heading: int) -> Any:
        if text.kind == "markdown":
            return self._markdown.prose(text, self._places.mark(text), self._faults, heading=heading)
        if text.kind == "inline":
            return self._markdown.inline(text, self._places.mark(text), self._faults)
        if text.kind == "lines":
            return self._lines(text)
        if text.kind == "url":
            return self._url(text, text.value)
        if scheme := _SCHEMES.get(text.kind):
            address = text.value if text.kind == "email" else text.value.replace(" ", "").replace("–", "-")
            return Contact(text.value, self._url(text, scheme + address) or "")
        return self.line(text)

    def _lines(self, text: Text) -> Line:
        lines = [self.words(line) for line in self._places.mark(text).strip().split("\n")]
        return Line("\n".join(line.plain for line in lines), Markup("<br>").join(line.html for line in lines))

    def _url(self, text: Text, url: str) -> str | None:
        if not self._places.none_in(text):
            return None
        try:
            return links.checked(url)
        except links.LinkError as err:
            self._faults.append(Fault(text.where, err.message, err.cure, links.RULE))
            return None

    def _picture(self, image: Image) -> Picture | None:
        try:
            asset = self._asset(image.file, image.width)
        except FaultsFound as found:
            self._faults += found.faults
            return None
        if image.link and not image.alt:
            message = _("An image that is a link needs “alt”: it says where the link leads.")
            cure = _("Write “alt:” instead of “decorative: true”, or leave out the link.")
            self._faults.append(Fault(image.link.where, message, cure))
        return Picture(
            asset=asset,
            alt=self.line(image.alt).plain if image.alt else "",
            caption=self._text(image.caption, 0) if image.caption else None,
            credit=self._text(image.credit, 0) if image.credit else None,
            link=self._url(image.link, image.link.value) if image.link else None,
        )
