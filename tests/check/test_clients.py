"""The family `clients`: what a mail depends on is told once, with who lacks it; improvements are not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.check import registry
from newsletter.check.clients import depending, features, sheets_only, support
from newsletter.check.clients import looks as clients
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from newsletter.config import load
from newsletter.errors import FaultsFound
from tests.check import altered, proofs
from tests.cli.office import SETTINGS

RULES = [name for name, rule in registry.rules().items() if rule.family == "clients"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """An issue in the base theme."""
    return altered.good(tmp_path_factory.mktemp("good"))


def told(rule: str, proof: Proof) -> list[str]:
    """Return what a rule says, feature by feature."""
    return [remark.message.partition(" does not work in ")[0] for remark in _asked(rule, proof)]


def _asked(rule: str, proof: Proof) -> list[Remark]:
    return proofs.remarks(f"clients.{rule}", proof)


@pytest.mark.parametrize("rule", RULES)
def test_the_base_theme_depends_on_nothing(good: Proof, rule: str) -> None:
    """With rounded corners, hover, media queries for phones and a dark scheme as improvements only."""
    assert proofs.remarks(rule, good) == []


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("display: flex", "display: flex"),
        ("display:inline-grid", "display: grid"),
        ("float: left", "float"),
        ("columns: 2", "columns"),
        ("position: absolute", "position"),
        ("transform: rotate(3deg)", "transform"),
        ("writing-mode: vertical-rl", "writing-mode"),
        ("object-fit: cover", "object-fit"),
        ("aspect-ratio: 2", "aspect-ratio"),
        ("margin-inline: 8px", "margin-inline, margin-block"),
        ("padding-block: 8px", "padding-inline, padding-block"),
        ("inset: 0", "inset"),
    ],
)
def test_layouts_that_not_everybody_knows_are_told(good: Proof, style: str, shown: str) -> None:
    """Each once, however often it is used."""
    twice = altered.append(good, f'<p style="{style}">Eins</p><div style="{style}">Zwei</div>')
    assert told("layout", twice) == [shown]
    assert told("layout", altered.style(good, f"p {{ {style} }}")) == [shown]


@pytest.mark.parametrize(
    "style",
    [
        "display: block",
        "position: relative",
        "float: none",
        "transform: none",
        "max-width: 600px",
        "border-radius: 8px; box-shadow: 0 0 9px #000; hyphens: auto; opacity: .9",
    ],
)
def test_layouts_that_lose_nothing_are_not(good: Proof, style: str) -> None:
    """They may be missing."""
    assert not told("layout", altered.append(good, f'<p style="{style}">Eins</p>'))
    assert not told("look", altered.append(good, f'<p style="{style}">Eins</p>'))


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("background: url(https://kreis.example/x.png)", "background-image"),
        ("background-image: linear-gradient(red, blue)", "linear-gradient()"),
        ("background: radial-gradient(red, blue)", "radial-gradient()"),
        ("background: conic-gradient(red, blue)", "conic-gradient()"),
        ("background-clip: text", "background-clip: text"),
        ("mix-blend-mode: multiply", "mix-blend-mode"),
        ("filter: invert(1)", "filter"),
        ("clip-path: circle(40%)", "clip-path"),
        ("mask-image: url(x.png)", "mask"),
        ("opacity: 0", "opacity: 0"),
        ("visibility: hidden", "visibility: hidden"),
        ("color: rgba(0, 0, 0, .8)", "rgba()"),
        ("color: oklch(40% .1 200)", "oklch(), lab() …"),
        ("color: light-dark(#000, #fff)", "light-dark()"),
        ("color: var(--text)", "var()"),
        ("width: calc(100% - 8px)", "calc()"),
        ("font-size: clamp(14px, 4px, 20px)", "clamp()"),
        ("width: min(100%, 80px)", "min()"),
        ("width: max(10%, 80px)", "max()"),
        ("width: 50vw", "vw"),
        ("height: 50vh", "vh"),
        ("font-size: 1.1rem", "rem"),
        ("list-style: url(dot.png)", "list-style-image"),
        ("color: #123456 !important", 'style="… !important"'),
    ],
)
def test_values_that_not_everybody_knows_are_told(good: Proof, style: str, shown: str) -> None:
    """Where no plain one stands before."""
    assert told("look", altered.append(good, f'<p style="{style}">Eins</p>')) == [shown]


@pytest.mark.parametrize(
    "style",
    [
        "background: #eee url(https://kreis.example/x.png)",
        "background-color: #eee; background-image: linear-gradient(red, blue)",
        "background: #eee; background: linear-gradient(red, blue)",
        "color: #333; color: rgba(0, 0, 0, .8)",
        "font-size: 17px; font-size: 1.1rem",
        "width: 300px; width: calc(100% - 8px)",
        "color: #333; color: var(--text)",
        "display: none; opacity: 0",
        "color: #123456; color: #123457 !important",
        "color: rgb(0, 0, 0); width: 80%; margin: 1em",
    ],
)
def test_a_plain_value_before_makes_them_harmless(good: Proof, style: str) -> None:
    """Programs take the last one that they know."""
    assert not told("look", altered.append(good, f'<p style="{style}">Eins</p>'))


def test_images_need_a_width_of_their_own(good: Proof) -> None:
    """Outlook on Windows knows max-width of tables only."""
    image = '<img src="x.png" alt="Karte" style="max-width: 300px" {width}>'
    assert told("layout", altered.append(good, image.format(width=""))) == ["max-width"]
    assert not told("layout", altered.append(good, image.format(width='width="300"')))


ANYTHING = '<p class="x">Eins</p><p class="y" style="display:none">Zwei</p>'


@pytest.mark.parametrize(
    ("css", "shown"),
    [
        (".x { color: #123 }", "<style>"),
        ("@media (max-width: 479px) { .y { display: block !important } }", "@media"),
        (".x::before { content: 'Neu: ' }", "::before"),
        (".x:after { content: url(pfeil.png) }", "::after"),
        (".x:checked { display: block }", ":checked"),
        (".x:target { max-height: none }", ":target"),
        (".x:hover { visibility: visible }", ":hover"),
        ("@import url(https://kreis.example/x.css);", "@import"),
    ],
)
def test_what_only_a_style_sheet_says_is_told(good: Proof, css: str, shown: str) -> None:
    """GMX and WEB.DE do not look into it, Outlook on Windows knows half of it."""
    proof = altered.style(altered.append(good, ANYTHING), css)
    (found,) = _asked("style-sheet", proof)
    assert found.message.startswith(f"{shown} does not work in ")
    assert re.search("GMX|Outlook", found.message)


@pytest.mark.parametrize(
    "css",
    [
        "a:hover { color: red }",
        ".x::before { content: '' }",
        ".none { color: red }",
        "@media (prefers-color-scheme: dark) { .x { color: #fff !important } }",
        "@media (max-width: 479px) { .x { display: block; font-size: 20px } }",
        "@font-face { font-family: Haus; src: url(https://kreis.example/h.woff2) }",
    ],
)
def test_what_a_style_sheet_improves_is_not(good: Proof, css: str) -> None:
    """It may be missing."""
    assert not told("style-sheet", altered.style(altered.append(good, ANYTHING), css))


def test_fonts_need_others_behind_them(good: Proof) -> None:
    """Where a font is loaded that most do not load."""
    face = altered.style(good, "@font-face { font-family: 'Haus'; src: url(https://kreis.example/h.woff2) }")
    assert told("style-sheet", altered.append(face, "<p style=\"font-family: 'Haus'\">Eins</p>")) == [
        "@font-face"
    ]
    assert not told("style-sheet", altered.append(face, "<p style=\"font-family: 'Haus', Arial\">Eins</p>"))


def test_linked_style_sheets_are_told(good: Proof) -> None:
    """Most programs do not load them."""
    link = '<link rel="stylesheet" href="https://kreis.example/x.css"></head>'
    assert told("style-sheet", altered.mail(good, "</head>", link)) == ["<link>"]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<video src="x.mp4"></video>', "<video>"),
        ('<audio src="x.mp3"></audio>', "<audio>"),
        ("<form><input></form>", "<form>"),
        ("<svg></svg>", "<svg>"),
        ('<iframe src="https://kreis.example"></iframe>', "<object>, <embed>, <iframe>"),
        ("<dialog>Eins</dialog>", "<dialog>"),
        ("<marquee>Eins</marquee>", "<marquee>"),
        ('<meter value=".5"></meter>', "<meter>"),
        ('<progress value=".5"></progress>', "<progress>"),
        ("<ruby>Eins<rt>Zwei</rt></ruby>", "<ruby>"),
        ('<picture><source srcset="x.webp"></picture>', "<picture>"),
        ('<base href="https://kreis.example/">', "<base>"),
        ("<p hidden>Eins</p>", "hidden"),
        ("<p popover>Eins</p>", "popover"),
        ('<table role="none" background="x.png"><tr><td>Eins</table>', 'background="…"'),
    ],
)
def test_elements_that_only_browsers_know_are_told(good: Proof, html: str, shown: str) -> None:
    """With what to do instead."""
    assert told("element", altered.append(good, html)) == [shown]


@pytest.mark.parametrize(
    "html",
    [
        '<meter value=".5">die Hälfte</meter>',
        '<picture><source srcset="x.webp"><img src="x.png" alt=""></picture>',
        '<p hidden style="display:none">Eins</p>',
        '<table role="none" background="x.png" bgcolor="#eee"><tr><td>Eins</table>',
        "<section><abbr>z. B.</abbr> <details><summary>Mehr</summary>Text</details></section>",
    ],
)
def test_elements_with_a_way_around_are_not(good: Proof, html: str) -> None:
    """Nothing is lost."""
    assert not told("element", altered.append(good, html))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://kreis.example/x.webp?1", ["The image format WebP"]),
        ("https://kreis.example/x.AVIF", ["The image format AVIF"]),
        ("https://kreis.example/x.svg", ["The image format SVG"]),
        ("data:image/png;base64,AAAA", ["An image within the address (data:)"]),
        ("https://kreis.example/x.png", []),
        ("cid:bild-1.jpg@kreis.example", []),
    ],
)
def test_kinds_of_images(good: Proof, source: str, shown: list[str]) -> None:
    """JPEG, PNG and GIF are shown everywhere."""
    assert told("image-type", altered.append(good, f'<img src="{source}" alt="Karte">')) == shown


def test_who_is_affected_is_told_with_their_share_and_the_day_of_the_data(good: Proof) -> None:
    """The one with the most readers first; one sentence."""
    (found,) = _asked("layout", altered.append(good, '<p style="display:flex">Eins</p>'))
    assert found.message == (
        "display: flex does not work in Outlook (classic), GMX, WEB.DE, about 39 % of the readers "
        "(caniemail.com, 2026-05-13): parts stand one below the other."
    )
    assert found.severity is None
    few = _asked("element", altered.append(good, "<ruby>Eins<rt>Zwei</rt></ruby>"))[0]
    assert few.severity is None


def test_an_office_says_what_its_readers_use(good: Proof) -> None:
    """Then only these count, and what hardly anybody misses is a hint or not told at all."""
    flex = altered.append(good, '<p style="display:flex">Eins</p>')

    def asked(**programs: float) -> list[Remark]:
        check = good.settings.check.model_copy(update={"programs": programs})
        return _asked("layout", replace(flex, settings=good.settings.model_copy(update={"check": check})))

    assert asked(thunderbird=100) == []
    assert asked(thunderbird=95, gmx=15)[0].severity is Severity.HINT
    assert "GMX, about 5 %" in asked(thunderbird=95, gmx=15)[0].message


def test_only_programs_that_exist_can_be_named(tmp_path: Path) -> None:
    """And those of the settings, of the data and of the messages are the same."""
    file = tmp_path / "newsletter.toml"
    file.write_text(SETTINGS + "\n[check.programs]\ngmx = 10\n", encoding="utf-8")
    assert load(file, {}).check.programs == {"gmx": 10}
    file.write_text(SETTINGS + "\n[check.programs]\nlotus = 10\n", encoding="utf-8")
    with pytest.raises(FaultsFound):
        load(file, {})


def test_the_place_is_in_the_template(tmp_path: Path) -> None:
    """At the line that says so, in the office's own file."""
    css = tmp_path / "templates" / "layout" / "content.css.j2"
    css.parent.mkdir(parents=True)
    base = proofs.proof(tmp_path / "first").folders[-1] / "layout" / "content.css.j2"
    css.write_text(base.read_text(encoding="utf-8") + "\n.lead { display: flex; }\n", encoding="utf-8")
    proof = proofs.proof(tmp_path, {"type": "letter", "lead": "Kurz gesagt", "text": "Eins.\n"})
    (found,) = _asked("layout", proof)
    assert found.where.path == css
    assert "display: flex" in css.read_text(encoding="utf-8").splitlines()[found.where.line - 1]


def test_there_are_data_of_every_feature() -> None:
    """And none is shipped that is not looked for."""
    used = {feature.slug for feature in (*features.LAYOUT, *features.LOOK, *features.ELEMENTS)}
    used |= {slug for slug, *_ in features.IMAGES}
    for module in (clients, sheets_only):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        used |= set(re.findall(r'"((?:css|html|image)-[a-z0-9-]+)"', source))
    used -= {"image-type"}  # a rule
    used |= {"css-pseudo-element-before", "css-pseudo-element-after"}
    assert used == support.known()
    assert len(used) > 60
    assert [slug for slug in used if support.affected(slug, partly=True).share < depending.FEW] == []


def test_the_reasons_name_the_day_of_the_data() -> None:
    """The text of the rule must not grow old."""
    assert support.date() == "2026-05-13"
    assert "13 May 2026" in registry.rules()["clients.layout"].why
