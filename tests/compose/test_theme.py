"""The look: an office changes it by files of its own, and is told its mistakes at their lines."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from newsletter.compose.theme import Theme
from newsletter.errors import FaultsFound
from newsletter.language import Phrases
from newsletter.workspace import BASE_THEME
from tests.compose.workshop import edition, faults, yaml_of

LETTER = [{"type": "letter", "heading": "Auftakt", "text": "Guten Tag."}]


def write(folder: Path, **files: str) -> Path:
    """Write an office's templates; `__` in a name is a folder."""
    for name, text in files.items():
        path = folder / "templates" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "templates"


def theme(office: Path, cache: Path | None = None) -> Theme:
    """Open a theme."""
    return Theme((office, BASE_THEME), Phrases("de"), cache)


def test_an_office_changes_a_value(tmp_path: Path) -> None:
    """One key of theme.toml is enough; all others stay the base theme's."""
    office = write(tmp_path, **{"theme.toml": '[light]\naccent = "#7a1f5c"\n[house]\nmotto = "Nah dran"\n'})
    found = edition(tmp_path, yaml_of(LETTER), themes=[office])
    assert "#7a1f5c" in found.general.html
    assert "#7a1f5c" in found.page
    assert theme(office).values["light"]["card"] == "#ffffff"
    assert theme(office).values["house"] == {"motto": "Nah dran"}


MAIL = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
CALL = "{{% call content() %}}<p>{}</p>{{% endcall %}}"
MOOD = """
title = { en = "Mood", de = "Stimmung" }
[fields.text]
type = "line"
required = true
[fields.colour]
type = "choice"
choices = ["red", "green"]
default = "red"
"""


def test_an_office_changes_a_template(tmp_path: Path) -> None:
    """A template of the same name replaces the base theme's."""
    office = write(
        tmp_path,
        **{
            "layout__top.txt.j2": "*** {{ newsletter.title }} ***\n",
            "sections__letter__mail.mjml.j2": MAIL.format(CALL.format("Neu: {{ s.heading }}")),
        },
    )
    found = edition(tmp_path, yaml_of(LETTER), themes=[office])
    assert found.general.text.startswith("*** Rathaus-Post ***\n")
    assert "Neu: Auftakt" in found.general.html
    assert "<h2>Auftakt</h2>" in found.page


def test_an_office_adds_a_section_type(tmp_path: Path) -> None:
    """A folder with a declaration and three templates is a new type; no Python is needed."""
    told = "{{ s.text }} {{ s.colour }}"
    office = write(
        tmp_path,
        **{
            "sections__mood__section.toml": MOOD,
            "sections__mood__mail.mjml.j2": MAIL.format(CALL.format(told)),
            "sections__mood__text.txt.j2": f"{told}\n",
            "sections__mood__page.html.j2": f"<p>{told}</p>\n",
        },
    )
    section = {"type": "mood", "text": "Heiter & wolkig"}
    found = edition(tmp_path, yaml_of([section]), themes=[office])
    assert "Heiter &amp; wolkig red" in found.general.html
    assert "Heiter & wolkig red" in found.general.text
    assert "Heiter &amp; wolkig red" in found.page


@pytest.mark.parametrize(
    ("toml", "message", "cure"),
    [
        pytest.param('[light]\nacent = "#000"\n', "light.acent", "accent", id="unknown key"),
        pytest.param('accent = "#000"\n', "accent", "light", id="no table"),
        pytest.param("[light\n", "TOML", "", id="no TOML"),
    ],
)
def test_a_wrong_value_is_a_fault(tmp_path: Path, toml: str, message: str, cure: str) -> None:
    """An unknown key of theme.toml is told, with the one that was meant."""
    office = write(tmp_path, **{"theme.toml": toml})
    (fault,) = faults(tmp_path, yaml_of(LETTER), themes=[office])
    assert fault.where.path == office / "theme.toml"
    assert message in fault.message
    assert cure in fault.cure


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        pytest.param(
            "sections__letter__page.html.j2", "a\n{% if %}\n", 2, "Expected an expression", id="syntax"
        ),
        pytest.param("sections__letter__page.html.j2", "a\n\n{{ nmae }}\n", 3, "nmae", id="undefined name"),
        pytest.param(
            "sections__letter__page.html.j2", "a\n\n{{ s.haeding }}\n", 3, "haeding", id="undefined field"
        ),
        pytest.param(
            "sections__letter__page.html.j2", '{% include "layout/no.j2" %}', 0, "layout/no.j2", id="missing"
        ),
        pytest.param("layout__when.html.j2", "\n{{ 1 / 0 }}\n", 2, "ZeroDivisionError", id="in an include"),
        pytest.param(
            "sections__letter__text.txt.j2", "\n{{ ''.__class__.__mro__ }}\n", 2, "unsafe", id="sandbox"
        ),
        pytest.param(
            "sections__letter__text.txt.j2", "{{ cycler.__init__.__globals__ }}", 1, "unsafe", id="globals"
        ),
    ],
)
def test_a_template_that_fails_names_its_line(
    tmp_path: Path, name: str, text: str, line: int, words: str
) -> None:
    """A wrong template is a fault at its file and line, and no template gets out of its box."""
    office = write(tmp_path, **{name: text})
    events = {"type": "events", "events": [{"title": "a", "date": "2024-10-01"}]}
    (fault,) = faults(tmp_path, yaml_of([*LETTER, events]), themes=[office])
    assert words in fault.message
    assert fault.where.line == line
    if line:
        assert fault.where.path == office / name.replace("__", "/")


def test_a_value_is_no_template(tmp_path: Path) -> None:
    """Text of an issue is never compiled: a sum in braces is a personal place that does not exist."""
    (fault,) = faults(tmp_path, yaml_of([{"type": "letter", "heading": "{{ 7*7 }}"}]))
    assert "7*7" in fault.message
    found = edition(tmp_path, yaml_of([{"type": "letter", "heading": "{% x %} {# y #}"}]))
    assert "{% x %} {# y #}" in found.page


def test_the_cache_follows_the_templates(tmp_path: Path) -> None:
    """A template that was changed is rendered anew, cache or no cache."""
    cache = tmp_path / "cache"
    name = "sections__letter__text.txt.j2"
    for word in ("eins", "zwei"):
        office = write(tmp_path, **{name: f"{word} {{{{ s.heading }}}}"})
        found = edition(tmp_path, yaml_of(LETTER), themes=[office], cache_folder=cache)
        assert f"{word} Auftakt" in found.general.text
    assert list((cache / "templates").iterdir())


def test_a_theme_image(tmp_path: Path) -> None:
    """The mark beside the name comes from the office's folder `images`, and a missing one is a fault."""
    office = write(tmp_path, **{"theme.toml": '[masthead]\nmark = "mark.png"\n'})
    with pytest.raises(FaultsFound, match=r"mark\.png"):
        edition(tmp_path, yaml_of(LETTER), themes=[office])


def luminance(colour: str) -> float:
    """Compute the relative luminance of a colour (WCAG 2.2)."""
    digits = colour.lstrip("#")
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PAIRS = [
    ("text", "card"), ("text", "tint"), ("muted", "card"), ("muted", "tint"), ("muted", "canvas"),
    ("accent", "card"), ("accent", "tint"), ("band_text", "band"), ("band_muted", "band"),
    ("button_text", "button"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS, ids=["-on-".join(pair) for pair in PAIRS])
def test_contrast(scheme: str, text: str, ground: str) -> None:
    """Every text of the base theme stands out from the ground it is on: 4.5:1 (WCAG 1.4.3)."""
    colours = tomllib.loads((BASE_THEME / "theme.toml").read_text(encoding="utf-8"))[scheme]
    assert contrast(colours[text], colours[ground]) >= 4.5


def test_contrast_is_computed_rightly() -> None:
    """Black on white is 21:1, and the grey that failed in the prototype fails."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#6b7280", "#f3f4f6") == pytest.approx(4.39, abs=0.01)
