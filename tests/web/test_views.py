"""The views of a mail: each shows what it says, whatever the browser that shows it prefers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from newsletter.build import edition_of
from newsletter.compose.edition import Edition
from newsletter.issue_id import IssueId
from newsletter.mail.salutation import Reader
from newsletter.settings_model import Settings
from newsletter.web import inbox, inversion
from newsletter.web.samples import chosen, samples
from newsletter.web.views import Received, View, document
from newsletter.workspace import Workspace
from tests.browser import browser, needs_browser
from tests.cli.office import Office
from tests.web.running import furnished


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose issue has a bit of everything."""
    return Workspace.find(furnished(Office(tmp_path_factory.mktemp("views"))).root, {})


@pytest.fixture(scope="module")
def settings(workspace: Workspace) -> Settings:
    """Its settings."""
    return workspace.settings


@pytest.fixture(scope="module")
def edition(workspace: Workspace) -> Edition:
    """Its edition."""
    return edition_of(workspace, IssueId(2024, 1))


@pytest.fixture
def mail(edition: Edition, settings: Settings) -> Received:
    """What a reader gets of whom nothing is known."""
    return Received.of(edition, Reader(), settings)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here."""
    with browser() as started:
        yield started


@needs_browser
@pytest.mark.parametrize("prefers", ["light", "dark"])
@pytest.mark.parametrize(
    ("view", "ground"),
    [
        (View.LIGHT, "rgb(234, 240, 241)"),
        (View.NO_IMAGES, "rgb(234, 240, 241)"),
        (View.NO_STYLE, "rgb(234, 240, 241)"),
        (View.DARK, "rgb(10, 19, 22)"),
    ],
)
def test_a_view_is_dark_or_light_whatever_the_browser_prefers(
    chromium: Browser, mail: Received, tmp_path: Path, view: View, ground: str, prefers: str
) -> None:
    """The mail's own rules for dark hold in the dark view and never in another."""
    (tmp_path / "view.html").write_text(document(view, mail), encoding="utf-8")
    context = chromium.new_context(color_scheme="dark" if prefers == "dark" else "light", offline=True)
    page = context.new_page()
    page.goto((tmp_path / "view.html").as_uri())

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == (
        "dark" if view is View.DARK else "light"
    )
    context.close()


@needs_browser
@pytest.mark.parametrize(
    "view", [View.LIGHT, View.DARK, View.FORCED, View.NO_STYLE, View.PAGE, View.PAGE_DARK]
)
def test_a_view_stands_by_itself(chromium: Browser, mail: Received, tmp_path: Path, view: View) -> None:
    """Every image is there without a file or a network beside the document."""
    (tmp_path / "view.html").write_text(document(view, mail), encoding="utf-8")
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "view.html").as_uri())

    widths = page.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth)")
    assert widths
    assert all(widths)
    context.close()


def test_what_the_prose_says_of_colour_schemes_stays(mail: Received) -> None:
    """Only rules are decided, not words that look like one."""
    words = "(prefers-color-scheme: dark)"
    told = replace(mail.variant, html=mail.variant.html.replace("Viel Freude", words))

    assert words in document(View.LIGHT, replace(mail, variant=told))


def test_without_style_there_is_no_style_of_the_mail(mail: Received) -> None:
    """The only style left is what the preview itself puts in."""
    shown = document(View.NO_STYLE, mail)

    assert re.findall(r"<style[^>]*>", shown) == ["<style data-preview>"]
    assert 'style="' in shown


def test_without_images_their_texts_are_left(mail: Received) -> None:
    """No image is there, but what stands for it is."""
    shown = document(View.NO_IMAGES, mail)

    assert 'alt="Ein rotes Feld."' in shown
    assert 'src="data:,"' in shown
    assert "image/png" not in shown


def test_images_are_found_where_the_caller_says(mail: Received) -> None:
    """A server may give them an address of its own."""
    shown = document(View.LIGHT, mail, image=lambda asset: f"/bilder/{asset.name}")

    assert re.search(r'src="/bilder/feld-[0-9a-f]+\.png"', shown)
    assert "cid:" not in shown


def test_the_text_is_shown_with_its_links_and_without_soft_breaks(mail: Received) -> None:
    """Programs that know flowed text set its paragraphs anew; links can be followed."""
    shown = document(View.TEXT, mail)

    assert "das wie immer etwas länger geworden ist als geplant." in shown
    assert "Der Radweg wird gebaut. Mehr dazu finden Sie hier [1]." in shown
    assert '<a href="https://kreis.example/radweg">' in shown
    assert " \n" in mail.text
    assert " \n" not in shown.replace("-- \n", "")


def test_the_source_is_the_source_and_its_parts_make_the_whole(mail: Received) -> None:
    """What is in colours is, without them, what is sent; the weights add up."""
    from html import unescape  # noqa: PLC0415 (only here)

    from newsletter.web.source import sizes  # noqa: PLC0415 (only here)

    shown = document(View.SOURCE, mail)
    source = shown.split("<pre>")[1].split("</pre>")[0]
    parts = sizes(mail.edition, mail.html, mail.text)

    assert unescape(re.sub(r"</?span[^>]*>", "", source)) == mail.html
    assert parts[0].size == len(mail.html.encode()) == sum(part.size for part in parts[1:5])


@pytest.mark.parametrize(
    ("colour", "turned"), [("#ffffff", "#181818"), ("#fff", "#181818"), ("#000000", "#ffffff")]
)
def test_inversion_turns_lightness_round(colour: str, turned: str) -> None:
    """White becomes a dark grey, black becomes white."""
    assert inversion.turn(colour) == turned


def test_inversion_keeps_the_hue() -> None:
    """A dark blue becomes a light blue."""
    red, green, blue = (int(inversion.turn("#0b4f5c")[at : at + 2], 16) for at in (1, 3, 5))

    assert blue > green > red
    assert blue > 0x99


def test_inversion_touches_colours_only_where_they_are_colours() -> None:
    """Anchors, texts and addresses that look like one stay; names, rgb() and attributes are turned."""
    page = (
        '<style>#add { color: white }</style><a href="#fff">red</a><td bgcolor="#ffffff"'
        ' style="color: rgba(0, 0, 0, 0.5); border: 1px solid black">white</td>'
    )

    assert inversion.inverted(page) == (
        '<style>#add { color: #181818 }</style><a href="#fff">red</a><td bgcolor="#181818"'
        ' style="color: rgba(255, 255, 255, 0.5); border: 1px solid #ffffff">white</td>'
    )


def test_samples_are_readers_of_all_kinds_and_one_of_each_variant(
    edition: Edition, settings: Settings
) -> None:
    """Each has a mail; the segment's shows what only it sees."""
    offered = samples(edition, settings)
    texts = {one.key: Received.of(edition, one.reader, settings).text for one in offered}

    assert list(texts) == ["neutral", "frau", "herr", "name", "long", "segment-cities"]
    assert "Sehr geehrte Damen und Herren," in texts["neutral"]
    assert "Sehr geehrte Frau Dr. Beispiel," in texts["frau"]
    assert "Sehr geehrter Herr Beispiel," in texts["herr"]
    assert "von Musterhausen-Beispielburg" in texts["long"]
    assert "Das lesen nur Städte." in texts["segment-cities"]
    assert "Das lesen nur Städte." not in texts["neutral"]
    assert chosen(offered, "gone").key == "neutral"


@pytest.mark.parametrize(
    ("text", "room", "seen", "rest"),
    [
        ("Neues aus dem Kreis", 19, "Neues aus dem Kreis", ""),
        ("Neues aus dem Kreis", 12, "Neues aus", " dem Kreis"),
        ("Donaudampfschifffahrt", 10, "Donaudamp", "fschifffahrt"),
        ("Neues", 0, "", "Neues"),
    ],
)
def test_an_inbox_cuts_at_a_word_where_one_ends_near(text: str, room: int, seen: str, rest: str) -> None:
    """What is seen and what is not make the whole."""
    assert inbox.cut(text, room) == (seen, rest)


def test_gmail_leaves_the_preheader_what_the_subject_does_not_take() -> None:
    """Both share a line there."""
    short, long = (next(inbox.lines("Redaktion", "x" * length, "y" * 200)) for length in (20, 70))

    assert len(short["preheader"][0]) > len(long["preheader"][0]) > 0
