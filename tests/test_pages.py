"""What readers see in a real browser: the real issue and one that has everything, in every light."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from newsletter.build import build
from newsletter.issue_id import IssueId
from newsletter.mail.salutation import Reader
from newsletter.workspace import Workspace
from tests.browser import browser, needs_browser, open_page, overflow
from tests.compose import workshop
from tests.compose.kitchen_sink import ISSUE

pytestmark = needs_browser
ROOT = Path(__file__).parents[1]
PAGES = ("mail.html", "archive/index.html")
DROP_STYLES = "() => document.querySelectorAll('style').forEach(element => element.remove())"
SCHEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [360, 800])
ISSUES = pytest.mark.parametrize("issue", ["real", "everything"])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here."""
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both issues, built."""
    folder = tmp_path_factory.mktemp("pages")
    real = Workspace.find(ROOT, {"NEWSLETTER_PATHS__BUILD": str(folder / "real")})
    settings = workshop.SETTINGS
    workshop.issue_file(folder / "issues", ISSUE)
    return {
        "real": build(real, IssueId(2023, 3), Reader()).folder,
        "everything": build(Workspace(folder, settings), IssueId(2024, 4), Reader()).folder,
    }


@ISSUES
@WIDTHS
@SCHEMES
@pytest.mark.parametrize("page", PAGES)
def test_nothing_sticks_out(
    chromium: Browser, builds: dict[str, Path], issue: str, page: str, *, width: int, dark: bool
) -> None:
    """No box and no line of text reaches over the window's edge, on a phone or a desk."""
    shown = open_page(chromium, builds[issue] / page, width=width, dark=dark)

    assert overflow(shown) == []


@ISSUES
@WIDTHS
def test_the_mail_holds_without_its_style(
    chromium: Browser, builds: dict[str, Path], issue: str, width: int
) -> None:
    """GMX and WEB.DE drop <style>: nothing sticks out, and headings, links and text keep their looks."""
    shown = open_page(chromium, builds[issue] / "mail.html", width=width, dark=False, javascript=True)
    shown.evaluate(DROP_STYLES)

    assert overflow(shown) == []
    assert _style(shown, "h1", "fontSize") == "32px"
    assert _style(shown, "p a", "color") == "rgb(11, 100, 116)"
    assert _style(shown, "h2", "fontWeight") == "700"


@ISSUES
@SCHEMES
def test_the_mail_tells_its_images_when_they_are_off(
    chromium: Browser, builds: dict[str, Path], issue: str, *, dark: bool
) -> None:
    """With images blocked, images that tell something show their text, and nothing sticks out."""
    shown = open_page(chromium, builds[issue] / "mail.html", width=360, dark=dark, images=False)
    alternatives = shown.eval_on_selector_all("img", "images => images.map(image => image.alt)")

    assert overflow(shown) == []
    assert any(alternatives)


def test_buttons_fill_the_width_of_a_phone(chromium: Browser, builds: dict[str, Path]) -> None:
    """On a phone a button is as wide as the text, 44 px high at least; on a desk as wide as its label."""
    phone = open_page(chromium, builds["everything"] / "mail.html", width=360, dark=False)
    desk = open_page(chromium, builds["everything"] / "mail.html", width=800, dark=False)

    for name in ("Alles lesen", "Zum Antrag"):
        narrow, wide = (page.get_by_role("link", name=name).bounding_box() for page in (phone, desk))
        assert narrow is not None
        assert wide is not None
        assert narrow["width"] == pytest.approx(320, abs=1)
        assert narrow["height"] >= 44
        assert wide["width"] < 250


@SCHEMES
def test_images_keep_their_proportions(chromium: Browser, builds: dict[str, Path], *, dark: bool) -> None:
    """The map fills the text's width on a phone, undistorted."""
    shown = open_page(chromium, builds["real"] / "mail.html", width=360, dark=dark)
    box = shown.get_by_alt_text("Karte von Nordrhein-Westfalen").bounding_box()

    assert box is not None
    assert box["width"] == pytest.approx(320, abs=1)
    assert box["height"] / box["width"] == pytest.approx(1060 / 1200, abs=0.01)


@ISSUES
def test_dark_mode_reaches_every_ground(chromium: Browser, builds: dict[str, Path], issue: str) -> None:
    """In dark mode no large light ground is left: every section's background is a dark one."""
    shown = open_page(chromium, builds[issue] / "mail.html", width=800, dark=True, javascript=True)
    light = shown.evaluate(
        """() => [...document.querySelectorAll('body, div, table, td')].filter(element => {
          const box = element.getBoundingClientRect();
          const parts = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
          const shown = parts.length < 4 || parts[3] > 0;
          const brightness = (parts[0] * 299 + parts[1] * 587 + parts[2] * 114) / 1000;
          return shown && box.width > 400 && box.height > 20 && brightness > 110;
        }).map(element => element.outerHTML.slice(0, 120))"""
    )

    assert light == []


def test_the_page_prints_on_white(chromium: Browser, builds: dict[str, Path]) -> None:
    """In print the page's grounds are white and its text is black, whatever the screen's scheme."""
    shown = open_page(chromium, builds["real"] / "archive/index.html", width=800, dark=True, javascript=True)
    shown.emulate_media(media="print")

    assert _style(shown, "main", "backgroundColor") == "rgb(255, 255, 255)"
    assert _style(shown, "h1", "color") == "rgb(0, 0, 0)"


def _style(page: Page, selector: str, name: str) -> str:
    """Return a computed style of the first element that matches."""
    found: str = page.eval_on_selector(selector, f"element => getComputedStyle(element).{name}")
    return found
