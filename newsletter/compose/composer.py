"""From an issue to its edition: set the content, render the three media, compile, inline, freeze."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from newsletter.compose import audience, mjml, mjml_check
from newsletter.compose.audience import Audience
from newsletter.compose.cache import Drawer
from newsletter.compose.content import Content, Entry, Picture
from newsletter.compose.edition import Asset, Edition, Variant
from newsletter.compose.fragments import Fragments
from newsletter.compose.frame import Frame
from newsletter.compose.images import Darkroom
from newsletter.compose.inline import Inliner
from newsletter.compose.markdown import Markdown
from newsletter.compose.media import MailImages, PageImages
from newsletter.compose.places import PlaceBook
from newsletter.compose.text import Sheet
from newsletter.compose.theme import Theme
from newsletter.compose.typography import Hyphenator
from newsletter.errors import Fault, FaultsFound
from newsletter.issue.model import Issue, Section
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
        self._cache = cache
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
        self._mail_images = MailImages(settings)
        self._page_images = PageImages()

    def check(self) -> list[Fault]:
        """Return what is wrong with the content, without composing it."""
        self._set()
        return self._content.faults

    def edition(self) -> Edition:
        """Compose all variants and the page."""
        common, views = self._set()
        if self._content.faults:
            raise FaultsFound(self._content.faults)
        audiences = audience.audiences(self._issue.sections)
        if not all(group.sections for group in audiences):
            message = _("A reader in none of the segments would get an empty issue.")
            cure = _("Leave at least one section without “only:”.")
            raise FaultsFound([Fault(self._issue.sections[0].where, message, cure)])
        htmls = self._mails(audiences, common, views)
        variants = tuple(
            Variant(
                name=group.name,
                memberships=group.memberships,
                sections=tuple(section.anchor for section in group.sections),
                html=html,
                text=self._text(group, common, views),
            )
            for group, html in zip(audiences, htmls, strict=True)
        )
        page = self._places.plain(self._page(audiences[0], common, views))
        self._drawer.save()
        return self._frozen(common, variants, page)

    def _set(self) -> tuple[dict[str, Any], dict[str, SimpleNamespace]]:
        """Set every text of the issue: what all templates see, and each section's view by its anchor."""
        common = self._frame.common(self._issue)
        return common, {section.anchor: self._content.section(section) for section in self._issue.sections}

    def _frozen(self, common: Mapping[str, Any], variants: tuple[Variant, ...], page: str) -> Edition:
        assets: dict[str, Asset] = {**self._mail_images.assets, **self._page_images.assets}
        return Edition(
            id=self._issue.id,
            date=self._issue.date,
            language=self._issue.language,
            title=self._places.plain(common["issue"].title.plain),
            subject=common["issue"].subject.plain,
            preheader=common["issue"].preheader.plain,
            places=self._places.places,
            segments=audience.segments(self._issue.sections),
            variants=variants,
            page=page,
            assets=tuple(assets[name] for name in sorted(assets)),
            mail_sources=self._mail_images.sources,
            page_assets=tuple(sorted(self._page_images.assets)),
        )

    def _contents(self, sections: Sequence[Section]) -> list[Entry]:
        listed = [section for section in sections if section.contents is not None]
        if not self._issue.contents or len(listed) < 2:
            return []
        return [
            Entry(section.anchor, self._content.line(section.contents))
            for section in listed
            if section.contents
        ]

    def _mails(
        self, audiences: Sequence[Audience], common: Mapping[str, Any], views: Mapping[str, SimpleNamespace]
    ) -> list[str]:
        fragments = Fragments()
        sources = self._mjml(audiences, common, views, fragments)
        if any(mjml_check.problems(source) for source in sources):
            raise FaultsFound(self._template_faults(audiences, common, views))
        skeletons = [mjml.compiled(source) for source in sources]
        css = self._theme.render("layout/content.css.j2", common)
        return fragments.splice(skeletons, Inliner(css, self._drawer))

    def _mjml(
        self,
        audiences: Sequence[Audience],
        common: Mapping[str, Any],
        views: Mapping[str, SimpleNamespace],
        fragments: Fragments,
        *,
        marked: bool = False,
    ) -> list[str]:
        """Render the MJML of each variant; a section is rendered once, however many variants hold it."""
        context = {**common, "content": fragments.add, "src": self._mail_images.source}

        def section(part: Section) -> Markup:
            name = f"sections/{part.type.name}/mail.mjml.j2"
            return Markup(self._theme.render(name, {**context, "s": views[part.anchor]}, marked=marked))  # noqa: S704

        pieces = {part.anchor: section(part) for part in self._issue.sections}
        return [
            self._theme.render(
                "layout/mail.mjml.j2",
                {
                    **context,
                    "contents": self._contents(group.sections),
                    "sections": [pieces[part.anchor] for part in group.sections],
                },
                marked=marked,
            )
            for group in audiences
        ]

    def _template_faults(
        self, audiences: Sequence[Audience], common: Mapping[str, Any], views: Mapping[str, SimpleNamespace]
    ) -> list[Fault]:
        """Render once more with marks, to name the template lines that wrote wrong MJML."""
        faults = []
        for marked in self._mjml(audiences, common, views, Fragments(), marked=True):
            origin = self._theme.origin(marked)
            faults += [
                Fault(origin.where(problem.offset), problem.message, problem.cure)
                for problem in mjml_check.problems(origin.text)
            ]
        return faults

    def _text(self, group: Audience, common: Mapping[str, Any], views: Mapping[str, SimpleNamespace]) -> str:
        sheet = Sheet(self._phrases)
        context = {**common, "sheet": sheet, "contents": self._contents(group.sections)}

        def section(part: Section) -> str:
            view = views[part.anchor]
            if view.plain is not None:
                return sheet.prose(view.plain.tokens)
            return self._theme.render(f"sections/{part.type.name}/text.txt.j2", {**context, "s": view})

        top = self._theme.render("layout/top.txt.j2", context)
        body = [section(part) for part in group.sections]
        foot = self._theme.render("layout/foot.txt.j2", {**context, "references": sheet.references()})
        return _blank_lines([top, *body, foot])

    def _share_image(
        self, sections: Sequence[Section], views: Mapping[str, SimpleNamespace]
    ) -> Picture | None:
        """Choose the picture that portals show for the page: the first that tells something."""
        return next(filter(None, (_picture(views[section.anchor]) for section in sections)), None)

    def _page(self, group: Audience, common: Mapping[str, Any], views: Mapping[str, SimpleNamespace]) -> str:
        context = {**common, "src": self._page_images.source}
        render: Callable[[Section], str] = lambda part: self._theme.render(  # noqa: E731
            f"sections/{part.type.name}/page.html.j2", {**context, "s": views[part.anchor]}
        )
        sections = [Markup(render(part)) for part in group.sections]  # noqa: S704 (rendered with autoescape)
        context["share_image"] = self._share_image(group.sections, views)
        return self._theme.render(
            "layout/page.html.j2",
            {**context, "contents": self._contents(group.sections), "sections": sections},
        )


def _picture(view: SimpleNamespace) -> Picture | None:
    return next((value for value in vars(view).values() if isinstance(value, Picture) and value.alt), None)


def _blank_lines(parts: Sequence[str]) -> str:
    """Join blocks with exactly one empty line between paragraphs, and end with a line feed."""
    lines: list[str] = []
    for line in "\n\n".join(parts).split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line if line.strip() else "")
    return "\n".join(lines).strip("\n") + "\n"
