"""The views of a mail: each an HTML document that shows what a kind of mail program makes of it.

Pure functions from an edition and a reader to documents that stand by themselves: whether a view is dark does
not depend on the browser that shows it. Images are `data:` addresses, or what the caller makes of them.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Self

from markupsafe import Markup

from newsletter import pages
from newsletter.compose.edition import Asset, Edition, Variant
from newsletter.language import Phrases
from newsletter.mail import salutation
from newsletter.mail.salutation import Reader
from newsletter.mail.tokens import STAND_IN
from newsletter.mail.ways_out import PLACE, WaysOut
from newsletter.settings_model import Settings
from newsletter.web import inversion, source

Address = Callable[[Asset], str]
"""Says where the browser finds an image."""

_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(?:light|no-preference)\s*\)", re.IGNORECASE)
_HOLDS, _FAILS = "(min-width: 0)", "(max-width: 0)"
"""Media features that are always and never true; they fit wherever another one stood."""
_STYLE = re.compile(
    r"<style\b[^>]*>.*?</style>|<link\b[^>]*\brel=\"?stylesheet[^>]*>", re.DOTALL | re.IGNORECASE
)
_MEDIA = re.compile(rf"{_STYLE.pattern}|<(?:link|source|meta)\b[^>]*>", re.DOTALL | re.IGNORECASE)
"""Where a document asks for the browser's colour scheme."""
_IMAGE = re.compile(r"""<img\b[^>]*>""", re.IGNORECASE)
_SRC = re.compile(r"""(\ssrc=")[^"]*(")""", re.IGNORECASE)
_BACKGROUND = re.compile(r"""(\sbackground=")[^"]*(")""", re.IGNORECASE)
_CSS_IMAGE = re.compile(r"""url\(\s*(?!["']?#)[^)]*\)""", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]|mailto:[^\s<>\"]+")
_HEAD = re.compile(r"</head>", re.IGNORECASE)
_NO_IMAGE = "data:,"
"""An address of nothing: browsers then show what stands for the image, as mail programs do."""
_BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_SOFT_BREAK = re.compile(r"(?<!^--) \n", re.MULTILINE)


class View(StrEnum):
    """A way to look at an issue."""

    LIGHT = "light"
    DARK = "dark"  #: as the mail itself asks for it
    FORCED = "forced"  #: as programs invert a mail that did not ask
    NO_IMAGES = "no-images"
    NO_STYLE = "no-style"  #: without `<style>`, as GMX and WEB.DE show it in the browser
    TEXT = "text"
    PAGE = "page"  #: the archive page
    PAGE_DARK = "page-dark"
    SOURCE = "source"


def as_data(asset: Asset) -> str:
    """Give an image as an address that holds it."""
    return f"data:{asset.media_type};base64,{base64.b64encode(asset.data).decode()}"


@dataclass(frozen=True, kw_only=True)
class Received:
    """What one reader gets."""

    edition: Edition
    variant: Variant
    values: Mapping[str, str]
    """What stands in the personal places."""

    @classmethod
    def of(cls, edition: Edition, reader: Reader, settings: Settings) -> Self:
        """Fill in what is known of a reader, and a link to unsubscribe whose token nobody has."""
        filled = salutation.values(reader, Phrases(edition.language))
        link = STAND_IN.join(WaysOut.of(settings).url)
        values = {**filled, PLACE: link} if link else filled
        return cls(edition=edition, variant=edition.variant_for(reader.segments), values=values)

    @cached_property
    def html(self) -> str:
        """The HTML part, to the byte."""
        return self.edition.fill(self.variant.html, self.values, html.escape)

    @cached_property
    def text(self) -> str:
        """The text part."""
        return self.edition.fill(self.variant.text, self.values)

    @property
    def subject(self) -> str:
        """The subject."""
        return self.edition.fill(self.edition.subject, self.values)

    @property
    def preheader(self) -> str:
        """What inboxes show behind the subject."""
        return self.edition.fill(self.edition.preheader, self.values)


def document(view: View, mail: Received, *, image: Address = as_data) -> str:
    """Return the HTML document of a view."""
    if view is View.TEXT:
        return _text_page(mail)
    if view is View.SOURCE:
        return source.document(mail.edition, mail.html, mail.text)
    if view in {View.PAGE, View.PAGE_DARK}:
        return _in_scheme(_with_page_images(mail.edition, image), dark=view is View.PAGE_DARK)
    page = _without_images(mail.html) if view is View.NO_IMAGES else _with_images(mail, image)
    if view is View.NO_STYLE:
        page = _STYLE.sub("", page)
    page = _in_scheme(page, dark=view is View.DARK)
    return _inverted(page) if view is View.FORCED else page


def _inverted(page: str) -> str:
    ground = f"html, body {{ background-color: {inversion.GROUND}; color: {inversion.INK} }}"
    return _with_style(inversion.inverted(page), ground)


def _in_scheme(page: str, *, dark: bool) -> str:
    """Let the rules for one colour scheme hold and those for the other never, whatever the browser likes."""

    def decided(found: re.Match[str]) -> str:
        rules = _DARK.sub(_HOLDS if dark else _FAILS, found[0])
        return _LIGHT.sub(_FAILS if dark else _HOLDS, rules)

    page = _MEDIA.sub(decided, page)
    return _with_style(page, f":root {{ color-scheme: {'dark' if dark else 'light'} !important }}")


def _with_style(page: str, css: str) -> str:
    """Put a rule of ours in front of the end of the head; it is none of the mail's."""
    return _HEAD.sub(lambda end: f"<style data-preview>{css}</style>{end[0]}", page, count=1)


def _with_images(mail: Received, image: Address) -> str:
    page, sources = mail.html, mail.edition.mail_sources
    for asset in mail.edition.assets:
        if asset.name in sources:
            page = page.replace(f'"{html.escape(sources[asset.name])}"', f'"{html.escape(image(asset))}"')
    return page


def _with_page_images(edition: Edition, image: Address) -> str:
    page = edition.page
    for asset in edition.assets:
        if asset.name in edition.page_assets:
            page = page.replace(f'"images/{asset.name}"', f'"{html.escape(image(asset))}"')
    return page


def _without_images(page: str) -> str:
    """Leave the alternative texts, and no picture behind anything."""
    page = _IMAGE.sub(_blocked, page)
    page = _BACKGROUND.sub(rf"\g<1>{_NO_IMAGE}\2", page)
    return _CSS_IMAGE.sub("none", page)


def _blocked(found: re.Match[str]) -> str:
    """Show what stands for an image; where nothing does, the room that it takes."""
    address = _BLANK if ' alt=""' in found[0] else _NO_IMAGE
    return _SRC.sub(rf"\g<1>{address}\2", found[0])


def _text_page(mail: Received) -> str:
    """Show the text part as programs do that know flowed text (RFC 3676): soft breaks are none."""
    text, parts, end = _SOFT_BREAK.sub(" ", mail.text), [], 0
    for found in _URL.finditer(text):
        link = html.escape(found[0])
        parts += [html.escape(text[end : found.start()]), f'<a href="{link}">{link}</a>']
        end = found.end()
    parts.append(html.escape(text[end:]))
    context = {
        "language": mail.edition.language,
        "subject": mail.subject,
        "text": Markup("".join(parts)),  # noqa: S704 (escaped above)
    }
    return pages.render("text.html.j2", context)
