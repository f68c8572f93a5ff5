"""Our small cascade against the real one: Chromium's computed styles of the same mail and page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lxml import html
from playwright.sync_api import Browser

from newsletter.check.css.colours import Colour
from newsletter.check.css.selectors import Index, pattern
from newsletter.check.css.sheets import Sheet
from newsletter.check.css.styles import Style, Styles
from newsletter.check.css.stylesheet import DARK, DESK, PHONE, View, declarations, rules, split
from newsletter.check.documents import Document
from newsletter.check.proof import Proof
from tests import browser
from tests.check import altered

COMPUTED = """() => [...document.querySelectorAll('body, body *')].map(element => {
  const style = getComputedStyle(element);
  return [element.tagName.toLowerCase(), style.color, style.fontSize, style.fontWeight, style.lineHeight];
})"""


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """A mail and a page of the base theme."""
    return altered.good(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    with browser.browser() as running:
        yield running


@pytest.mark.parametrize("view", [DESK, DARK, PHONE], ids=["desk", "dark", "phone"])
@pytest.mark.parametrize("which", [0, -1], ids=["mail", "page"])
def test_styles_are_those_of_a_browser(proof: Proof, chromium: Browser, view: View, which: int) -> None:
    """Colour, size, weight and line of every element."""
    document = proof.documents[which]
    window = chromium.new_page(
        viewport={"width": view.width, "height": 800}, color_scheme="dark" if view.dark else "light"
    )
    window.set_content(html.tostring(document.tree, doctype="<!doctype html>", encoding="unicode"))
    told = window.evaluate(COMPUTED)
    window.close()
    elements = [document.body, *document.body.iterdescendants("*")]
    assert [element.tag for element in elements] == [tag for tag, *_ in told]
    styles = document.styles(view)
    for element, (_tag, colour, size, weight, line) in zip(elements, told, strict=True):
        style = styles[element]
        assert [round(value) for value in style.colour[:3]] == [
            round(value) for value in _numbers(colour)[:3]
        ]
        assert style.size == pytest.approx(_numbers(size)[0], abs=0.1)
        assert style.weight == int(weight)
        assert style.leading == (None if line == "normal" else pytest.approx(_numbers(line)[0], abs=0.1))


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", text)]


def _styled(css: str, body: str, view: View = DESK) -> Style:
    """Compute the style of the element with the id `x`."""
    tree = html.document_fromstring(f"<html><head><style>{css}</style></head><body>{body}</body></html>")
    return Styles(tree, Sheet(tree), view)[tree.get_element_by_id("x")]


@pytest.mark.parametrize(
    ("css", "body", "colour"),
    [
        ("p { color: red } #x { color: blue } .a { color: green }", "<p id=x class=a>", "#0000ff"),
        ("p { color: red } p { color: blue }", "<p id=x>", "#0000ff"),
        ("p { color: red !important }", '<p id=x style="color: blue">', "#ff0000"),
        ("p { color: red !important }", '<p id=x style="color: blue !important">', "#0000ff"),
        ("div > p { color: red }", "<div><p id=x></div>", "#ff0000"),
        ("div > p { color: red }", "<div><section><p id=x></section></div>", "#000000"),
        ("body { --c: red; color: var(--c) }", "<p id=x>", "#ff0000"),
        ("p { color: var(--none, blue) }", "<p id=x>", "#0000ff"),
        ("p:hover, p::before { color: red }", "<p id=x>", "#000000"),
        ("@media print { p { color: red } }", "<p id=x>", "#000000"),
        ("@supports (color: red) { @media screen { p { color: red } } }", "<p id=x>", "#ff0000"),
        ("p { color: red; colour: blue; color }", "<p id=x>", "#ff0000"),
        ("p { color: red } } p { color: blue }", "<p id=x>", "#ff0000"),
    ],
)
def test_the_strongest_rule_counts(css: str, body: str, colour: str) -> None:
    """By importance, origin, specificity and order, and only where it applies."""
    assert str(_styled(css, body).colour) == colour


def test_the_ground_is_what_shows_through() -> None:
    """Half-clear grounds are mixed with what is behind; behind an image alone nothing can be told."""
    mixed = _styled(
        "div { background: #000 } p { background-color: rgba(255,255,255,.5) }", "<div><p id=x></div>"
    )
    assert mixed.ground == Colour(127.5, 127.5, 127.5)
    assert _styled("p { background: url(x.png) }", "<p id=x>").ground is None
    assert str(_styled("p { background: #123456 url(x.png) }", "<p id=x>").ground) == "#123456"
    assert str(_styled("", '<table bgcolor="#123456"><tr><td id=x></table>').ground) == "#123456"


def test_what_is_not_shown_is_hidden() -> None:
    """With all that is in it."""
    for style in ("display: none", "visibility: hidden", "max-height: 0; overflow: hidden"):
        assert _styled("", f'<div style="{style}"><p id=x></div>').hidden
    assert _styled("", "<div hidden><p id=x></div>").hidden
    assert not _styled("", "<p id=x>").hidden


def test_sizes_in_every_unit() -> None:
    """Relative to the right thing."""
    for value, pixels in {
        "20px": 20, "15pt": 20, "1.5em": 15, "1.5rem": 24, "150%": 15, "large": 18, "smaller": 10 / 1.2,
        "clamp(10px, 5vw, 40px)": 40, "min(12px, 20px)": 12, "calc(1px + 1em)": 10,
    }.items():  # fmt: skip
        style = _styled("div { font-size: 10px }", f'<div><p id=x style="font-size: {value}"></div>')
        assert style.size == pytest.approx(pixels), value


def test_a_dark_scheme_counts_only_where_it_is_asked_for() -> None:
    """And without colours of its own, a document that allows for one gets the browser's."""
    css = "@media (prefers-color-scheme: dark) { p { color: red } }"
    assert str(_styled(css, "<p id=x>").colour) == "#000000"
    assert str(_styled(css, "<p id=x>", DARK).colour) == "#ff0000"
    assert str(_styled(":root { color-scheme: light dark }", "<p id=x>", DARK).colour) == "#ffffff"


def test_plain_selectors_mean_what_cssselect_says(proof: Proof) -> None:
    """For every selector of the base theme, and some that it does not have."""
    extra = (
        "td",
        "*",
        "div.card",
        ".card > table td > div p",
        "table>tbody>tr>td a",
        "p:first-child",
        ".no p",
    )
    for document in proof.documents:
        index = Index(document.tree)
        selectors = {each for rule in document.sheet.rules for each in rule.selectors}
        for selector in (*selectors, *extra):
            if "::" in selector or ":focus" in selector:
                assert not index.elements(selector)
                continue
            assert list(index.elements(selector)) == document.tree.cssselect(selector), selector
    plain = pattern(".card > table td p")
    assert plain
    assert plain.path is None
    assert plain.weight == (0, 1, 3)


def test_values_are_cut_only_outside_of_brackets() -> None:
    """Quotes and functions stay whole."""
    assert split("0 calc(1px + 2px) 'a b'") == ("0", "calc(1px + 2px)", "'a b'")
    assert split('url("a,b"), none', ",") == ('url("a,b")', "none")
    assert [one.name for one in declarations("COLOR: red; background: url(a;b); --A: 1;; x")] == [
        "color",
        "background",
        "--A",
    ]
    assert [rule.media for rule in rules("@import 'x'; @media a { p {} @media b { q {} } } r {}")] == [
        ("a",),
        ("a", "b"),
        (),
    ]


def test_a_mail_without_style_is_computed_from_its_attributes_alone() -> None:
    """As GMX and WEB.DE show it in the browser."""
    tree = html.document_fromstring('<style>p { color: red }</style><p id=x style="font-size: 20px">Wort')
    document = Document(tree, {}, page=False)
    assert document.bare_differs
    style = document.bare[tree.get_element_by_id("x")]
    assert (str(style.colour), style.size) == ("#000000", 20)
