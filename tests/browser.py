"""The system's Chromium, driven by Playwright: pages as people see them, light and dark, wide and narrow.

Playwright brings only the driver; the browser is the system's own, so nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PATHS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
ARGUMENTS = (
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox refuses to start
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CURE = "No Chromium found: apt install chromium, or name the program in CHROMIUM."

# What sticks out over the right edge, boxes and lines of text, told once for the innermost element. What a
# narrower ancestor clips or scrolls (a wide table in its own scroller) does not stick out.
OVERFLOW = """() => {
  const edge = window.innerWidth, found = [];
  const clips = e => getComputedStyle(e).overflowX !== 'visible';
  const box = e => e.getBoundingClientRect();
  const line = node => {
    const range = document.createRange();
    range.selectNode(node);
    return box(range).right;
  };
  const lines = e => clips(e) ? [] : [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(line);
  const right = e => Math.max(box(e).right, ...lines(e));
  const shown = e => box(e).width > 0 && box(e).height > 0 && getComputedStyle(e).visibility !== 'hidden';
  const held = e => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (clips(p) && box(p).right <= edge + 0.5) return true;
    return false;
  };
  const all = [...document.body.querySelectorAll('*')];
  const bad = all.filter(e => right(e) > edge + 0.5 && shown(e) && !held(e));
  for (const e of bad.filter(e => !bad.some(other => other !== e && e.contains(other)))) {
    const name = [e.tagName.toLowerCase(), ...e.classList].join('.');
    const text = e.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60);
    found.push(`<${name}> sticks out by ${Math.ceil(right(e) - edge)} px: ${text}`);
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > edge) found.push(`the page is ${wide} px wide in a window of ${edge} px`);
  return found;
}"""


class NoBrowser(RuntimeError):
    """No Chromium found: apt install chromium, or name the program in CHROMIUM."""

    def __init__(self) -> None:
        super().__init__(CURE)


def chromium_path() -> str | None:
    """The Chromium to use: CHROMIUM if set, else the first one that the system has."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    on_path = (shutil.which(name) for name in NAMES)
    on_mac = (str(path) for path in MAC_PATHS if path.exists())
    return next((path for path in on_path if path), None) or next(on_mac, None)


# In CI (NEWSLETTER_CI=1) nothing is skipped: a test without its browser fails there with NoBrowser.
needs_browser = pytest.mark.skipif(
    chromium_path() is None and os.environ.get("NEWSLETTER_CI") != "1",
    reason=CURE,
)


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser, closed at the end.

    Raises:
        NoBrowser: the system has none.
    """
    executable = chromium_path()
    if executable is None:
        raise NoBrowser
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield chromium
        finally:
            chromium.close()


def open_page(
    chromium: Browser,
    path: Path,
    *,
    width: int,
    dark: bool,
    javascript: bool = False,
    images: bool = True,
    height: int = 900,
) -> Page:
    """Open a file as a reader would, without a network; `page.context.close()` ends it.

    Args:
        chromium: from `browser()`.
        path: an HTML file.
        width: of the window, in CSS pixels.
        dark: whether the reader prefers dark colours.
        javascript: whether scripts of the page run; mail programs run none.
        images: whether images are shown; many mail programs ask first.
        height: of the window, in CSS pixels.
    """
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
        bypass_csp=javascript,
        offline=True,
        locale="de-DE",
    )
    page = context.new_page()
    if not images:
        page.route("**/*", _without_images)
    page.goto(path.resolve().as_uri())
    return page


def overflow(page: Page) -> list[str]:
    """What sticks out over the window's right edge, one sentence each; empty when all is well."""
    found: list[str] = page.evaluate(OVERFLOW)
    return found


def screenshot(page: Page, path: Path, *, full_page: bool = True) -> Path:
    """A PNG of the page at `path`, whose folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=full_page, animations="disabled")
    return path


def _without_images(route: Route) -> None:
    if route.request.resource_type == "image":
        route.abort()
    else:
        route.continue_()
