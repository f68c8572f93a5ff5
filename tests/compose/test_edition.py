"""The edition: frozen, named by its content, with a variant for each group of readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.audience import audiences, segments
from newsletter.compose.edition import Asset, Edition, Place, Variant
from newsletter.errors import Where
from newsletter.issue import section_type
from newsletter.issue.model import Section
from newsletter.issue_id import IssueId
from newsletter.workspace import BASE_THEME
from tests.compose.kitchen_sink import ISSUE, kitchen_sink
from tests.compose.workshop import edition, edition_of, faults_of, neutral

GENERAL = Variant("general", frozenset({frozenset()}), ("a",), "<p>zqP01zq</p>", "zqP01zq\n")
PRESS = Variant("press", frozenset({frozenset({"press"})}), ("a", "b"), "<p>b</p>", "b\n")
PLACE = Place("zqP01zq", "name", "Leserin")
ASSET = Asset("a.png", "image/png", b"1", 1, 1)
EDITION = Edition(
    id=IssueId(2024, 4),
    date=date(2024, 10, 1),
    language="de",
    title="Titel",
    subject="Betreff",
    preheader="Vorspann",
    places=(PLACE,),
    segments=("press",),
    variants=(GENERAL, PRESS),
    page="<p>Leserin</p>",
    assets=(ASSET,),
    mail_sources={"a.png": "cid:a.png@b.example"},
    page_assets=("a.png",),
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": IssueId(2024, 3)}, id="id"),
        pytest.param({"date": date(2024, 10, 2)}, id="date"),
        pytest.param({"language": "en"}, id="language"),
        pytest.param({"title": "Titel "}, id="title"),
        pytest.param({"subject": "Betref"}, id="subject"),
        pytest.param({"preheader": ""}, id="preheader"),
        pytest.param({"places": ()}, id="no place"),
        pytest.param({"places": (replace(PLACE, fallback="Leser"),)}, id="a fallback"),
        pytest.param({"places": (replace(PLACE, name="title"),)}, id="a place's field"),
        pytest.param({"segments": ()}, id="segments"),
        pytest.param({"variants": (PRESS, GENERAL)}, id="order of variants"),
        pytest.param({"variants": (replace(GENERAL, name="all"), PRESS)}, id="a variant's name"),
        pytest.param({"variants": (replace(GENERAL, html="<p></p>"), PRESS)}, id="a variant's HTML"),
        pytest.param({"variants": (replace(GENERAL, text=""), PRESS)}, id="a variant's text"),
        pytest.param(
            {"variants": (replace(GENERAL, memberships=PRESS.memberships), PRESS)}, id="who gets it"
        ),
        pytest.param({"page": "<p>Leser</p>"}, id="page"),
        pytest.param({"assets": (replace(ASSET, data=b"2"),)}, id="an image's bytes"),
        pytest.param({"assets": (replace(ASSET, name="b.png"),)}, id="an image's name"),
        pytest.param({"assets": (replace(ASSET, media_type="image/jpeg"),)}, id="an image's type"),
        pytest.param({"mail_sources": {"a.png": "https://b.example/a.png"}}, id="an image's address"),
        pytest.param({"page_assets": ()}, id="images of the page"),
    ],
)
def test_the_digest_names_the_content(change: Mapping[str, Any]) -> None:
    """Anything a reader could see otherwise gives another digest."""
    assert replace(EDITION, **change).digest != EDITION.digest
    assert replace(EDITION).digest == EDITION.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Vorab ein Wort", "Vorab ein Satz", id="a word"),
        pytest.param("https://portal.example", "https://portal.invalid", id="a link"),
        pytest.param("file: rathaus.png", "file: logo.png", id="an image"),
        pytest.param("date: 2024-10-01", "date: 2024-10-02", id="the date"),
        pytest.param("Was der Herbst", "Was nun der Herbst", id="the subject"),
    ],
)
def test_the_digest_follows_the_sources(tmp_path: Path, old: str, new: str) -> None:
    """A change in the issue is another edition."""
    assert old in ISSUE
    before = edition(tmp_path / "a", ISSUE, cache_folder=tmp_path / "cache")
    after = edition(tmp_path / "b", ISSUE.replace(old, new, 1), cache_folder=tmp_path / "cache")
    assert before.digest != after.digest


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither folder nor cache, empty, full or damaged, changes a byte."""
    first = kitchen_sink(tmp_path / "one")
    cached = [kitchen_sink(tmp_path / "two", tmp_path / "cache") for _time in range(2)]
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-3])
    damaged = kitchen_sink(tmp_path / "three", tmp_path / "cache")
    assert {found.digest for found in (first, *cached, damaged)} == {first.digest}
    assert (first.general, first.page) == (damaged.general, damaged.page)


def test_an_unwritable_cache_is_no_failure(tmp_path: Path) -> None:
    """A cache that cannot be made costs time only."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert (
        kitchen_sink(tmp_path / "a", tmp_path / "file" / "cache").digest
        == kitchen_sink(tmp_path / "b").digest
    )


def section(anchor: str, only: frozenset[str] = frozenset(), not_: frozenset[str] = frozenset()) -> Section:
    """Make a section for some readers."""
    kind = section_type.load("divider", [BASE_THEME])
    return Section(type=kind, anchor=anchor, where=Where(Path()), values={}, only=only, not_=not_)


def subsets(names: tuple[str, ...]) -> list[frozenset[str]]:
    """List all sets of names."""
    return [frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)]


SEGMENTS = st.frozensets(st.sampled_from(["cities", "districts", "press"]), max_size=2)


@given(st.lists(st.tuples(SEGMENTS, SEGMENTS), min_size=1, max_size=5))
def test_variants_share_out_all_readers(rules: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    """Each possible membership is in one variant, which holds what `only` and `not` leave of the issue."""
    sections = [section(f"s{number}", only, not_) for number, (only, not_) in enumerate(rules)]
    groups = audiences(sections)
    everyone = [member for group in groups for member in group.memberships]
    assert sorted(map(sorted, everyone)) == sorted(map(sorted, subsets(segments(sections))))
    assert frozenset() in groups[0].memberships
    assert groups[0].name == "general"
    assert len({group.name for group in groups}) == len(groups)
    assert len({tuple(part.anchor for part in group.sections) for group in groups}) == len(groups)
    for group in groups:
        for member in group.memberships:
            left = [
                part for part in sections if (not part.only or part.only & member) and not part.not_ & member
            ]
            assert list(group.sections) == left


TO_ALL = {"type": "letter", "text": "Für alle."}
TO_CITIES = {"type": "letter", "text": "Für Städte.", "only": "cities"}
NOT_PRESS = {"type": "letter", "text": "Nicht für die Presse.", "not": ["press"]}


@pytest.mark.parametrize(
    ("sections", "names"),
    [
        pytest.param([TO_ALL], ["general"], id="one for all"),
        pytest.param([TO_ALL, TO_CITIES], ["general", "cities"], id="only"),
        pytest.param([TO_ALL, NOT_PRESS], ["general", "press"], id="not"),
        pytest.param(
            [TO_ALL, TO_CITIES, NOT_PRESS], ["general", "cities", "press", "cities+press"], id="both"
        ),
        pytest.param(
            [TO_ALL, {**TO_CITIES, "only": ["cities", "districts"]}], ["general", "cities"], id="either"
        ),
    ],
)
def test_variants(tmp_path: Path, sections: list[dict[str, Any]], names: list[str]) -> None:
    """A variant holds its sections' words, in all media, and no others."""
    found = edition_of(tmp_path, *sections)
    assert [variant.name for variant in found.variants] == names
    for variant in found.variants:
        for part in sections:
            member = next(iter(variant.memberships))
            only = {part["only"]} if isinstance(part.get("only"), str) else set(part.get("only", ()))
            seen = (not only or bool(only & member)) and not set(part.get("not", ())) & member
            assert (part["text"] in variant.html) == seen
            assert (part["text"] in variant.text.replace(" \n", " ")) == seen
    assert [part["text"] in found.page for part in sections] == [
        part["text"] in found.general.html for part in sections
    ]


def test_a_readers_variant(tmp_path: Path) -> None:
    """A reader gets the variant of their segments; those the issue knows nothing of don't matter."""
    found = edition_of(tmp_path, TO_ALL, TO_CITIES, NOT_PRESS)
    for member in subsets(("cities", "districts", "press")):
        wanted = "+".join(sorted(member - {"districts"})) or "general"
        assert found.variant_for(member | {"unknown"}).name == wanted


@pytest.mark.parametrize(
    ("section_of", "words"),
    [
        pytest.param(TO_CITIES, "none of the segments", id="only for some"),
        pytest.param(NOT_PRESS, "press", id="not for some"),
    ],
)
def test_no_reader_gets_an_empty_issue(tmp_path: Path, section_of: dict[str, Any], words: str) -> None:
    """A variant without a section is refused, and the fault says who would get it."""
    (fault,) = faults_of(tmp_path, section_of)
    assert words in fault.message
    assert fault.cure
    assert fault.where.line


def test_a_section_for_nobody_leaves_nothing(tmp_path: Path) -> None:
    """A section that no reader can see is in no variant, and its image does not travel."""
    image = {"file": "rathaus.png", "alt": "Rathaus"}
    nobody = {"type": "image", "image": image, "only": "cities", "not": "cities"}
    found = edition_of(tmp_path, TO_ALL, nobody)
    assert found.assets == ()
    assert "rathaus-" not in found.page + "".join(variant.html for variant in found.variants)


def test_contents_follow_the_variant(tmp_path: Path) -> None:
    """The contents list names the sections of the variant, and there is none for a single one."""
    sections = [
        {"type": "article", "heading": "Erstens", "text": "a"},
        {"type": "article", "heading": "Zweitens", "text": "b", "only": "cities"},
    ]
    general, cities = edition_of(tmp_path, *sections).variants
    assert "Inhalt" not in general.text
    assert "Inhalt\n\n* Erstens\n* Zweitens\n" in cities.text


def test_a_contents_line_of_its_own(tmp_path: Path) -> None:
    """`contents:` may say it otherwise, personal places and their faults included."""
    sections = [
        {"type": "article", "heading": "Erstens", "text": "a", "contents": "Kurz, {{ first_name | Sie }}"},
        {"type": "article", "heading": "Zweitens", "text": "b"},
    ]
    _html, text = neutral(edition_of(tmp_path, *sections))
    assert "* Kurz, Sie\n* Zweitens" in text
    sections[0]["contents"] = "Kurz, {{ frist_name | Sie }}"
    (fault,) = faults_of(tmp_path, *sections)
    assert "frist_name" in fault.message


@pytest.mark.parametrize(
    ("values", "text"),
    [
        pytest.param({"name": "Ada"}, "Hallo Ada, Ada!", id="known"),
        pytest.param({}, "Hallo Leserin, Leserin!", id="not known"),
        pytest.param({"name": ""}, "Hallo Leserin, Leserin!", id="empty"),
        pytest.param({"name": "zqP01zq"}, "Hallo zqP01zq, zqP01zq!", id="a value is never filled again"),
        pytest.param({"name": "{{7*7}}"}, "Hallo {{7*7}}, {{7*7}}!", id="a value is never a template"),
        pytest.param({"name": r"\1 \g<0>"}, r"Hallo \1 \g<0>, \1 \g<0>!", id="a value is never a pattern"),
    ],
)
def test_fill(values: dict[str, str], text: str) -> None:
    """A reader's values stand in the places, literally; the neutral form where nothing is known."""
    assert EDITION.fill("Hallo zqP01zq, zqP01zq!", values) == text


def test_fill_escapes() -> None:
    """In HTML a value is escaped, the neutral form too."""
    assert EDITION.fill("zqP01zq", {"name": "<b>"}, lambda text: text.replace("<", "&lt;")) == "&lt;b>"
