"""The mail's HTML: MJML from the templates, checked, compiled, and the styled content put into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from newsletter.compose import mjml, mjml_check
from newsletter.compose.audience import Audience
from newsletter.compose.cache import Drawer
from newsletter.compose.content import Picture
from newsletter.compose.edition import Asset
from newsletter.compose.fragments import Fragments
from newsletter.compose.galley import Galley
from newsletter.compose.inline import Inliner
from newsletter.compose.theme import Theme
from newsletter.compose.tidy import tidied
from newsletter.errors import Fault, FaultsFound
from newsletter.issue.model import Section
from newsletter.settings_model import Settings


class MailImages:
    """The images of the mail: hosted at `[web] assets_url`, or embedded and named by Content-ID."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.web.assets_url
        self._domain = settings.sender.address.rpartition("@")[2]
        self.assets: dict[str, Asset] = {}

    def source(self, picture: Picture) -> str:
        """Return the address of an image and note that the mail shows it."""
        self.assets[picture.asset.name] = picture.asset
        return self._address(picture.asset.name)

    @property
    def sources(self) -> Mapping[str, str]:
        """The address of each image by its name."""
        return {name: self._address(name) for name in sorted(self.assets)}

    @property
    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Width and height of each image by its address."""
        return {self._address(name): (asset.width, asset.height) for name, asset in self.assets.items()}

    def _address(self, name: str) -> str:
        return f"{self._base.rstrip('/')}/{name}" if self._base else f"cid:{name}@{self._domain}"


class HtmlPart:
    """Writes the HTML of every variant of an issue."""

    def __init__(self, theme: Theme, galley: Galley, settings: Settings) -> None:
        self._theme = theme
        self._galley = galley
        self.images = MailImages(settings)

    def htmls(self, groups: Sequence[Audience], drawer: Drawer) -> list[str]:
        """Write one mail for each group; new content is inlined in a single run for all of them.

        Raises:
            FaultsFound: a template fails or writes wrong MJML, each time at its line.
        """
        fragments = Fragments()
        sources = self._mjml(groups, fragments, self._theme.render)
        if any(mjml_check.problems(source) for source in sources):
            raise FaultsFound(self._template_faults(groups))
        skeletons = [tidied(mjml.compiled(source), self.images.sizes) for source in sources]
        css = self._theme.render("layout/content.css.j2", self._galley.common)
        return fragments.splice(skeletons, Inliner(css, drawer))

    def _mjml(
        self, groups: Sequence[Audience], fragments: Fragments, render: Callable[..., str]
    ) -> list[str]:
        """Render the MJML of each group; a section is rendered once, however many groups see it."""
        context = {**self._galley.common, "content": fragments.add, "src": self.images.source}

        def section(part: Section) -> Markup:
            view = {**context, "s": self._galley.view(part)}
            return Markup(render(f"sections/{part.type.name}/mail.mjml.j2", view))  # noqa: S704 (autoescaped)

        seen = {part.anchor: part for group in groups for part in group.sections}
        pieces = {anchor: section(part) for anchor, part in seen.items()}
        return [
            render(
                "layout/mail.mjml.j2",
                {
                    **context,
                    "contents": self._galley.contents(group.sections),
                    "sections": [pieces[part.anchor] for part in group.sections],
                },
            )
            for group in groups
        ]

    def _template_faults(self, groups: Sequence[Audience]) -> list[Fault]:
        """Render once more with marks, to name the template lines that wrote wrong MJML."""
        faults = []
        for marked in self._mjml(groups, Fragments(), self._theme.marked):
            origin = self._theme.origin(marked)
            faults += [
                Fault(origin.where(problem.offset), problem.message, problem.cure)
                for problem in mjml_check.problems(origin.text)
            ]
        return faults
