"""Markdown: what it makes of an editor's text, what it refuses and at which line, and that it is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.compose.markdown import Markdown, Prose
from newsletter.errors import Fault, Where
from newsletter.issue.model import Text
from newsletter.issue.source import read

WHERE = Where(Path("issue.yaml"), 10, 5)
NBSP = "\u00a0"
ALLOWED = {
    "p": set(), "br": set(), "strong": set(), "em": set(), "s": set(), "a": {"href"}, "ul": set(),
    "ol": {"start"}, "li": set(), "blockquote": set(), "code": set(), "pre": set(), "hr": set(), "h2": set(),
    "h3": set(), "h4": set(), "h5": set(), "h6": set(), "table": set(), "thead": set(), "tbody": set(),
    "tr": set(), "th": {"scope", "class", "style"}, "td": {"class", "style"},
}  # fmt: skip


def prose(text: str, language: str = "de", *, heading: int = 3) -> tuple[Prose, list[Fault]]:
    """Read a text that begins on line 11, as in a `|` block below line 10."""
    faults: list[Fault] = []
    source = Text(text, "markdown", WHERE, body=True)
    return Markdown(language, str).prose(source, text, faults, heading=heading), faults


def written(text: str, language: str = "de") -> str:
    """Return the HTML of a text without faults."""
    found, faults = prose(text, language)
    assert not faults
    return str(found.html)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("**fett** *kursiv*", "<p><strong>fett</strong> <em>kursiv</em></p>", id="emphasis"),
        pytest.param("~~weg~~", "<p><s>weg</s></p>", id="strikethrough"),
        pytest.param("`a < b`", "<p><code>a &lt; b</code></p>", id="code"),
        pytest.param("a\\\nb", "<p>a<br>\nb</p>", id="hard break"),
        pytest.param("* a\n* b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>", id="list"),
        pytest.param("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>', id="numbered list"),
        pytest.param("> a", "<blockquote>\n<p>a</p>\n</blockquote>", id="quote"),
        pytest.param("---", "<hr>", id="rule"),
        pytest.param("```\na <b>\n```", "<pre><code>a &lt;b&gt;\n</code></pre>", id="code block"),
        pytest.param("[a](https://b.example)", '<p><a href="https://b.example">a</a></p>', id="link"),
        pytest.param("a &amp; b & c", "<p>a &amp; b &amp; c</p>", id="entities"),
        pytest.param("www.rathaus.example", "<p>www.rathaus.example</p>", id="no link made of a bare name"),
    ],
)
def test_commonmark(text: str, html: str) -> None:
    """Texts become what CommonMark says, with strikethrough from GitHub's dialect."""
    assert written(text) == html


def test_a_table_has_scoped_heads() -> None:
    """A table of GitHub's dialect becomes a data table whose heads say what they head (WCAG 1.3.1)."""
    table = lxml_html.fragment_fromstring(written("|a|b|\n|--|-:|\n|1|2|"))
    assert [head.get("scope") for head in table.iter("th")] == ["col", "col"]
    assert [cell.text for cell in table.iter("td")] == ["1", "2"]


def test_a_soft_break_joins_no_words() -> None:
    """A line break between two marked words stays a space (the MJML compiler would drop it)."""
    assert written("**Foo**\n*bar*") == "<p><strong>Foo</strong>\n<em>bar</em></p>"


@pytest.mark.parametrize(
    ("language", "text", "set_text"),
    [
        pytest.param("de", "\"Er sagt 'ja'\"", "„Er sagt ‚ja‘“", id="German"),
        pytest.param("en", "\"He says 'yes'\"", "“He says ‘yes’”", id="English"),
        pytest.param("de", "geht's", "geht’s", id="apostrophe"),
        pytest.param("de", "a -- b ... c", f"a{NBSP}– b … c", id="dash and dots"),
        pytest.param("de", "10-15", "10-15", id="a hyphen between numbers stays"),
        pytest.param("de", '`"a" -- z. B.`', '<code>"a" -- z. B.</code>', id="code as it is"),
        pytest.param(
            "de", "z. B. um 19 Uhr am 2. August", f"z.{NBSP}B. um 19{NBSP}Uhr am 2.{NBSP}August", id="bound"
        ),
    ],
)
def test_typography(language: str, text: str, set_text: str) -> None:
    """Quotes are those of the language, dashes are dashes, and what belongs together is bound."""
    assert written(text, language).replace("&nbsp;", NBSP) == f"<p>{set_text}</p>"


def test_a_line_of_plain_text_is_set_too() -> None:
    """A heading or subject has quotes and bound spaces, and Markdown's signs are letters in it."""
    markdown = Markdown("de", str)
    assert markdown.line('"Gut" *und* [schön](x) um 8 Uhr') == f"„Gut“ *und* [schön](x) um 8{NBSP}Uhr"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a\n\n<div>b</div>", 3, "<div>", id="block of HTML"),
        pytest.param("a\nb <br> c", 2, "<br>", id="HTML in a line"),
        pytest.param("a\n<!-- geheim -->", 2, "<!-- geheim -->", id="comment"),
        pytest.param("<script>alert(1)</script>", 1, "<script>", id="script"),
        pytest.param("* a\n* b\n  <i>c</i>", 3, "<i>", id="HTML in a list"),
        pytest.param("> a\n> <b>", 2, "<b>", id="HTML in a quote"),
        pytest.param("|a|b|\n|-|-|\n|1|2|\n|3|<b>|", 4, "<b>", id="HTML in a table"),
        pytest.param("a `x\ny` b\nc <u>", 3, "<u>", id="behind code of two lines"),
        pytest.param("a <b\ntitle='x'> c\n<u>", 3, "<u>", id="behind a tag of two lines"),
        pytest.param("a\\\nb\n![x](y.png)", 3, "image", id="image"),
        pytest.param("a [b](javascript:alert(1))", 1, "javascript:", id="javascript link"),
        pytest.param("a [b](JaVaScRiPt:alert(1))", 1, "not allowed", id="JavaScript in capitals"),
        pytest.param("a [b](java&#115;cript:alert(1))", 1, "javascript:", id="javascript in an entity"),
        pytest.param("\n\n[b](data:text/html,x)", 3, "data:", id="data link"),
        pytest.param("[b](vbscript:x)", 1, "vbscript:", id="vbscript link"),
        pytest.param("a\nb\n[c](seite.html)", 3, "not complete", id="relative link"),
        pytest.param("a\nb\n[c](/seite)", 3, "not complete", id="link from the root"),
        pytest.param("a\nb\n[c](#)", 3, "nowhere", id="dead link"),
        pytest.param("a\n[c]()", 2, "nowhere", id="empty link"),
        pytest.param("a\n[c][1]\n\n[1]: data:x", 2, "data:", id="link by reference"),
        pytest.param("a\n<javascript:alert(1)>", 2, "javascript:", id="automatic link"),
        pytest.param('a\n[b](https://c.example "Titel")', 2, "Titel", id="link with a title"),
        pytest.param("a\n[b](https://c.example/zqP01zq)", 2, "personal place", id="personal link"),
    ],
)
def test_what_a_text_must_not_have(text: str, line: int, words: str) -> None:
    """HTML, images and bad links are faults at their line in the file."""
    _found, faults = prose(text)
    assert [fault.where.line for fault in faults if words in fault.message] == [10 + line]


def test_the_line_is_that_of_the_file(tmp_path: Path) -> None:
    """In a `|` block the fault's line is where the text stands in issue.yaml."""
    path = tmp_path / "issue.yaml"
    path.write_text("a: 1\ntext: |\n\n  erste\n  zweite <b>\n", encoding="utf-8")
    file = read(path)
    spot = file.spot(("text",))
    value = file.value["text"]  # type: ignore[index] # the file is a mapping
    faults: list[Fault] = []
    text = Text(value, "markdown", file.where(("text",)), body=spot.body)
    Markdown("de", str).prose(text, value, faults)
    assert faults[0].where.line == 5


def test_everything_is_told_at_once() -> None:
    """Each fault of a text is told, not only the first."""
    _found, faults = prose("<b>\n\n![a](b)\n\n[c](#)\n\n[d](e)")
    assert [fault.where.line for fault in faults] == [11, 13, 15, 17]


@pytest.mark.parametrize(
    ("text", "first", "levels"),
    [
        pytest.param("# a\n\n### b\n\n# c", 3, ["h3", "h4", "h3"], id="none left out"),
        pytest.param("###### a", 2, ["h2"], id="begins where the section says"),
        pytest.param(
            "# 1\n\n## 2\n\n### 3\n\n#### 4\n\n##### 5\n\n###### 6",
            3,
            ["h3", "h4", "h5", "h6", "h6", "h6"],
            id="no deeper than six",
        ),
        pytest.param("a\n===\n\nb\n---", 3, ["h3", "h4"], id="underlined"),
    ],
)
def test_heading_levels(text: str, first: int, levels: list[str]) -> None:
    """Headings begin at the section's level and leave none out (WCAG 1.3.1)."""
    found, _faults = prose(text, heading=first)
    body = lxml_html.fragment_fromstring(str(found.html), create_parent=True)
    assert [element.tag for element in body.iter("h1", "h2", "h3", "h4", "h5", "h6")] == levels


NASTY = st.lists(st.sampled_from([
    "<script>", "</p>", '<img src=x onerror="a">', "<a href='javascript:a'>", "javascript:", "[a](", ")",
    "](", "<", ">", '"', "'", "`", "```\n", "\n", "\n\n", "> ", "* ", "1. ", "# ", "|", "|a|b|\n|-|-|\n",
    "![", "<!--", "-->", "<![CDATA[", "&#60;b&#62;", "&lt;", "\\", "*", "**", "~~", "---",
    "data:text/html,<b>", " ", "ä", "style=", "<svg/onload=a>", "https://a.example/", "\t",
    "<https://a.example>", "\u00a0", "\u202e",
    "[1]: ",
])).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(NASTY, st.text()))
def test_nothing_unclean_comes_out(text: str) -> None:
    """Whatever the text, the HTML has no tag, attribute or address outside the list."""
    found, faults = prose(text)
    body = lxml_html.fragment_fromstring(f"<div>{found.html}</div>")
    for element in body.iterdescendants():
        assert element.tag in ALLOWED
        assert set(element.keys()) <= ALLOWED[str(element.tag)]
        scheme = element.get("href", "https:").partition(":")[0]
        assert scheme in {"https", "http", "mailto", "tel"} or faults


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=80))
def test_a_line_is_never_markup(text: str) -> None:
    """A line of plain text keeps its words whatever Markdown or HTML it looks like."""
    line = Markdown("de", str).line(text)
    assert [word for word in "<>*_[]`#" if line.count(word) != text.count(word)] == []
