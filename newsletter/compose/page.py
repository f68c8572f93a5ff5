"""The archive page: HTML5 that stands by itself, its images in a folder beside it."""

from __future__ import annotations

from types import SimpleNamespace

from markupsafe import Markup

from newsletter.compose.audience import Audience
from newsletter.compose.content import Picture
from newsletter.compose.edition import Asset
from newsletter.compose.galley import Galley
from newsletter.compose.theme import Theme
from newsletter.issue.model import Section


class PageImages:
    """The images of the page, in the folder `images` beside it."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}

    def source(self, picture: Picture) -> str:
        """Return the address of an image and note that the page shows it."""
        self.assets[picture.asset.name] = picture.asset
        return f"images/{picture.asset.name}"


class Page:
    """Writes the archive page of an issue."""

    def __init__(self, theme: Theme, galley: Galley) -> None:
        self._theme = theme
        self._galley = galley
        self.images = PageImages()

    def html(self, group: Audience) -> str:
        """Write the page with the sections that a group sees."""
        context = {**self._galley.common, "src": self.images.source}

        def section(part: Section) -> Markup:
            view = {**context, "s": self._galley.view(part)}
            name = f"sections/{part.type.name}/page.html.j2"
            return Markup(self._theme.render(name, view))  # noqa: S704 (autoescaped)

        frame = {
            **context,
            "contents": self._galley.contents(group.sections),
            "sections": [section(part) for part in group.sections],
            "share_image": self._share_image(group),
        }
        return self._theme.render("layout/page.html.j2", frame)

    def _share_image(self, group: Audience) -> Picture | None:
        """Choose the picture that portals show for the page: the first that tells something."""
        pictures = (_picture(self._galley.view(section)) for section in group.sections)
        return next(filter(None, pictures), None)


def _picture(view: SimpleNamespace) -> Picture | None:
    return next((value for value in vars(view).values() if isinstance(value, Picture) and value.alt), None)
