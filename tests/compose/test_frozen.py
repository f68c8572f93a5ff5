"""Frozen editions: what is read back is what was written, or nothing is."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose import frozen
from newsletter.compose.edition import Asset, Edition, Place, Variant
from newsletter.compose.frozen import FrozenEditionError
from newsletter.issue_id import IssueId
from tests.compose.kitchen_sink import kitchen_sink

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.lists(st.sampled_from(["cities", "districts", "press"]), unique=True)
VARIANTS = st.builds(
    Variant, TEXTS, st.frozensets(NAMES.map(frozenset)), st.lists(TEXTS).map(tuple), TEXTS, TEXTS
)
ASSETS = st.builds(Asset, TEXTS, TEXTS, st.binary(max_size=50), st.integers(0), st.integers(0))
EDITIONS = st.builds(
    Edition,
    id=st.builds(IssueId, st.integers(1000, 9999), st.integers(1, 999)),
    date=st.dates(),
    language=TEXTS,
    title=TEXTS,
    subject=TEXTS,
    preheader=TEXTS,
    places=st.lists(st.builds(Place, TEXTS, TEXTS, TEXTS)).map(tuple),
    segments=NAMES.map(tuple),
    variants=st.lists(VARIANTS, max_size=3).map(tuple),
    page=TEXTS,
    assets=st.lists(ASSETS, max_size=3).map(tuple),
    mail_sources=st.dictionaries(TEXTS, TEXTS),
    page_assets=st.lists(TEXTS).map(tuple),
)
SMALL = Edition(
    id=IssueId(2023, 3),
    date=date(2023, 9, 14),
    language="de",
    title="",
    subject="",
    preheader="",
    places=(),
    segments=(),
    variants=(Variant("general", frozenset({frozenset()}), (), "<p>", "p"),),
    page="",
    assets=(Asset("a.png", "image/png", b"\x89PNG", 1, 1),),
    mail_sources={},
    page_assets=(),
)


@given(EDITIONS)
def test_any_edition_comes_back(edition: Edition) -> None:
    """Whatever an edition holds, it is read back equal, with its digest, and writes the same bytes again."""
    data = frozen.dumps(edition)
    read = frozen.loads(data)
    assert read == edition
    assert read.digest == edition.digest
    assert frozen.dumps(read) == data


def test_real_edition_comes_back(tmp_path: Path) -> None:
    """So does an edition with everything an issue can hold, in less space than it takes."""
    edition = kitchen_sink(tmp_path)
    data = frozen.dumps(edition)
    assert frozen.loads(data) == edition
    images = sum(len(asset.data) for asset in edition.assets)
    texts = sum(len(variant.html) + len(variant.text) for variant in edition.variants)
    assert len(data) < 1.05 * images + texts / 2


@pytest.mark.parametrize("position", range(0, len(frozen.dumps(SMALL)), 7))
def test_damage_is_found(position: int) -> None:
    """A byte that is another one anywhere is noticed, and told as damage."""
    data = bytearray(frozen.dumps(SMALL))
    data[position] ^= 0x20
    with pytest.raises(FrozenEditionError):
        frozen.loads(bytes(data))


@pytest.mark.parametrize(
    "data", [b"", b"{}", zlib.compress(b"{"), zlib.compress(b"[]"), zlib.compress(b'{"version":1}')]
)
def test_other_data_is_refused(data: bytes) -> None:
    """What is no frozen edition is told as damage."""
    with pytest.raises(FrozenEditionError, match="damaged"):
        frozen.loads(data)


def _changed(**changes: object) -> bytes:
    content = json.loads(zlib.decompress(frozen.dumps(SMALL)))
    return zlib.compress(json.dumps(content | changes).encode())


def test_another_content_does_not_fit_the_digest() -> None:
    """Content that was changed afterwards is refused, as its digest is another one."""
    assert frozen.loads(_changed()) == SMALL
    with pytest.raises(FrozenEditionError, match="damaged"):
        frozen.loads(_changed(subject="Something else"))
    other = replace(SMALL, subject="Something else")
    assert frozen.loads(_changed(subject="Something else", digest=other.digest)) == other


def test_a_later_version_is_told() -> None:
    """What a later version of the program wrote is not guessed at."""
    with pytest.raises(FrozenEditionError, match="version"):
        frozen.loads(_changed(version=frozen.VERSION + 1))
