"""From an issue to its edition: set its words, write the three media, freeze them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import escape

from newsletter.compose import audience
from newsletter.compose.audience import Audience
from newsletter.compose.cache import Drawer
from newsletter.compose.content import Content
from newsletter.compose.edition import Asset, Edition, Variant
from newsletter.compose.frame import Frame
from newsletter.compose.galley import Galley
from newsletter.compose.html_part import HtmlPart
from newsletter.compose.images import Darkroom
from newsletter.compose.markdown import Markdown
from newsletter.compose.page import Page
from newsletter.compose.places import PlaceBook
from newsletter.compose.text_part import TextPart
from newsletter.compose.theme import Theme
from newsletter.compose.typography import Hyphenator
from newsletter.errors import Fault, FaultsFound
from newsletter.issue.model import Issue
from newsletter.language import Phrases, _
from newsletter.settings_model import Settings


def compose(issue: Issue, settings: Settings, folders: Sequence[Path], cache: Path | None = None) -> Edition:
    """Compose an issue; `folders` are the theme's, `cache` a folder that may be lost at any time.

    Raises:
        FaultsFound: everything wrong with texts, links, images and personal places, or with a template.
    """
    return Composer(issue, settings, folders, cache).edition()


class Composer:
    """One issue being composed."""

    def __init__(self, issue: Issue, settings: Settings, folders: Sequence[Path], cache: Path | None) -> None:
        self._issue = issue
        self._settings = settings
        self._phrases = Phrases(issue.language)
        self._theme = Theme(folders, self._phrases, cache)
        self._drawer = Drawer(cache / f"texts-{issue.id}.json" if cache else None)
        self._places = PlaceBook(settings.fields, self._phrases)
        hyphenate = Hyphenator(issue.language, settings.newsletter.hyphenation, self._drawer)
        darkroom = Darkroom(issue.folder, cache / "images" if cache else None)
        self._content = Content(
            places=self._places,
            markdown=Markdown(issue.language, hyphenate),
            hyphenate=hyphenate,
            asset=darkroom.asset,
            phrases=self._phrases,
        )
        self._frame = Frame(self._content, self._places, settings, self._theme, cache)

    def check(self) -> list[Fault]:
        """Return what is wrong with the content, without composing it."""
        self._galley()
        return self._content.faults

    def edition(self) -> Edition:
        """Compose all variants and the page."""
        galley = self._galley()
        if self._content.faults:
            raise FaultsFound(self._content.faults)
        groups = audience.audiences(self._issue.sections)
        if empty := [self._empty(group) for group in groups if not group.sections]:
            raise FaultsFound(empty)
        html_part = HtmlPart(self._theme, galley, self._settings)
        text_part = TextPart(self._theme, galley, self._phrases)
        page = Page(self._theme, galley)
        variants = tuple(
            Variant(
                name=group.name,
                memberships=group.memberships,
                sections=tuple(section.anchor for section in group.sections),
                html=html,
                text=text_part.text(group),
            )
            for group, html in zip(groups, html_part.htmls(groups, self._drawer), strict=True)
        )
        page_html = self._places.plain(page.html(groups[0]), escape)
        self._drawer.save()
        issue = galley.common["issue"]
        assets: dict[str, Asset] = {**html_part.images.assets, **page.images.assets}
        return Edition(
            id=self._issue.id,
            date=self._issue.date,
            language=self._issue.language,
            title=self._places.plain(issue.title.plain),
            subject=issue.subject.plain,
            preheader=issue.preheader.plain,
            places=self._places.places,
            segments=audience.segments(self._issue.sections),
            variants=variants,
            page=page_html,
            assets=tuple(assets[name] for name in sorted(assets)),
            mail_sources=html_part.images.sources,
            page_assets=tuple(sorted(page.images.assets)),
        )

    def _galley(self) -> Galley:
        return Galley.of(self._issue, self._content, self._frame)

    def _empty(self, group: Audience) -> Fault:
        """Complain about readers of whom no section is left."""
        message = _("A reader in none of the segments would get an empty issue.")
        cure = _("Leave at least one section without “only:”.")
        if frozenset() not in group.memberships:
            message = _("A reader in {segments} would get an empty issue.").format(segments=group.name)
            cure = _("Leave at least one section without “not:”.")
        return Fault(self._issue.sections[0].where, message, cure)
