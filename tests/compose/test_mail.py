"""The finished mail: what every client gets, whatever the issue holds."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsletter.settings_model import Web
from tests.compose.kitchen_sink import ISSUE, kitchen_sink
from tests.compose.workshop import SETTINGS, edition, edition_of


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The kitchen sink's HTML."""
    return kitchen_sink(tmp_path_factory.mktemp("sink")).general.html


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The kitchen sink's page."""
    return kitchen_sink(tmp_path_factory.mktemp("sink")).page


def parsed(document: str) -> HtmlElement:
    """Parse a document."""
    return lxml_html.document_fromstring(document)


def loaded(document: str) -> list[str]:
    """List what a document makes a program fetch: sources, backgrounds, style sheets, url() in CSS."""
    tree = parsed(document.replace("<!--", "").replace("-->", ""))
    found = [
        str(value)
        for element, attribute, value, _position in tree.iterlinks()
        if not (element.tag == "a" and attribute == "href")
    ]
    return found + re.findall(r"url\(\s*['\"]?([^)'\"]*)", document) + re.findall(r"@import[^;]*", document)


def test_nothing_is_fetched_from_elsewhere(mail: str) -> None:
    """No font, image, script or style sheet comes from another host: all images travel in the mail."""
    found = loaded(mail)
    assert found
    assert {source for source in found if not source.startswith("cid:")} == set()
    assert not re.search(r"google|mailjet|gstatic|<script|<link", mail)


def test_the_page_fetches_only_what_lies_beside_it(page: str) -> None:
    """The archive page's images lie in its own folder; the canonical address is no request."""
    tree = parsed(page)
    sources = [str(element.get("src")) for element in tree.iter("img")]
    assert sources
    assert all(source.startswith("images/") for source in sources)
    assert [link.get("rel") for link in tree.iter("link")] == ["canonical"]
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_hosted_images_come_from_the_office_only(tmp_path: Path) -> None:
    """With `[web] assets_url` each image has its address there."""
    settings = SETTINGS.model_copy(update={"web": Web(assets_url="https://bilder.example/post/")})
    found = edition(tmp_path, ISSUE, settings=settings)
    assert set(loaded(found.general.html)) == set(found.mail_sources.values())
    assert all(source.startswith("https://bilder.example/post/") for source in found.mail_sources.values())
    assert "Read in the browser" not in found.general.text


def test_language_and_direction(mail: str) -> None:
    """`lang` and `dir` stand on the document and on what is in the body, as webmail cuts off the rest."""
    tree = parsed(mail)
    body = tree.find("body")
    assert body is not None
    shown = [child for child in body if "display:none" not in child.get("style", "")]
    for element in [tree, *shown]:
        assert (element.get("lang"), element.get("dir")) == ("de", "ltr")


@pytest.mark.parametrize("medium", ["mail", "page"])
def test_headings(medium: str, request: pytest.FixtureRequest) -> None:
    """There is one h1, before all other headings but the contents list's, and no level is left out."""
    tree = parsed(request.getfixturevalue(medium))
    levels = [int(str(element.tag)[1]) for element in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_layout_tables_say_so_and_data_tables_do_not(mail: str) -> None:
    """Each table of the layout, Outlook's included, has role=presentation; tables with data have none."""
    for tag in re.findall(r"<table\b[^>]*>", mail):
        data = 'class="stack' in tag or "cellpadding" not in tag
        assert ('role="presentation"' in tag or 'role="none"' in tag) != data, tag
    tables = [table for table in parsed(mail).iter("table") if table.find("thead") is not None]
    assert len(tables) == 3
    for table in tables:
        assert table.get("role") is None
        assert {head.get("scope") for head in table.iter("th")} == {"col"}


@pytest.mark.parametrize("medium", ["mail", "page"])
def test_images_have_words_and_sizes(medium: str, request: pytest.FixtureRequest) -> None:
    """Each image has `alt`, width and height."""
    for image in parsed(request.getfixturevalue(medium)).iter("img"):
        assert image.get("alt") is not None
        assert re.fullmatch(r"\d+", image.get("width", ""))
        assert re.fullmatch(r"\d+", image.get("height", ""))


def test_alt_texts_with_bound_words(tmp_path: Path) -> None:
    r"""A no-break space in an alt text or subject is one, not the compiler's `\u{a0}`."""
    found = edition_of(
        tmp_path,
        {"type": "image", "image": {"file": "rathaus.png", "alt": 'Um 19 Uhr, z. B. "hier" <b> \\ é'}},
        subject='Am 2. August: "Fest" & mehr',
    )
    html = found.general.html
    assert r"\u{" not in html
    tree = parsed(html)
    assert [image.get("alt") for image in tree.iter("img")] == ["Um 19\u00a0Uhr, z.\u00a0B. „hier“ <b> \\ é"]
    assert tree.findtext(".//title") == "Am 2.\u00a0August: „Fest“ & mehr" == found.subject


def test_outlook_and_narrow_screens(mail: str) -> None:
    """The doctype, `!important`, media queries and Outlook's comments survive the pipeline."""
    assert mail.lower().startswith("<!doctype html>")
    style = "".join(re.findall(r"<style[^>]*>(.*?)</style>", mail, re.DOTALL))
    assert "@media (max-width: 479px)" in style
    assert "@media (prefers-color-scheme: dark)" in style
    assert "!important" in style
    assert len(style) < 16_384  # Gmail drops more
    assert mail.count("<!--[if") == mail.count("<![endif]-->")


def test_no_mark_of_the_pipeline_is_left(mail: str, page: str) -> None:
    """Neither fragments nor template marks are left; personal places are in the mail, none on the page."""
    for document in (mail, page):
        assert not re.search(r"zqB\d+zq|zqC|[\x02\x03]|</?mj-|data-premailer", document)
    assert re.search(r"zqP\d\dzq", mail)
    assert "zqP" not in page


def test_fallbacks_are_words_on_the_page(page: str) -> None:
    """The neutral form of a personal place is text, whatever signs are in it."""
    assert "Sie &amp; andere in &lt;NRW&gt;" in page.replace("\n", " ")
    assert "<NRW>" not in page


def test_content_is_styled_without_style_sheets(mail: str) -> None:
    """Paragraphs, headings, links, list entries, cells carry their looks, for clients without <style>."""
    tree = parsed(mail)
    content = list(tree.iter("p", "h2", "h3", "a", "li", "td", "th", "blockquote", "pre"))
    bare = [
        element
        for element in content
        if not element.get("style") and not element.getparent().get("style")  # type: ignore[union-attr] # has one
    ]
    assert bare == []
    assert len(content) > 60
