"""The system's Chromium, driven by Playwright, which is there with the extra `newsletter[shots]` only.

Nothing is downloaded: the browser is the one that the machine has.
"""
# ruff: noqa: PLC0415 (Playwright is imported where it is needed, as most do without it)

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import NewsletterError, UsageError
from newsletter.language import _

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PATHS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",  # grey edges of letters look the same on every screen
    "--font-render-hinting=none",  # letters keep their widths, whatever the machine likes
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


class NoBrowserError(NewsletterError, FileNotFoundError):
    """There is no browser to take pictures with."""


def executable(named: Path | None, environ: Mapping[str, str]) -> str:
    """Find the browser: the one that is named, the one of CHROMIUM, or else what the system has.

    Raises:
        UsageError: the one that is named is no program.
        NoBrowserError: there is none.
    """
    if named is not None:
        found = shutil.which(str(named))
        if found is None:
            raise UsageError(_("{path} is no program that can be run.").format(path=named))
        return found
    wishes = [environ["CHROMIUM"]] if environ.get("CHROMIUM") else [*NAMES, *map(str, MAC_PATHS)]
    found = next((path for wish in wishes if (path := shutil.which(wish))), None)
    if found is None:
        raise NoBrowserError(
            _("There is no Chromium here to take pictures with."),
            cure=_("Have it installed (in Debian: apt install chromium), or name it with --browser PATH."),
        )
    return found


@contextmanager
def opened(program: str) -> Iterator[Browser]:
    """Start a headless browser; it is closed at the end.

    Raises:
        NoBrowserError: Playwright is not installed, or the program does not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as err:
        raise NoBrowserError(
            _("Pictures are taken with Playwright, which is not installed."),
            cure=_("Install it with: pip install 'newsletter[shots]'"),
        ) from err
    arguments = list(ARGUMENTS)
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's own refuses to start for root
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=arguments)
        except Error as err:
            reason = err.message.strip().splitlines()[0]
            raise NoBrowserError(
                _("{path} does not start: {reason}").format(path=program, reason=reason),
                cure=_("Name another Chromium with --browser PATH."),
            ) from err
        try:
            yield browser
        finally:
            browser.close()
