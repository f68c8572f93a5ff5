"""The page of differences: complete by itself, without a word taken as HTML, and fit for every screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html as lxml_html
from playwright.sync_api import Browser

from newsletter import language
from newsletter.difference import page
from tests.browser import browser, needs_browser, open_page, overflow
from tests.difference.editions import ARTICLE, EVENTS, IMAGE, LETTER, difference
from tests.judges.accessibility import axe, needs_axe

BEFORE = [LETTER, ARTICLE, IMAGE, EVENTS]
AFTER = [
    EVENTS,
    {**LETTER, "text": "Guten Tag & viel `<Freude>` beim Lesen."},
    {**ARTICLE, "text": "Das Freibad öffnet am [Sonntag](https://bad.example/?a=1&b=2)."},
    {**IMAGE, "image": {"file": "logo.png", "alt": "Das Rathaus von Süden"}},
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here."""
    with browser() as started:
        yield started


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The page, in a file."""
    path = tmp_path / "diff.html"
    path.write_text(page.html(difference(tmp_path, BEFORE, AFTER)), encoding="utf-8")
    return path


def test_words_are_marked_as_what_they_are(written: Path) -> None:
    """What was put in is `ins`, what was taken out `del`; what an editor wrote is never markup."""
    tree = lxml_html.parse(str(written), lxml_html.HTMLParser(encoding="utf-8")).getroot()
    put_in = " ".join(str(element.text_content()) for element in tree.iter("ins"))

    assert "<" in put_in
    assert "https://bad.example/?a=1&b=2" in put_in
    assert not list(tree.iter("freude"))


def test_the_page_stands_by_itself(written: Path) -> None:
    """Both images of a pair are in it; nothing is loaded from elsewhere, no script runs."""
    tree = lxml_html.parse(str(written), lxml_html.HTMLParser(encoding="utf-8")).getroot()
    sources = [image.get("src", "") for image in tree.iter("img")]

    assert len(set(sources)) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not list(tree.iter("script", "link"))


def test_the_page_speaks_the_editors_language(tmp_path: Path) -> None:
    """Its language is named, for screen readers."""
    language.use("de")
    assert '<html lang="de">' in page.html(difference(tmp_path, BEFORE, AFTER))


@needs_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 800])
def test_nothing_sticks_out(chromium: Browser, written: Path, width: int, *, dark: bool) -> None:
    """On a phone and on a desk."""
    shown = open_page(chromium, written, width=width, dark=dark)
    assert overflow(shown) == []
    assert shown.locator("ins").first.evaluate("e => getComputedStyle(e).textDecorationLine") == "underline"
    assert (
        shown.locator("del").first.evaluate("e => getComputedStyle(e).textDecorationLine") == "line-through"
    )


@needs_browser
@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing(chromium: Browser, written: Path, width: int, *, dark: bool) -> None:
    """WCAG 2.2 A and AA and what axe-core holds for good practice, with everything unfolded."""
    assert axe(chromium, written.parent, written.name, dark=dark, width=width).findings == ()
