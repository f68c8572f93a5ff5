"""The content's styles, written into it by premailer, and its way past the MJML compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lxml import html as lxml_html
from markupsafe import Markup
from premailer import Premailer

from newsletter.compose.cache import Drawer
from newsletter.compose.fragments import Fragments
from newsletter.compose.inline import Inliner
from tests.compose.kitchen_sink import kitchen_sink
from tests.compose.workshop import SETTINGS

CSS = "p { margin: 0; } h2 { color: #123456 !important; } a { color: red; } li { margin: 1px; }"
CSS += " td { padding: 2px; } .event .when { color: blue; }"
CSS += " .event + .event { margin: 3px; } .no { margin: 4px; }"


def inlined(*fragments: str, drawer: Drawer | None = None) -> list[str]:
    """Inline the style sheet."""
    return Inliner(CSS, drawer or Drawer(None)).inlined(fragments)


def same(fragment: str) -> bytes:
    """Write a fragment in one way, however it was written."""
    return bytes(lxml_html.tostring(lxml_html.fragment_fromstring(fragment, create_parent=True)))


@pytest.mark.parametrize(
    ("fragment", "result"),
    [
        pytest.param("<p>a</p>", '<p style="margin:0">a</p>', id="paragraph"),
        pytest.param("<h2>a</h2>", '<h2 style="color:#123456 !important">a</h2>', id="important"),
        pytest.param(
            '<p><a href="https://a.example/?b=1&amp;c=2">a</a></p>',
            '<p style="margin:0"><a href="https://a.example/?b=1&amp;c=2" style="color:red">a</a></p>',
            id="link",
        ),
        pytest.param("<ul><li>a</li></ul>", '<ul><li style="margin:1px">a</li></ul>', id="list"),
        pytest.param("Nur Text &amp; &lt;b&gt;", "Nur Text &amp; &lt;b&gt;", id="text"),
        pytest.param("a&nbsp;b\u00adc ä 日本 😀", "a\u00a0b\u00adc ä 日本 😀", id="signs"),
        pytest.param("<pre>a\n  b\n\nc</pre>", "<pre>a\n  b\n\nc</pre>", id="preformatted"),
        pytest.param("a<!-- b --><br>c", "a<!-- b --><br>c", id="comment"),
        pytest.param(
            "<table><tbody><tr><td>a</td></tr></tbody></table>",
            '<table><tbody><tr><td style="padding:2px">a</td></tr></tbody></table>',
            id="table",
        ),
        pytest.param("zqP01zq", "zqP01zq", id="personal place"),
        pytest.param(
            '<a href="zqP01zq">a</a>', '<a href="zqP01zq" style="color:red">a</a>', id="place in a link"
        ),
    ],
)
def test_styles_land_on_the_content(fragment: str, result: str) -> None:
    """Each element gets its rules; words, entities, comments and white space in <pre> stay."""
    assert same(inlined(fragment)[0]) == same(result)


def test_fragments_do_not_touch_each_other() -> None:
    """Several fragments in one run come out as each by itself, in their order."""
    fragments = ["<p>a</p>", "<p>b</p><p>c</p>", "Text", "<p>a</p>", ""]
    assert inlined(*fragments) == [inlined(fragment)[0] for fragment in fragments]


def test_the_taught_premailer_writes_what_premailer_writes() -> None:
    """Reading the style sheet once gives the same result as premailer's own way."""
    fragment = "<div class='event'><h2>a</h2><p class='x when'>b <a href='https://a.example'>c</a></p></div>"
    plain = Premailer(
        f"<html><head></head><body>{fragment}</body></html>",
        css_text=[CSS],
        strip_important=False,
        remove_classes=False,
        disable_validation=True,
        keep_style_tags=False,
        disable_leftover_css=True,
    ).transform(pretty_print=False)
    assert inlined(fragment)[0] in str(plain)


def test_what_is_kept_is_what_was_made(tmp_path: Path) -> None:
    """A fragment from the cache is the one that was put there; another style sheet makes it anew."""
    path = tmp_path / "texts.json"
    drawer = Drawer(path)
    fresh = inlined("<p>a</p>", "<p>b</p>", drawer=drawer)
    drawer.save()
    assert inlined("<p>a</p>", "<p>b</p>", drawer=Drawer(path)) == fresh
    assert Inliner("p { margin: 9px; }", Drawer(path)).inlined(["<p>a</p>"]) == [
        '<p style="margin:9px">a</p>'
    ]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"a": 1}', b"\xff"], ids=["empty", "cut", "list", "number", "binary"]
)
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    """A cache file that says nothing costs time only."""
    path = tmp_path / "texts.json"
    path.write_bytes(damage)
    assert inlined("<p>a</p>", drawer=Drawer(path)) == ['<p style="margin:0">a</p>']


def test_a_drawer_keeps_what_was_used_last(tmp_path: Path) -> None:
    """Texts that an issue no longer has leave the file."""
    first = Drawer(tmp_path / "texts.json")
    first.put("a", "1")
    first.put("b", "2")
    first.save()
    second = Drawer(tmp_path / "texts.json")
    assert second.get("a") == "1"
    second.save()
    third = Drawer(tmp_path / "texts.json")
    assert (third.get("a"), third.get("b")) == ("1", None)


def test_premailer_is_not_loaded_when_all_is_cached(tmp_path: Path) -> None:
    """A second build of the same issue starts without premailer, pyphen and Pillow's decoders."""
    cache = tmp_path / "cache"
    digest = kitchen_sink(tmp_path / "first", cache).digest
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from newsletter.compose.composer import compose\n"
        "from newsletter.issue import reader\n"
        "from newsletter.settings_model import Settings\n"
        "from newsletter.workspace import BASE_THEME\n"
        f"settings = Settings.model_validate_json({SETTINGS.model_dump_json()!r})\n"
        f"path = Path({str(tmp_path / 'first' / '2024-4' / 'issue.yaml')!r})\n"
        "issue = reader.read(path, settings, [BASE_THEME]).issue\n"
        f"print(compose(issue, settings, (BASE_THEME,), Path({str(cache)!r})).digest)\n"
        "print(sorted({'premailer', 'cssutils', 'pyphen', 'PIL.Image'} & set(sys.modules)))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.splitlines() == [digest, "[]"]


def test_fragments_come_back_where_they_were() -> None:
    """A piece leaves a marker in the skeleton and takes its place again, in every variant."""
    fragments = Fragments()
    markers = [fragments.add(lambda part=part: f"\n  <p>{part}</p>\n") for part in ("a", "b")]  # type: ignore[misc] # bound
    assert all(marker.isalnum() for marker in markers)
    skeletons = [f"<td>{markers[0]}</td><td>{markers[1]}</td>", f"<td>{markers[1]}</td>"]
    a, b = '<p style="margin:0">a</p>', '<p style="margin:0">b</p>'
    assert fragments.splice(skeletons, Inliner(CSS, Drawer(None))) == [
        f"<td>{a}</td><td>{b}</td>",
        f"<td>{b}</td>",
    ]


@pytest.mark.parametrize(
    ("piece", "result"),
    [
        pytest.param("<p>a</p>\n  <p>b</p>", "<p>a</p><p>b</p>", id="between paragraphs"),
        pytest.param("<div>\n<p>a</p>\n</div>", "<div><p>a</p></div>", id="in a block"),
        pytest.param("<em>a</em>\n<b>b</b>", "<em>a</em>\n<b>b</b>", id="between words"),
        pytest.param("<p>\n<em>a</em>\n</p>", "<p><em>a</em></p>", id="at a block's edges"),
        pytest.param("<p>a\nb</p>", "<p>a\nb</p>", id="in words"),
        pytest.param("<pre>a</pre>\n<p>b</p>", "<pre>a</pre>\n<p>b</p>", id="with preformatted text"),
    ],
)
def test_indentation_goes_and_words_stay_apart(piece: str, result: str) -> None:
    """White space between blocks is left out, never between words."""
    fragments = Fragments()
    marker = fragments.add(lambda: Markup(piece))  # noqa: S704 (a test's own)
    assert fragments.splice([marker], Inliner("i { color: red; }", Drawer(None))) == [result]
