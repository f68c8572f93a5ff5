"""The images that a mail shows, and where the editor, or the theme, named each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newsletter.compose.edition import Asset, Edition
from newsletter.compose.images import Darkroom
from newsletter.errors import FaultsFound, Where
from newsletter.issue.model import Image, Issue, Value
from newsletter.issue.reader import slug


@dataclass(frozen=True)
class Shown:
    """An image of the mail, once for each place that names it."""

    asset: Asset
    source: str
    """Its address in the mail."""
    file: str
    """As it was named: `karte.png`."""
    where: Where
    room: int
    """How wide there is room for it, in CSS pixels; it is shown no wider than it has pixels."""
    anchor: str = ""
    """Of its section; empty for an image of the theme."""


def of_issue(issue: Issue, edition: Edition, cache: Path | None) -> Iterator[Shown]:
    """Give the images of an issue that its mail shows, in their order.

    Each is developed once more, from the cache: that tells which finished image has become of it.
    """
    darkroom = Darkroom(issue.folder, cache / "images" if cache else None)
    for section in issue.sections:
        for image in _images(section.values):
            with suppress(FaultsFound):  # the file was replaced since the edition was made
                asset = darkroom.asset(image.file, image.width)
                if source := edition.mail_sources.get(asset.name):
                    yield Shown(
                        asset, source, image.file.value, image.file.where, image.width, section.anchor
                    )


def of_theme(edition: Edition, folders: Sequence[Path], others: Sequence[Shown]) -> Iterator[Shown]:
    """Give the images that the mail shows beside others; the theme keeps them in its folders `images`."""
    files = {
        slug(path.stem): path
        for folder in reversed(folders)
        for path in sorted((folder / "images").glob("*"))
    }
    named = {one.asset.name for one in others}
    for asset in edition.assets:
        source = edition.mail_sources.get(asset.name)
        if source and asset.name not in named:
            path = files.get(asset.name.rpartition("-")[0], folders[0] / "images" / asset.name)
            yield Shown(asset, source, path.name, Where(path), asset.width)


def _images(value: Value) -> Iterator[Image]:
    if isinstance(value, Image):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _images(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _images(item)
