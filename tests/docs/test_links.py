"""Links and pictures of the documents lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from tests.docs.documents import DOCS, README, ROOT, anchors, documents, links

PICTURES = sorted((DOCS / "images").iterdir())


def _local() -> Iterator[tuple[Path, str]]:
    for path in documents():
        yield from ((path, link) for link in links(path) if not link.startswith(("https://", "http://")))


@pytest.mark.parametrize(
    ("document", "link"), list(_local()), ids=lambda part: str(part).removeprefix(f"{ROOT}/")
)
def test_a_local_link_leads_somewhere(document: Path, link: str) -> None:
    """The file is there, and the heading in it."""
    file, _, anchor = unquote(link).partition("#")
    target = (document.parent / file).resolve() if file else document
    assert target.exists()
    assert ROOT in target.parents
    assert not anchor or anchor in anchors(target)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_shown(path: Path) -> None:
    """Below 250 KB, a PNG, and in one of the documents."""
    shown = {(document.parent / link).resolve() for document, link in _local()}
    assert path.stat().st_size < 250_000
    with Image.open(path) as picture:
        assert picture.format == "PNG"
    assert path in shown


def test_the_readme_leads_to_every_document() -> None:
    """Each document of the folder can be reached from the README."""
    found, open_ = {README}, [README]
    while open_:
        document = open_.pop()
        near = {(document.parent / unquote(link).partition("#")[0]).resolve() for link in links(document)}
        new = {path for path in near if path.suffix == ".md" and path.is_file()} - found
        found |= new
        open_ += new
    assert {path.name for path in set(documents()) - found} <= {"quality.md"}
