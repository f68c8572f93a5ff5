"""MJML is checked first: what the compiler would pass or drop silently is named at its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose import mjml, mjml_check
from tests.compose.workshop import faults, yaml_of

BODY = "<mjml>\n<mj-body>\n{}\n</mj-body>\n</mjml>"
COLUMN = BODY.format("<mj-section><mj-column>\n{}\n</mj-column></mj-section>")


def problem(text: str) -> mjml_check.Problem:
    """Return the one problem of a document."""
    (only,) = mjml_check.problems(text)
    return only


@pytest.mark.parametrize(
    ("text", "at", "words", "cure"),
    [
        pytest.param(
            COLUMN.format("<mj-txt>a</mj-txt>"),
            "<mj-txt",
            "no MJML component <mj-txt>",
            "mj-text",
            id="unknown tag",
        ),
        pytest.param(
            COLUMN.format("<mj-text>ä</mj-text><mj-foo />"),
            "<mj-foo",
            "no MJML component <mj-foo>",
            "",
            id="unknown empty tag",
        ),
        pytest.param(
            COLUMN.format('<mj-text colour="red">ä</mj-text>'),
            "<mj-text",
            "no attribute “colour”",
            "color",
            id="unknown attribute",
        ),
        pytest.param(
            COLUMN.format('<mj-text padding="abc">a</mj-text>'),
            "<mj-text",
            "“abc” does not fit",
            "px",
            id="bad unit",
        ),
        pytest.param(
            COLUMN.format('<mj-text padding="1px 2px 3px 4px 5px">a</mj-text>'),
            "<mj-text",
            "does not fit",
            "",
            id="too many units",
        ),
        pytest.param(
            COLUMN.format('<mj-text color="#12">a</mj-text>'),
            "<mj-text",
            "“#12” does not fit",
            "color",
            id="bad colour",
        ),
        pytest.param(
            COLUMN.format('<mj-text align="middle">a</mj-text>'),
            "<mj-text",
            "“middle” does not fit",
            "left",
            id="bad choice",
        ),
        pytest.param(
            COLUMN.format('<mj-image fluid-on-mobile="yes" src="a" />'),
            "<mj-image",
            "“yes”",
            "boolean",
            id="bad yes or no",
        ),
        pytest.param(
            BODY.format('<mj-section full-width="false"></mj-section>'),
            "<mj-section",
            "“false”",
            "full-width",
            id="full-width is taken for yes whatever it says",
        ),
        pytest.param(
            COLUMN.format('<mj-button title="a">b</mj-button>'),
            "<mj-button",
            "no attribute “title”",
            "",
            id="an attribute the compiler drops",
        ),
        pytest.param(
            BODY.format("<mj-text>a</mj-text>"),
            "<mj-text",
            "<mj-text> cannot stand in <mj-body>",
            "mj-section",
            id="wrong place",
        ),
        pytest.param(
            BODY.format("<mj-section><mj-section></mj-section></mj-section>"),
            "<mj-section></mj-section></",
            "cannot stand in <mj-section>",
            "mj-column",
            id="section in section",
        ),
        pytest.param("<mj-body></mj-body>", "<mj-body", "cannot stand in <–>", "mjml", id="no root"),
        pytest.param(
            BODY.format("<mj-section>lose</mj-section>"),
            "lose",
            "“lose” stands outside",
            "<mj-text>",
            id="text outside a component",
        ),
        pytest.param(
            COLUMN.format("<mj-divider>ü</mj-divider>"), "ü", "outside a component", "", id="text in a rule"
        ),
        pytest.param(
            COLUMN.format("<mj-text>ä <b>x</b></mj-text>"),
            "<b>",
            "<b> stands directly in <mj-text>",
            "content()",
            id="HTML past content()",
        ),
        pytest.param(
            COLUMN.format("<!--[if mso]>x<![endif]-->"),
            "<!--",
            "conditional comment",
            "<mj-raw>",
            id="conditional comment between components",
        ),
        pytest.param(
            COLUMN.format("<mj-text><![CDATA[x]]></mj-text>"), "<![CDATA[", "CDATA", "Leave", id="CDATA"
        ),
        pytest.param(
            '<?xml version="1.0"?>' + BODY.format(""), "<?xml", "<?xml", "Leave", id="XML declaration"
        ),
        pytest.param("<!DOCTYPE mjml>" + BODY.format(""), ">", "DOCTYPE", "Leave", id="document type"),
        pytest.param(BODY.format("<?php x?>"), "<?php", "MJML has no", "Leave", id="processing instruction"),
    ],
)
def test_a_mistake_is_named_at_its_place(text: str, at: str, words: str, cure: str) -> None:
    """Each mistake that mrml would let pass is one problem, where it stands, with a cure."""
    found = problem(text)
    assert words in found.message
    assert cure in found.cure
    assert text[found.offset :].startswith(at)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param(COLUMN.format("<mj-text>ä</mj-txt>"), "mj-txt", id="tags crossed"),
        pytest.param(COLUMN.format("<mj-text>ä < b</mj-text>"), " b</", id="sign below a tag"),
        pytest.param(COLUMN.format("<mj-text align=left>a</mj-text>"), "left", id="no quotes"),
        pytest.param("", "", id="nothing"),
        pytest.param("<mjml><mj-body>", "", id="not closed"),
    ],
)
def test_what_is_not_well_formed_is_named_where_it_breaks(text: str, at: str) -> None:
    """What XML does not allow is told with the place."""
    found = problem(text)
    assert "not well formed" in found.message
    assert text[found.offset :].startswith(at)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            COLUMN.format("<mj-text>a &amp; b &nbsp; &zwnj; &#847; &bogus;</mj-text>"), id="entities"
        ),
        pytest.param(
            COLUMN.format("<!-- a --><mj-text css-class='x' mj-class='y'>a</mj-text>"), id="comments"
        ),
        pytest.param(
            "<mjml><mj-head><mj-raw><meta name='a' content='b' /></mj-raw></mj-head></mjml>", id="head"
        ),
        pytest.param(COLUMN.format('<mj-text padding="0 1.5px">a</mj-text>'), id="units"),
        pytest.param(COLUMN.format('<mj-text letter-spacing="-1px">a</mj-text>'), id="negative"),
        pytest.param(COLUMN.format('<mj-text color="rgb(1, 2, 3)">a</mj-text>'), id="colour"),
        pytest.param(
            COLUMN.format("<mj-raw><!--[if mso]>x<![endif]--></mj-raw>"), id="comment where it may be"
        ),
    ],
)
def test_good_mjml_passes(text: str) -> None:
    """What MJML allows is no problem, and compiles."""
    assert mjml_check.problems(text) == []
    assert mjml.compiled(text)


@pytest.mark.parametrize("tag", ["mj-section", "div"])
def test_deep_nesting_is_refused_quickly(tag: str) -> None:
    """Fifty thousand levels, on which the compiler kills the process, are a problem within a second."""
    begun = time.perf_counter()
    found = mjml_check.problems(
        f"<mjml><mj-body>{f'<{tag}>' * 50_000}{f'</{tag}>' * 50_000}</mj-body></mjml>"
    )
    assert time.perf_counter() - begun < 30  # minutes without the limit
    assert "nested" in found[-1].message
    assert len(found) < 100


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_an_attribute_says_what_it_said(text: str) -> None:
    r"""No character of an alt text is written as Rust writes it (`\u{a0}` for a no-break space)."""
    value = "".join(f"&#{ord(char)};" if char in '&<>"' else char for char in text)
    html = mjml.compiled(COLUMN.format(f'<mj-image src="a" alt="{value}" />'))
    spelled = "".join(f"&#{ord(char)};" if f"&#{ord(char)};" in html else char for char in text)
    assert f'alt="{spelled}"' in html


def office(folder: Path, name: str, text: str) -> Path:
    """Write a template of the office's own."""
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder / "templates"


@pytest.mark.parametrize(
    ("name", "text", "file", "line"),
    [
        pytest.param(
            "sections/divider/mail.mjml.j2",
            "{# a #}\n<mj-section>\n  <mj-colum></mj-colum>\n</mj-section>\n",
            "sections/divider/mail.mjml.j2",
            3,
            id="in a section",
        ),
        pytest.param(
            "layout/masthead.mjml.j2",
            "{% if true %}\n<mj-section>\n{% endif %}\n\n<b>a</b></mj-section>\n",
            "layout/masthead.mjml.j2",
            5,
            id="through an include",
        ),
        pytest.param(
            "sections/divider/mail.mjml.j2",
            '{% macro line(x) %}\n<mj-divider\n  color="{{ x }}" />\n{% endmacro %}\n'
            "<mj-section><mj-column>\n\n{{ line('red') }}</mj-column></mj-section>",
            "sections/divider/mail.mjml.j2",
            2,
            id="through a macro",
        ),
        pytest.param(
            "layout/blocks.mjml.j2",
            "{% macro filler() %}{% endmacro %}\n{% macro title(s) %}\n\n<mj-text size='1'>a</mj-text>\n"
            "{% endmacro %}\n{% macro prose(t, c='') %}{% endmacro %}{% macro buttons(l) %}{% endmacro %}",
            "layout/blocks.mjml.j2",
            4,
            id="through an imported macro",
        ),
        pytest.param(
            "layout/masthead.mjml.j2",
            "<mj-section>\n  <mj-column>\n</mj-section>\n",
            "layout/masthead.mjml.j2",
            3,
            id="not well formed",
        ),
    ],
)
def test_a_fault_of_an_office_template_names_its_line(
    tmp_path: Path, name: str, text: str, file: str, line: int
) -> None:
    """Wrong MJML of an office's template is told with the template's file and line."""
    themes = [office(tmp_path, name, text)]
    sections = [{"type": "letter", "heading": "A", "text": "B"}, {"type": "divider"}]
    found = faults(tmp_path, yaml_of(sections), themes=themes)
    assert (themes[0] / file, line) in {(fault.where.path, fault.where.line) for fault in found}
