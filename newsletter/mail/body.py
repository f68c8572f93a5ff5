"""The body of a mail in pieces: text and HTML in quoted-printable, cut at the personal places."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self
from urllib.parse import unquote

from newsletter.compose.edition import MARKER, Asset, Edition, Place, Variant
from newsletter.mail import headers, quoted
from newsletter.mail.ways_out import PLACE, WaysOut

_CID = re.compile(r"""cid:[^\s"'<>()]+""")


class Slot(NamedTuple):
    """A personal place in one of the two parts."""

    name: str
    escape: Callable[[str], str]
    neutral: bytes
    """What stands there, encoded, for readers of whom nothing is known."""

    @classmethod
    def of(cls, place: Place, escape: Callable[[str], str]) -> Self:
        """Make ready a place whose values are escaped so."""
        return cls(place.name, escape, quoted.encode(escape(place.fallback)))


Piece = bytes | Slot
TOKEN = Slot("token", str, b"")
"""The recipient's token, within their link."""


def pieces(edition: Edition, variant: Variant, ways_out: WaysOut) -> list[Piece]:
    """Write both parts, HTML last as the better one (RFC 2046 §5.1.4), with the images it shows.

    The first piece begins with the Content-Type; what follows its first blank line is the body.
    """
    places = {place.marker: place for place in edition.places}
    text = _cut(variant.text, places, ways_out, str)
    page = _cut(variant.html, places, ways_out, html.escape)
    text_part = _part("text/plain; charset=utf-8; format=flowed; delsp=no", text)
    page_part = _part("text/html; charset=utf-8", page)
    images = [_image(asset, source) for asset, source in _inline_images(edition, variant)]
    if images:
        boundary = f"=_related_{edition.digest[:32]}"
        page_part = _multipart('multipart/related; type="text/html"', boundary, [page_part, *images])
    return _multipart("multipart/alternative", f"=_alternative_{edition.digest[:32]}", [text_part, page_part])


def _multipart(kind: str, boundary: str, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Join parts (RFC 2046 §5.1); `=_` in the boundary occurs neither in quoted-printable nor in base64."""
    joined: list[Piece] = [f'Content-Type: {kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        joined += [f"--{boundary}\r\n".encode(), *part, b"\r\n"]
    return [*joined, f"--{boundary}--\r\n".encode()]


def _part(media_type: str, body: Iterable[Piece]) -> list[Piece]:
    coding = headers.raw("Content-Transfer-Encoding", "quoted-printable")
    return [headers.raw("Content-Type", media_type) + coding + b"\r\n", *body]


def _cut(
    text: str, places: Mapping[str, Place], ways_out: WaysOut, escape: Callable[[str], str]
) -> Iterator[Piece]:
    """Encode a part, cut at its personal places; a body ends with a line end."""
    text = text if text.endswith("\n") else f"{text}\n"
    start = 0
    for found in MARKER.finditer(text):
        yield quoted.encode(text[start : found.start()]) + quoted.SOFT_BREAK
        yield from _filling(places[found[0]], ways_out, escape)
        yield quoted.SOFT_BREAK
        start = found.end()
    yield quoted.encode(text[start:])


def _filling(place: Place, ways_out: WaysOut, escape: Callable[[str], str]) -> Iterator[Piece]:
    """Give the place itself, or the recipient's link, of which only the token differs."""
    if place.name != PLACE or not ways_out.url:
        yield Slot.of(place, escape)
        return
    for number, part in enumerate(ways_out.url):
        if number:
            yield quoted.SOFT_BREAK
            yield TOKEN
            yield quoted.SOFT_BREAK
        yield quoted.encode(escape(part))


def _inline_images(edition: Edition, variant: Variant) -> Iterator[tuple[Asset, str]]:
    """List the images that travel in the mail and that this variant shows."""
    shown = set(_CID.findall(variant.html))
    for asset in edition.assets:
        source = edition.mail_sources.get(asset.name, "")
        if source in shown:
            yield asset, source


def _image(asset: Asset, source: str) -> list[Piece]:
    """Write an inline image; its Content-ID is the address without `cid:`, decoded (RFC 2392)."""
    head = (
        headers.raw("Content-Type", asset.media_type),
        headers.raw("Content-Transfer-Encoding", "base64"),
        headers.raw("Content-ID", f"<{unquote(source.removeprefix('cid:'))}>"),
        headers.raw("Content-Disposition", f'inline; filename="{asset.name}"'),
    )
    return [b"".join(head) + b"\r\n" + base64.encodebytes(asset.data).replace(b"\n", b"\r\n")]
