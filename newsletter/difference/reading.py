"""What an edition says, as it is compared: its facts, and by section its words, links and images.

The archive page is read, as it carries the words, links and images of the general mail in the same order
and names its sections; what only some readers get is read from their variant of the mail. Soft hyphens and
line breaks of the source are no words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lxml import html as lxml_html

from newsletter.compose.edition import MARKER, Asset, Edition, Variant
from newsletter.difference.blocks import Block, Link, Shown, blocks_of, is_contents

HEAD = ""
"""The anchor of what stands before the first section: masthead and salutation."""
_NO_WORDS = re.compile(r"^\[\d+\]\s+\S+$|\[\d+\]|^([-=*_~])\1{2,}$", re.MULTILINE)
"""Rules, links and their numbers, which change whenever a link comes or goes before them."""
FOOT = "#foot"
"""The anchor of what stands behind the last one: sender, legal notice."""


@dataclass(frozen=True)
class Picture:
    """An image as a section shows it; `width` and `height` are in CSS pixels."""

    name: str
    digest: str
    """SHA-256 of its content."""
    alt: str
    width: int
    height: int
    asset: Asset | None
    """None for an image that the edition does not carry itself."""


@dataclass(frozen=True)
class Passage:
    """A section, or what stands before and behind them."""

    anchor: str
    blocks: tuple[Block, ...]
    pictures: tuple[Picture, ...]
    readers: tuple[str, ...] = ()
    """The variants it is in; none when it is in all of them."""

    @property
    def links(self) -> tuple[Link, ...]:
        """Its links, in their order."""
        return tuple(link for block in self.blocks for link in block.links)

    @cached_property
    def heading(self) -> str:
        """Its first heading, or else how it begins, what its image shows, or its anchor."""
        named = [block.text for block in self.blocks if block.kind == "heading"]
        named += [" ".join(self.text.split()[:6]), *(picture.alt for picture in self.pictures)]
        return next((name for name in named if name), self.anchor)

    @cached_property
    def text(self) -> str:
        """All its words."""
        return " ".join(block.text for block in self.blocks)


@dataclass(frozen=True)
class Reading:
    """An edition, read for comparing."""

    edition: Edition
    passages: tuple[Passage, ...]
    """The head, the sections in their order, the foot."""

    @classmethod
    def of(cls, edition: Edition) -> Reading:
        """Read an edition."""
        return cls(edition, tuple(_passages(edition)))

    @property
    def facts(self) -> Mapping[str, str]:
        """What stands outside of the sections; keys are stable."""
        edition = self.edition
        contents = next(iter(lxml_html.document_fromstring(edition.page).iter("nav")), None)
        return {
            "id": str(edition.id),
            "date": edition.date.isoformat(),
            "title": _on_one_line(edition.title),
            "subject": _on_one_line(told(edition.subject, edition)),
            "preheader": _on_one_line(told(edition.preheader, edition)),
            "language": edition.language,
            "contents": "" if contents is None else "yes",
            "variants": ", ".join(variant.name for variant in edition.variants),
        }

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """The personal places: name and neutral form."""
        return tuple((place.name, place.fallback) for place in self.edition.places)

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The paragraphs of the general variant's plain text, without rules and the list of links."""
        text = told(self.edition.general.text, self.edition)
        paragraphs = (" ".join(_NO_WORDS.sub(" ", part).split()) for part in text.split("\n\n"))
        return tuple(part for part in paragraphs if part)


def told(text: str, edition: Edition) -> str:
    """Write personal places as editors do."""
    forms = {place.marker: f"{{{{ {place.name} | {place.fallback} }}}}" for place in edition.places}
    return MARKER.sub(lambda found: forms[found[0]], text)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _passages(edition: Edition) -> Iterator[Passage]:
    """Give the passages in the order in which a reader of all variants would meet them."""
    found = _of_page(edition)
    order = list(edition.general.sections)
    for variant in edition.variants[1:]:
        found.update(_of_mail(edition, variant, set(variant.sections) - set(order)))
        order = _merged(order, variant.sections)
    for anchor in (HEAD, *order, FOOT):
        passage = found.get(anchor) or Passage(anchor, (), ())
        if anchor not in {HEAD, FOOT}:
            passage = replace(passage, readers=_readers(edition, anchor))
        yield passage


def _merged(order: list[str], other: Sequence[str]) -> list[str]:
    """Put the anchors that are new in `other` behind those that they follow there."""
    merged = list(order)
    for place, anchor in enumerate(other):
        if anchor not in merged:
            before = next((name for name in reversed(other[:place]) if name in merged), None)
            merged.insert(merged.index(before) + 1 if before else 0, anchor)
    return merged


def _readers(edition: Edition, anchor: str) -> tuple[str, ...]:
    names = tuple(variant.name for variant in edition.variants if anchor in variant.sections)
    return () if len(names) == len(edition.variants) else names


def _of_page(edition: Edition) -> dict[str, Passage]:
    """Read the archive page, section by section."""
    body = _body(edition.page)
    anchors = set(edition.general.sections)
    begun: dict[str, list[Block | Shown]] = {HEAD: []}
    last = HEAD
    for element, item in blocks_of(body):
        anchor = next((name for one in _lineage(element) if (name := one.get("id", "")) in anchors), None)
        if anchor is None:
            anchor = FOOT if last != HEAD or _is_in(element, "footer") else HEAD
            if (
                isinstance(item, Block)
                and item.kind == "heading"
                and item.text == _on_one_line(edition.title)
            ):
                continue  # the title is one of the facts
        last = anchor
        begun.setdefault(anchor, []).append(item)
    assets = {f"images/{asset.name}": asset for asset in edition.assets}
    return {anchor: _passage(anchor, items, assets) for anchor, items in begun.items()}


def _of_mail(edition: Edition, variant: Variant, wanted: set[str]) -> dict[str, Passage]:
    """Read the sections that the general mail has not from a variant's mail.

    There only sections with a heading carry their anchor; what else the general mail has not belongs to the
    first wanted section without one that follows.
    """
    if not wanted:
        return {}
    known = [item for _element, item in _mail_items(edition, edition.general)]
    begun: dict[str, list[Block | Shown]] = {}
    headed = {element.get("id", "") for element in _mail_body(edition, variant).iter("*")}
    now = HEAD
    for element, item in _mail_items(edition, variant):
        now = next((one.get("id", "") for one in _lineage(element) if one.get("id") in headed - {""}), now)
        if item in known:
            known.remove(item)
        else:
            begun.setdefault(_owner(now, variant.sections, wanted, headed), []).append(item)
    names = {asset.name: asset for asset in edition.assets}
    assets = {source: names[name] for name, source in edition.mail_sources.items()}
    return {anchor: _passage(anchor, items, assets) for anchor, items in begun.items() if anchor in wanted}


def _owner(now: str, order: Sequence[str], wanted: set[str], headed: set[str]) -> str:
    if now in wanted:
        return now
    after = order[order.index(now) + 1 :] if now in order else order
    return next((anchor for anchor in after if anchor in wanted and anchor not in headed), HEAD)


def _mail_body(edition: Edition, variant: Variant) -> lxml_html.HtmlElement:
    return _body(edition.fill(variant.html, {}))


def _body(text: str) -> lxml_html.HtmlElement:
    body = lxml_html.document_fromstring(text).find("body")
    assert body is not None  # noqa: S101 (lxml gives every document one)
    return body


def _mail_items(edition: Edition, variant: Variant) -> Iterator[tuple[lxml_html.HtmlElement, Block | Shown]]:
    """Give what a mail shows, but for its contents list, which only repeats headings."""
    for element, item in blocks_of(_mail_body(edition, variant)):
        if not is_contents(element):
            yield element, item


def _lineage(element: lxml_html.HtmlElement) -> Iterator[lxml_html.HtmlElement]:
    yield element
    yield from element.iterancestors()


def _is_in(element: lxml_html.HtmlElement, tag: str) -> bool:
    return any(one.tag == tag for one in _lineage(element))


def _passage(anchor: str, items: Iterable[Block | Shown], assets: Mapping[str, Asset]) -> Passage:
    items = tuple(items)
    return Passage(
        anchor,
        tuple(item for item in items if isinstance(item, Block)),
        tuple(_picture(item, assets.get(item.source)) for item in items if isinstance(item, Shown)),
    )


def _picture(shown: Shown, asset: Asset | None) -> Picture:
    if asset is None:
        return Picture(shown.source, shown.source, shown.alt, shown.width, shown.height, None)
    digest = hashlib.sha256(asset.data).hexdigest()
    return Picture(asset.name, digest, shown.alt, shown.width, shown.height, asset)
