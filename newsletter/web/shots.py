"""Pictures of an issue in all its views, for the record and for reviews: PNG files and a sheet of them all.

The same edition gives the same pictures on one machine: no clock, no network, no script and no animation
gets in. Another machine has other fonts, and so other pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import __version__, pages
from newsletter.compose.edition import Edition
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.web import browsing, views
from newsletter.web.samples import samples
from newsletter.web.views import Received, View
from newsletter.web.words import HINTS, VIEWS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

WIDTHS = (800, 360)
"""Of a desk and of a phone, in CSS pixels."""
HIGHEST = 16_000
"""Pixels; Chromium repeats or blackens what is beyond 16,384."""
INDEX = "index.html"
_THERE = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
}"""
"""Waits until fonts are loaded and images decoded; a broken image is shown as one."""
_TRIES = 5
_SHORT = 600
"""Height of the window; a view shorter than that has ground below it."""


class ShotsError(NewsletterError, OSError):
    """The pictures could not be written."""


@dataclass(frozen=True)
class Shot:
    """A picture to be taken."""

    name: str
    """Of its file, without `.png`."""
    title: str
    hint: str
    """Who sees it so."""
    width: int
    """Of the window, in CSS pixels."""
    document: str


@dataclass(frozen=True)
class Taken:
    """A picture that was taken."""

    shot: Shot
    path: Path
    height: int
    """In CSS pixels."""
    is_cut: bool
    """Whether the view is longer than a picture can be."""


def planned(edition: Edition, settings: Settings, widths: Sequence[int] = WIDTHS) -> Iterator[Shot]:
    """Give every view as a reader gets it of whom nothing is known, and the mail of each other variant."""
    neutral, *others = samples(edition, settings)
    mail = Received.of(edition, neutral.reader, settings)
    for view in View:
        document = views.document(view, mail)
        for width in widths:
            yield Shot(f"{view}-{width}", _(VIEWS[view]), _(HINTS[view]), width, document)
    for sample in others:
        if sample.of_segment:
            variant = Received.of(edition, sample.reader, settings)
            title = f"{_(VIEWS[View.LIGHT])}: {sample.name}"
            for width in widths:
                name = f"{View.LIGHT}-{variant.variant.name}-{width}"
                hint = _("What readers in these segments get.")
                yield Shot(name, title, hint, width, views.document(View.LIGHT, variant))


def take(
    edition: Edition,
    settings: Settings,
    folder: Path,
    *,
    browser: Path | None,
    environ: Mapping[str, str],
) -> list[Path]:
    """Write the pictures and their sheet into a folder; return the files, the sheet last.

    Raises:
        UsageError: the browser that is named is no program.
        NoBrowserError: there is no browser, or it does not start.
        ShotsError: the files could not be written.
    """
    program = browsing.executable(browser, environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with browsing.opened(program) as chromium:
            taken = [_taken(chromium, shot, folder) for shot in planned(edition, settings)]
        index = folder / INDEX
        index.write_text(_sheet(edition, taken), encoding="utf-8")
    except OSError as err:
        if isinstance(err, NewsletterError):
            raise
        message = _("The pictures cannot be written to {folder}: {reason}.")
        raise ShotsError(message.format(folder=folder, reason=err.strerror)) from err
    return [*(one.path for one in taken), index]


def picture(chromium: Browser, document: str, *, width: int) -> tuple[bytes, int, bool]:
    """Take a picture of a document from top to bottom, a pixel for each CSS pixel.

    Returns:
        the PNG file, the document's height in CSS pixels, and whether that is more than a picture can hold.
    """
    context = chromium.new_context(
        viewport={"width": width, "height": _SHORT},
        device_scale_factor=1,
        java_script_enabled=False,
        offline=True,
        reduced_motion="reduce",
        color_scheme="light",  # a view decides itself whether it is dark
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        page = context.new_page()
        page.set_content(document, wait_until="load")
        page.evaluate(_THERE)
        height = int(page.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)"))
        height = max(height, _SHORT)
        shown = min(height, HIGHEST)
        data = _at_rest(page, {"x": 0, "y": 0, "width": width, "height": shown})
    finally:
        context.close()
    return data, height, shown < height


def _at_rest(page: Page, clip: FloatRect) -> bytes:
    """Take a picture until it is the same twice: on a busy machine the first may lack a part."""
    before = b""
    for _time in range(_TRIES):
        data = page.screenshot(full_page=True, clip=clip, animations="disabled")
        if data == before:
            break
        before = data
    return before


def _taken(chromium: Browser, shot: Shot, folder: Path) -> Taken:
    data, height, is_cut = picture(chromium, shot.document, width=shot.width)
    path = folder / f"{shot.name}.png"
    path.write_bytes(data)
    return Taken(shot, path, height, is_cut)


def _sheet(edition: Edition, taken: Sequence[Taken]) -> str:
    """Return a page that shows all pictures, each view at its widths side by side."""
    rows: dict[str, list[Taken]] = {}
    for one in taken:
        rows.setdefault(one.shot.title, []).append(one)
    context = {
        "title": edition.title,
        "id": str(edition.id),
        "digest": edition.digest,
        "subject": edition.fill(edition.subject, {}),
        "rows": rows,
        "version": __version__,
    }
    return pages.render("shots.html.j2", context)
