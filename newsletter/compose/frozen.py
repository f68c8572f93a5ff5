"""An edition frozen in the ledger: what was planned is what is sent, whatever becomes of its sources.

JSON under zlib, images in base64 (which zlib takes off again). What is read back is the same edition to the
last byte, and is checked by its digest.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from newsletter.compose.edition import Asset, Edition, Place, Variant
from newsletter.errors import NewsletterError
from newsletter.issue_id import IssueId
from newsletter.language import _

VERSION = 1


class FrozenEditionError(NewsletterError, ValueError):
    """A frozen edition cannot be used."""


def dumps(edition: Edition) -> bytes:
    """Write an edition; the same one gives the same bytes."""
    content = {
        "version": VERSION,
        "digest": edition.digest,
        "id": str(edition.id),
        "date": edition.date.isoformat(),
        "language": edition.language,
        "title": edition.title,
        "subject": edition.subject,
        "preheader": edition.preheader,
        "places": [[place.marker, place.name, place.fallback] for place in edition.places],
        "segments": edition.segments,
        "variants": [_variant(variant) for variant in edition.variants],
        "page": edition.page,
        "assets": [_asset(asset) for asset in edition.assets],
        "mail_sources": dict(edition.mail_sources),
        "page_assets": edition.page_assets,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), level=9)


def loads(data: bytes) -> Edition:
    """Read an edition.

    Raises:
        FrozenEditionError: it is damaged, or was written by a later version of the program.
    """
    content = _content(data)
    if content.get("version") != VERSION:
        message = _("The frozen edition was written by another version of the program.")
        raise FrozenEditionError(
            message, cure=_("Go on with the version that began the mailing, or a later one.")
        )
    try:
        edition = _edition(content)
    except (KeyError, TypeError, ValueError) as err:
        raise _damaged() from err
    if edition.digest != content["digest"]:
        raise _damaged()
    return edition


def _content(data: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(zlib.decompress(data))
    except (zlib.error, ValueError) as err:
        raise _damaged() from err
    if not isinstance(content, dict):
        raise _damaged()
    return content


def _damaged() -> FrozenEditionError:
    message = _("The frozen edition is damaged.")
    return FrozenEditionError(message, cure=_("Put the database back from your backup."))


def _variant(variant: Variant) -> list[Any]:
    memberships = sorted(map(sorted, variant.memberships))
    return [variant.name, memberships, variant.sections, variant.html, variant.text]


def _asset(asset: Asset) -> list[Any]:
    data = base64.b64encode(asset.data).decode("ascii")
    return [asset.name, asset.media_type, data, asset.width, asset.height]


def _edition(content: Mapping[str, Any]) -> Edition:
    return Edition(
        id=IssueId.parse(content["id"]),
        date=date.fromisoformat(content["date"]),
        language=content["language"],
        title=content["title"],
        subject=content["subject"],
        preheader=content["preheader"],
        places=tuple(Place(*place) for place in content["places"]),
        segments=tuple(content["segments"]),
        variants=tuple(
            Variant(name, frozenset(map(frozenset, memberships)), tuple(sections), html, text)
            for name, memberships, sections, html, text in content["variants"]
        ),
        page=content["page"],
        assets=tuple(
            Asset(name, media_type, base64.b64decode(data, validate=True), width, height)
            for name, media_type, data, width, height in content["assets"]
        ),
        mail_sources=content["mail_sources"],
        page_assets=tuple(content["page_assets"]),
    )
