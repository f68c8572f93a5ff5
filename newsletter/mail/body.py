"""The body of a mail in pieces: text and HTML in quoted-printable, cut at the personal places."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from newsletter.compose.edition import MARKER, Asset, Edition, Place, Variant
from newsletter.mail import headers, quoted

_CID = re.compile(r"""cid:[^\s"'<>()]+""")


class Slot(NamedTuple):
    """A personal place in one of the two parts."""

    place: Place
    escape: Callable[[str], str]


Piece = bytes | Slot


def pieces(edition: Edition, variant: Variant) -> list[Piece]:
    """Write both parts, HTML last as the better one (RFC 2046 §5.1.4), with the images it shows."""
    places = {place.marker: place for place in edition.places}
    text = _part("text/plain; charset=utf-8; format=flowed; delsp=no", _cut(variant.text, places, str))
    page = _part("text/html; charset=utf-8", _cut(variant.html, places, html.escape))
    images = [_image(asset, source) for asset, source in _inline_images(edition, variant)]
    if images:
        boundary = f"=_related_{edition.digest[:32]}"
        page = _multipart('multipart/related; type="text/html"', boundary, [page, *images])
    return _multipart("multipart/alternative", f"=_alternative_{edition.digest[:32]}", [text, page])


def _multipart(kind: str, boundary: str, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Join parts (RFC 2046 §5.1); `=_` in the boundary occurs neither in quoted-printable nor in base64."""
    joined: list[Piece] = [f'Content-Type: {kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        joined += [f"--{boundary}\r\n".encode(), *part, b"\r\n"]
    return [*joined, f"--{boundary}--\r\n".encode()]


def _part(media_type: str, body: Iterable[Piece]) -> list[Piece]:
    coding = headers.raw("Content-Transfer-Encoding", "quoted-printable")
    return [headers.raw("Content-Type", media_type) + coding + b"\r\n", *body]


def _cut(text: str, places: Mapping[str, Place], escape: Callable[[str], str]) -> Iterator[Piece]:
    """Encode a part, cut at its personal places; a body ends with a line end."""
    text = text if text.endswith("\n") else f"{text}\n"
    start = 0
    for found in MARKER.finditer(text):
        yield quoted.encode(text[start : found.start()]) + quoted.SOFT_BREAK
        yield Slot(places[found[0]], escape)
        yield quoted.SOFT_BREAK
        start = found.end()
    yield quoted.encode(text[start:])


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
