"""The edition: what an issue became, frozen and named by a digest of its content.

One digest names the test mail, the approval, the sending and the archive page. The same sources give
the same bytes and so the same digest: no clock, no machine, no order of sets gets in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from newsletter.issue_id import IssueId

MARKER = re.compile(r"zqP\d{2,}zq")
"""A personal place in finished text: letters and digits only, so that MJML, lxml, premailer and
quoted-printable all leave it alone (measured: spaces, quotes and braces do not survive)."""


@dataclass(frozen=True)
class Place:
    """A personal place: what stands there for a reader is `values[name]`, or the fallback if empty."""

    marker: str
    name: str
    fallback: str
    """The neutral form; stands on the page for all, and for readers of whom the field is not known."""

    def value(self, values: Mapping[str, str]) -> str:
        """Return what stands here for a reader."""
        return values.get(self.name) or self.fallback


@dataclass(frozen=True)
class Asset:
    """A finished image; `name` is derived from its content, `width` and `height` are in CSS pixels."""

    name: str
    media_type: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Variant:
    """The mail for the readers whose segments leave the same sections."""

    name: str
    """`general`, or the deciding segments: `districts`, `districts+cities`."""
    memberships: frozenset[frozenset[str]]
    """Which of the issue's segments such a reader is in; each possible set occurs in one variant."""
    sections: tuple[str, ...]
    """Anchors of the sections it holds."""
    html: str
    text: str
    """Plain text, lines ending in LF, format=flowed (RFC 3676): a space at the end is a soft break."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A composed issue."""

    id: IssueId
    date: date
    language: str
    title: str
    subject: str
    preheader: str
    places: tuple[Place, ...]
    segments: tuple[str, ...]
    """The segments that the issue distinguishes."""
    variants: tuple[Variant, ...]
    """All that can occur, the general one first."""
    page: str
    """The archive page, HTML5."""
    assets: tuple[Asset, ...]
    mail_sources: Mapping[str, str]
    """Address in the mail (`cid:…` or `https://…`) of each asset the mail shows, by the asset's name."""
    page_assets: tuple[str, ...]
    """Names of the assets the page shows, as `images/NAME`."""

    @property
    def general(self) -> Variant:
        """The variant for a reader in none of the segments; the page has the same sections."""
        return self.variants[0]

    def variant_for(self, segments: frozenset[str]) -> Variant:
        """Choose the variant for a reader by the segments they are in."""
        member = segments & frozenset(self.segments)
        return next(variant for variant in self.variants if member in variant.memberships)

    def fill(self, text: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
        """Put a reader's values into the personal places of a text."""
        filled = {place.marker: escape(place.value(values)) for place in self.places}
        return MARKER.sub(lambda found: filled[found[0]], text)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything a reader can get, in hexadecimal."""
        content = {
            "id": str(self.id),
            "date": self.date.isoformat(),
            "language": self.language,
            "title": self.title,
            "subject": self.subject,
            "preheader": self.preheader,
            "places": [[place.marker, place.name, place.fallback] for place in self.places],
            "segments": list(self.segments),
            "variants": [
                [variant.name, sorted(map(sorted, variant.memberships)), variant.html, variant.text]
                for variant in self.variants
            ],
            "page": self.page,
            "assets": [
                [asset.name, asset.media_type, hashlib.sha256(asset.data).hexdigest()]
                for asset in self.assets
            ],
            "mail_sources": dict(sorted(self.mail_sources.items())),
            "page_assets": list(self.page_assets),
        }
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
