"""The family `accessibility`: a mail of the base theme has no fault, and each fault is found and placed."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.check import registry
from newsletter.check.css import colours
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from newsletter.compose.theme import Theme
from newsletter.language import Phrases
from newsletter.workspace import BASE_THEME
from tests.check import altered, proofs

RULES = [name for name, rule in registry.rules().items() if rule.family == "accessibility"]
LONG = "Ein Satz mit vielen Wörtern, der auf dem Telefon über mehrere Zeilen geht. " * 4


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """An issue in the base theme."""
    return altered.good(tmp_path_factory.mktemp("good"))


def only(rule: str, proof: Proof) -> Remark:
    """Ask a rule that is to find one thing."""
    found = proofs.remarks(f"accessibility.{rule}", proof)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("rule", RULES)
def test_the_base_theme_has_no_fault(good: Proof, rule: str) -> None:
    """Neither the mail nor the page, by no rule."""
    assert proofs.remarks(rule, good) == []


def test_the_language_is_the_issues(good: Proof) -> None:
    """On html and on what is in body, in the mail and on the page."""
    assert "“lang=fr”" in only("language", altered.mail(good, 'html lang="de"', 'html lang="fr"')).message
    found = only("language", altered.mail(good, 'role="main" lang="de"', 'role="main"'))
    assert "<div> does not say" in found.message
    assert found.where.path.name == "mail.mjml.j2"
    page = only("language", altered.page(good, 'html lang="de"', "html"))
    assert page.where.path.name == "page.html.j2"
    assert not proofs.remarks(
        "accessibility.language", altered.mail(good, 'html lang="de"', 'html lang="de-AT"')
    )


def test_the_direction_is_said(good: Proof) -> None:
    """Likewise."""
    mail = altered.mail(good, 'role="main" lang="de" dir="ltr"', 'role="main" lang="de"')
    assert only("direction", mail).where.path.name == "mail.mjml.j2"
    assert only("direction", altered.page(good, ' dir="ltr"', "")).where.path.name == "page.html.j2"


def test_there_is_a_title(good: Proof) -> None:
    """With words in it."""
    assert (
        "mail has no title"
        in only("title", altered.mail(good, "<title>.*?</title>", "<title> </title>")).message
    )
    assert "page has no title" in only("title", altered.page(good, "<title>.*?</title>", "")).message


def test_there_is_one_top_heading(good: Proof) -> None:
    """No more, no less."""
    assert "no heading" in only("top-heading", altered.mail(good, "<h1(.*?)</h1>", "")).message
    found = only("top-heading", altered.append(good, "<h1>Noch eine</h1>"))
    assert found.message.startswith("“Noch eine” is one more")


def test_no_level_of_headings_is_left_out(good: Proof) -> None:
    """Nor a heading without words."""
    found = only("heading-order", altered.append(good, "<h4>Tief</h4>"))
    assert found.message == "“Tief” is a heading of level 4 right below one of level 2."
    assert found.cure == "Make it level 3."
    assert "empty heading" in only("heading-order", altered.append(good, "<h2> </h2>")).message


def test_layout_tables_say_so(good: Proof) -> None:
    """And tables with data do not say that they are layout."""
    found = only("layout-table", altered.mail(good, 'role="presentation"(?= align="center" style)', ""))
    assert "only lays out" in found.message
    both = altered.mail(good, "<table(?=[^>]*>\\s*<thead)", '<table role="presentation"')
    assert "is said to be layout only" in only("layout-table", both).message


@pytest.mark.parametrize(
    ("table", "words", "severity"),
    [
        ("<tr><td>Ort<td>Zahl<tr><td>Soest<td>12", "has no column heads", None),
        ("<tr><th>Ort<th scope=col>Zahl<tr><td>Soest<td>12", "“Ort” does not say", Severity.WARNING),
        ("<tr><th scope=col>Ort<th scope=col><tr><td>Soest<td>12", "a column has no head", Severity.WARNING),
    ],
)
def test_tables_with_data_have_heads(good: Proof, table: str, words: str, severity: Severity | None) -> None:
    """Each column one, with words, and saying that it is a head."""
    found = only("data-table", altered.append(good, f"<table>{table}</table>"))
    assert words in found.message
    assert found.severity is severity


def test_a_table_without_caption_needs_a_heading(tmp_path: Path) -> None:
    """Found in a letter without a heading; the line is the table's."""
    proof = proofs.proof(tmp_path, {"type": "letter", "text": altered.TABLE})
    found = proofs.remarks("accessibility.data-table", proof)
    assert found[0].severity is Severity.HINT
    assert set(proofs.lines(found, proof)) == {"| Ort | Zahl |"}


def test_images_say_what_is_to_be_seen(good: Proof) -> None:
    """Empty is right for decoration; nothing at all, or the file's name, is not."""
    assert (
        "has no alternative text" in only("image-alt", altered.mail(good, ' alt="Ein Feld[^"]*"', "")).message
    )
    assert not proofs.remarks("accessibility.image-alt", altered.mail(good, 'alt="Ein Feld[^"]*"', 'alt=""'))


def test_a_file_name_is_no_alternative_text(tmp_path: Path) -> None:
    """It is told at its line, once for mail and page."""
    proof = proofs.proof(tmp_path, {"type": "image", "image": {"file": "bild.png", "alt": "IMG_2034.JPG"}})
    found = proofs.remarks("accessibility.image-alt", proof)
    assert {remark.message for remark in found} == {
        "The alternative text “IMG_2034.JPG” is the name of a file."
    }
    assert set(proofs.lines(found, proof)) == {"alt: IMG_2034.JPG"}
    assert len(dict.fromkeys(found)) == 1


def test_links_have_names(good: Proof) -> None:
    """Words, or the alternative text of their image, or a label."""
    url = "https://kreis.example/x"
    assert "has no words" in only("link-name", altered.append(good, f'<a href="{url}"> </a>')).message
    image = f'<a href="{url}"><img src="x.png" alt=""></a>'
    assert "image that leads to" in only("link-name", altered.append(good, image)).message
    for named in ('<img src="x.png" alt="Karte">', '<span aria-label="Karte">Karte</span>', "Karte"):
        assert not proofs.remarks(
            "accessibility.link-name", altered.append(good, f'<a href="{url}">{named}</a>')
        )
    labelled = f'<a href="{url}" aria-label="Karte"></a>'
    assert not proofs.remarks("accessibility.link-name", altered.append(good, labelled))


def test_contrast_is_computed_from_the_styles(good: Proof) -> None:
    """Text on the nearest ground behind it; one remark for each pair of colours."""
    grey = '<p style="color:#777">Erstens</p><p style="color:#777">Zweitens</p>'
    pale = altered.append(good, f'<div style="background:#fff">{grey}</div>')
    light = proofs.remarks("accessibility.contrast", pale)[0]
    assert light.message == (
        "“Erstens” and 1 more have a contrast of only 4.47:1 in the light scheme (#777777 on #ffffff)."
    )
    assert light.quote == "Erstens"
    large = altered.append(
        good, '<div style="background:#fff"><p style="color:#777;font-size:24px">Groß</p></div>'
    )
    assert not proofs.remarks("accessibility.contrast", large)


def test_contrast_is_looked_at_in_the_dark_scheme_too(good: Proof) -> None:
    """By the rules that count there."""
    css = "@media (prefers-color-scheme: dark) { .card p { color: #444 !important } }"
    found = proofs.remarks("accessibility.contrast", altered.style(good, css))
    assert found
    assert all("in the dark scheme (#444444 on #132025)" in remark.message for remark in found)


def test_contrast_must_not_need_a_style_sheet(good: Proof) -> None:
    """White text on a ground that only `<style>` gives is white on white at GMX and WEB.DE."""
    white = altered.append(good, '<p class="x" style="color:#fff">Weiß</p>')
    found = only("contrast", altered.style(white, ".x { background-color: #000 }"))
    assert "GMX, WEB.DE" in found.message


def test_a_colour_of_the_office_is_named_in_its_theme(tmp_path: Path) -> None:
    """With the line of theme.toml and the name of the value."""
    theme = tmp_path / "templates" / "theme.toml"
    theme.parent.mkdir()
    theme.write_text('[light]\ntext = "#1d2b30"\nmuted = "#9aa"\n', encoding="utf-8")
    (found,) = proofs.remarks("accessibility.contrast", proofs.proof(tmp_path))
    assert (found.where.path, found.where.line) == (theme, 3)
    assert found.cure == "Change “light.muted” in theme.toml so that the contrast is at least 4.5:1."


def test_a_colour_of_a_template_is_named_there(tmp_path: Path) -> None:
    """However it is written."""
    css = tmp_path / "templates" / "layout" / "content.css.j2"
    css.parent.mkdir(parents=True)
    source = (BASE_THEME / "layout" / "content.css.j2").read_text(encoding="utf-8")
    css.write_text(f"{source}.signature {{ color: #999; }}\n", encoding="utf-8")
    letter = {"type": "letter", "text": "Guten Tag.\n", "signature": "Ihre Redaktion"}
    found = proofs.remarks("accessibility.contrast", proofs.proof(tmp_path, letter))
    assert (found[0].where.path, found[0].quote) == (css, "Ihre Redaktion")
    assert "#999" in css.read_text(encoding="utf-8").splitlines()[found[0].where.line - 1]


def test_links_differ_by_more_than_colour(good: Proof) -> None:
    """An underline, bold type or a ground of their own; alone in its paragraph a link is seen anyway."""
    text = '<p>Mehr in der <a href="https://kreis.example" style="{style}">Übersicht</a> vom Mai.</p>'
    alike = "color:#222;text-decoration:none"
    assert only("link-visible", altered.append(good, text.format(style=alike))).severity is None
    apart = only("link-visible", altered.append(good, text.format(style="color:#06f;text-decoration:none")))
    assert apart.severity is Severity.WARNING
    for fine in (
        "color:#222",
        f"{alike};font-weight:700",
        f"{alike};background:#eee",
        f"{alike};border-bottom:1px solid",
    ):
        assert not proofs.remarks("accessibility.link-visible", altered.append(good, text.format(style=fine)))
    alone = f'<p><a href="https://kreis.example" style="{alike}">Übersicht</a></p>'
    assert not proofs.remarks("accessibility.link-visible", altered.append(good, alone))


@pytest.mark.parametrize(
    ("size", "severity"), [("11px", Severity.ERROR), ("13px", None), (".7em", Severity.ERROR)]
)
def test_text_is_large_enough(good: Proof, size: str, severity: Severity | None) -> None:
    """Below 14 px it is a warning, below 12 an error."""
    found = only("text-size", altered.append(good, f'<p style="font-size:{size}">Kleingedrucktes</p>'))
    assert found.severity is severity
    assert found.quote == "Kleingedrucktes"
    assert not proofs.remarks(
        "accessibility.text-size", altered.append(good, '<p style="font-size:14px">Gut</p>')
    )


def test_text_must_not_shrink_on_phones(good: Proof) -> None:
    """Where a media query makes it smaller."""
    css = "@media (max-width: 479px) { .card p { font-size: 13px !important } }"
    found = proofs.remarks("accessibility.text-size", altered.style(good, css))
    assert found
    assert all("on a phone" in remark.message for remark in found)


def test_lines_have_room(good: Proof) -> None:
    """In texts of several lines; without a word about it, a font's own 1.2 is too little."""
    for style in ("line-height:1.2", "line-height:18px", "line-height:normal"):
        found = only("line-height", altered.append(good, f'<p style="{style}">{LONG}</p>'))
        assert "times as high as the text" in found.message
    assert not proofs.remarks(
        "accessibility.line-height", altered.append(good, f'<p style="line-height:1.4">{LONG}</p>')
    )
    assert not proofs.remarks("accessibility.line-height", altered.append(good, "<p>Kurz</p>"))


@pytest.mark.parametrize(
    ("style", "severity"),
    [
        ("display:inline-block;background:#000;line-height:20px", Severity.ERROR),
        ("display:inline-block;background:#000;line-height:20px;padding:4px 9px", Severity.HINT),
        ("line-height:15px", None),
    ],
)
def test_targets_can_be_hit(good: Proof, style: str, severity: Severity | None) -> None:
    """Buttons of less than 24 px are an error, of less than 44 px a hint; other links alone a warning."""
    link = f'<div><p style="margin:0"><a href="https://kreis.example" style="{style}">Bericht</a></p></div>'
    assert only("target-size", altered.append(good, link)).severity is severity


def test_targets_may_be_small_within_text_or_with_room(good: Proof) -> None:
    """WCAG 2.5.8: “inline” and “spacing”."""
    link = '<a href="https://kreis.example" style="line-height:15px">Bericht</a>'
    for fine in (f"<p>Der {link} steht im Netz.</p>", f'<p style="margin:5px 0">{link}</p>'):
        assert not proofs.remarks("accessibility.target-size", altered.append(good, fine))


def test_longer_text_is_aligned_to_the_left(good: Proof) -> None:
    """Justified is a warning, centred a hint; short texts may be anywhere."""
    found = only("alignment", altered.append(good, f'<p style="text-align:justify">{LONG}</p>'))
    assert (found.severity, "is justified" in found.message) == (None, True)
    assert only("alignment", altered.append(good, f'<p align="center">{LONG}</p>')).severity is Severity.HINT
    assert not proofs.remarks("accessibility.alignment", altered.append(good, '<p align="center">Kurz</p>'))


def test_capitals_are_found_where_they_were_typed(tmp_path: Path) -> None:
    """Whole paragraphs only: abbreviations and short cries are fine."""
    proof = proofs.proof(
        tmp_path, "Die NRW.BANK und der KDN.\n\nBITTE MELDEN SIE SICH BIS ZUM MONTAG AN.\n\nACHTUNG NEU\n"
    )
    found = proofs.remarks("accessibility.capitals", proof)
    assert set(proofs.lines(found, proof)) == {"BITTE MELDEN SIE SICH BIS ZUM MONTAG AN."}
    assert len(dict.fromkeys(found)) == 1


def test_capitals_may_come_from_the_theme(good: Proof) -> None:
    """By text-transform."""
    found = only("capitals", altered.append(good, f'<p style="text-transform:uppercase">{LONG}</p>'))
    assert "text-transform" in found.cure


def test_what_the_theme_made_is_placed_in_it(tmp_path: Path) -> None:
    """At the template of the section, the office's own; or at the layout's line."""
    template = tmp_path / "templates" / "sections" / "quote" / "mail.mjml.j2"
    template.parent.mkdir(parents=True)
    source = (BASE_THEME / "sections" / "quote" / "mail.mjml.j2").read_text(encoding="utf-8")
    template.write_text(
        source.replace('<div class="quote">', '\n<h1 class="big">Zitat</h1><div class="quote">')
    )
    proof = proofs.proof(tmp_path, {"type": "quote", "text": "Wer schreibt, der bleibt."})
    (found,) = proofs.remarks("accessibility.top-heading", proof)
    assert found.where.path == template
    assert 'class="big"' in template.read_text(encoding="utf-8").splitlines()[found.where.line - 1]


def test_places_in_templates_are_lines_that_are_there(good: Proof) -> None:
    """For every element of mail and page some line of the theme is named, and it exists."""
    for document in good.documents:
        for element in document.body.iter("*"):
            where = good.templates.of(element)
            lines = where.path.read_text(encoding="utf-8").splitlines()
            assert 1 <= where.line <= len(lines)
            assert 1 <= where.column <= len(lines[where.line - 1]) + 1


def test_colours_of_the_base_theme_are_known(good: Proof) -> None:
    """Every colour of theme.toml leads back to its line."""
    theme = Theme((BASE_THEME,), Phrases("de"))
    for table in ("light", "dark"):
        for value in theme.values[table].values():
            colour = colours.parse(value)
            assert colour
            found = good.templates.colour(colour, dark=table == "dark")
            assert found
            assert found.name.startswith(f"{table}.")
