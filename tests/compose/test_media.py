"""Mail, plain text and archive page say the same: the same words, links and images in the same order.

What only one medium has is named here, each with its reason; nothing else is left out of the comparison.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.build import edition_of as build_edition
from newsletter.compose.edition import Edition
from newsletter.issue import section_type
from newsletter.issue.fields import FieldSpec
from newsletter.issue_id import IssueId
from newsletter.language import Phrases
from newsletter.workspace import BASE_THEME, Workspace
from tests.compose import issues, streams
from tests.compose.kitchen_sink import ISSUE, kitchen_sink
from tests.compose.streams import Link, Picture, Token
from tests.compose.workshop import edition, edition_of, issue, neutral, yaml_of

ROOT = Path(__file__).parents[2]
SEED = ROOT / "tests" / "data" / "seed-2023-III.txt"


def real_issue() -> Edition:
    """Compose the issue that the newsletter has."""
    return build_edition(Workspace.find(ROOT, {}), IssueId(2023, 3))


def ways_out(found: Edition) -> list[Token]:
    """Say what only the mail and its text have: a page is in the browser already, and knows no reader."""
    phrase = Phrases(found.language)
    address = next(place for place in found.places if place.name == "unsubscribe_url").fallback
    read: list[Token] = [*phrase("Read in the browser").split()]
    url = re.search(r'rel="canonical" href="([^"]*)"', found.page)
    leave: list[Token] = [*phrase("Unsubscribe from this newsletter").split(), Link(address)]
    return [*read, Link(url[1]), *leave] if url else [*leave]


def said(found: Edition) -> tuple[list[Token], list[Token], list[Token]]:
    """Read the three media of an edition as a reader gets them of whom nothing is known.

    Left out: <head> with title and description, which is about a document and no part of it; the preheader,
    which the mail hides behind its subject; <style>. Comments are for Outlook's layout and hold no words.
    """
    mail, text = neutral(found)
    (preheader,) = streams.hidden(mail)
    assert preheader.startswith(found.fill(found.preheader, {}))
    return streams.of_html(mail, inner=True), streams.of_text(text), streams.of_html(found.page, inner=True)


def on_paper(stream: Sequence[Token]) -> list[Token]:
    """Leave out what plain text cannot have: images that tell nothing, links that lead to where one is."""
    return [
        token
        for token in stream
        if token != Picture("") and not (isinstance(token, Link) and token.target.startswith("#"))
    ]


def assert_the_same(found: Edition) -> None:
    """Compare the three media."""
    mail, text, page = said(found)
    assert on_paper(mail) == text
    assert mail == [*page, *ways_out(found)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where divided words and images are kept between the issues of this module."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(
    "compose",
    [
        pytest.param(lambda _folder: real_issue(), id="the real issue"),
        pytest.param(kitchen_sink, id="every section with every field"),
        pytest.param(lambda folder: kitchen_sink(folder, language="en"), id="in English"),
    ],
)
def test_the_media_say_the_same(tmp_path: Path, compose: Callable[[Path], Edition]) -> None:
    """Words, links and images are the same and in the same order."""
    found = compose(tmp_path)
    mail, _text, _page = said(found)
    assert len(mail) > 150
    assert_the_same(found)


def test_the_comparison_sees_everything(tmp_path: Path) -> None:
    """The streams hold what the issue says: words, links, addresses, images, the contents list's targets."""
    mail, text, page = said(kitchen_sink(tmp_path))
    for stream in (mail, text, page):
        assert {"Donaudampfschifffahrtsgesellschaftskapitäninnen", "10-15", "Unterpunkt"} <= set(stream)
        assert Link("https://xn--stdte-hra.example/%C3%BC?a=1&b=2") in stream
        assert Link("mailto:post@rathaus.example") in stream
        assert Picture("Porträt von Erika Muster") in stream
        assert "erika.muster@rathaus.example" in stream
    assert Link("#umfrage") in mail
    assert Link("#umfrage") in page


def test_the_kitchen_sink_holds_every_field(tmp_path: Path) -> None:
    """Each section type is in it with each of its fields, so the comparison sees them all."""
    sink = issue(tmp_path, ISSUE)
    for name in section_type.names([BASE_THEME]):
        sections = [section for section in sink.sections if section.type.name == name]
        used = {key for section in sections for key in _used(section.values)}
        assert used >= set(_declared(section_type.load(name, [BASE_THEME]).fields)), name


def _declared(fields: Mapping[str, FieldSpec], path: str = "") -> Iterator[str]:
    for name, spec in fields.items():
        yield path + name
        yield from _declared(spec.fields or (spec.of.fields if spec.of else {}), f"{path}{name}.")


def _used(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, tuple):
        for item in value:
            yield from _used(item, path)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from (path + name, *_used(part, f"{path}{name}.")) if part is not None else ()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(sections=st.lists(issues.sections(), min_size=1, max_size=4), language=st.sampled_from(["de", "en"]))
def test_the_media_say_the_same_of_any_issue(
    kept: Path, sections: list[dict[str, Any]], language: str
) -> None:
    """Whatever the fields of the section types hold, no medium says more or otherwise than the others."""
    with tempfile.TemporaryDirectory() as folder:
        assert_the_same(edition(Path(folder), yaml_of(sections, language=language), cache_folder=kept))


@pytest.mark.parametrize(
    ("medium", "old", "new"),
    [
        pytest.param("text", "Fragen?", "Frage?", id="a word in the text"),
        pytest.param("text", "Unterpunkt eins", "Unterpunkt", id="a word lost in a list"),
        pytest.param("text", "https://amt.example", "https://amt.invalid", id="a target in the text"),
        pytest.param("text", "unsere Seiten [1]", "unsere [1] Seiten", id="a link's place in the text"),
        pytest.param("text", "[Bild: Linkes Bild]", "[Bild: Bild]", id="an image's words in the text"),
        pytest.param("text", "umbrochen wird\n", "umbrochen wird", id="two lines joined in the text"),
        pytest.param("mail", 'alt="Linkes Bild"', 'alt="Bild"', id="an image's words in the mail"),
        pytest.param(
            "mail", 'href="https://amt.example"', 'href="https://amt.invalid"', id="a target in the mail"
        ),
        pytest.param("mail", ">Redaktion<", "><", id="a word lost in the mail"),
        pytest.param("mail", "</strong>\n<em", "</strong><em", id="words joined in the mail"),
        pytest.param("page", "Wir helfen gern", "Gern helfen wir", id="order on the page"),
        pytest.param("page", 'href="#umfrage"', 'href="#termine"', id="the contents' target on the page"),
        pytest.param("page", "Vorab ein Wort", "Vorab ein ein Wort", id="a word too many on the page"),
    ],
)
def test_a_difference_is_noticed(tmp_path: Path, kept: Path, medium: str, old: str, new: str) -> None:
    """The comparison fails when one medium is changed in a word, a link, an image or their order."""
    found = kitchen_sink(tmp_path, kept)
    general = found.general
    written = {"mail": general.html, "text": general.text, "page": found.page}
    assert old in written[medium]
    written[medium] = written[medium].replace(old, new)
    variant = replace(general, html=written["mail"], text=written["text"])
    with pytest.raises(AssertionError):
        assert_the_same(replace(found, variants=(variant,), page=written["page"]))


def test_a_text_of_its_own_replaces_only_the_plain_text(tmp_path: Path) -> None:
    """`plain:` gives a section other words in the plain text; mail and page are as without it."""
    section = {"type": "letter", "text": "Für **alle**."}
    found = edition_of(
        tmp_path, {**section, "plain": "Nur *hier* steht [mehr](https://rathaus.example/mehr)."}
    )
    mail, text, page = said(found)
    assert {"Nur", "hier", Link("https://rathaus.example/mehr")} <= set(text)
    assert "alle" not in text
    assert (mail, page) == (said(edition_of(tmp_path, section))[0], said(edition_of(tmp_path, section))[2])


def sentences() -> list[str]:
    """Read the seed: Markdown, of which words remain; a link is its label."""
    seed = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", SEED.read_text(encoding="utf-8"))
    lines = [re.sub(r"^#+ ", "", line).strip() for line in seed.split("\n")]
    return [part for line in lines if line for part in re.split(r"(?<=[.!]) (?=[A-ZÄÖÜ])", line)]


@pytest.mark.parametrize("sentence", sentences())
@pytest.mark.parametrize("medium", [0, 1, 2], ids=["mail", "text", "page"])
def test_the_seed_is_there_word_for_word(real: tuple[str, str, str], medium: int, sentence: str) -> None:
    """Each sentence of the text we were given stands in the real issue as it was written."""
    assert f" {' '.join(sentence.split())} " in real[medium]


@pytest.fixture(scope="module")
def real() -> tuple[str, str, str]:
    """The real issue's three media as words, without links and images."""
    return tuple(  # type: ignore[return-value] # three by three
        f" {' '.join(token for token in stream if isinstance(token, str))} " for stream in said(real_issue())
    )
