"""What changed between two editions: values that the terminal, the page and JSON tell alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from newsletter.difference.reading import Picture
from newsletter.difference.words import Change, Piece

State = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    id: str
    digest: str
    told: str
    """What it is, in the editor's words: “as the files say now”, “tested on …”."""


@dataclass(frozen=True)
class Text:
    """A text that is there before or after, or both, in pieces."""

    kind: str
    state: State
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Fact:
    """Something said of the whole edition that is no longer the same, such as its `subject`."""

    name: str
    text: Text


@dataclass(frozen=True)
class LinkChange:
    """A link that came, went, or leads elsewhere."""

    state: State
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class PictureChange:
    """An image that came, went, looks different (`look`), or is described differently (`alt`)."""

    state: State
    before: Picture | None
    after: Picture | None

    @property
    def look(self) -> bool:
        """Whether it is another picture, or another size."""
        one, other = self.before, self.after
        if one is None or other is None:
            return False
        return (one.digest, one.width, one.height) != (other.digest, other.width, other.height)

    @property
    def alt(self) -> bool:
        """Whether it is described in other words."""
        return self.before is not None and self.after is not None and self.before.alt != self.after.alt


@dataclass(frozen=True, kw_only=True)
class SectionChange:
    """A section, whatever became of it; `anchor` is the later one's, or else the earlier one's."""

    anchor: str
    heading: str
    state: State
    moved_after: str | None = None
    """The heading that it follows now (empty: it is the first), when its place changed."""
    anchor_before: str | None = None
    """Its anchor before, when that changed: links to the place lead nowhere then."""
    readers: tuple[str, str] | None = None
    """Who got it (empty: it was not there), and who gets it, when that changed or is not everybody."""
    texts: tuple[Text, ...] = ()
    links: tuple[LinkChange, ...] = ()
    pictures: tuple[PictureChange, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing about it changed."""
        unmoved = self.moved_after is None and self.anchor_before is None and self.readers is None
        return self.state == "same" and unmoved


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Everything that changed between two editions."""

    before: Side
    after: Side
    facts: tuple[Fact, ...]
    places: tuple[Text, ...]
    """Personal places."""
    sections: tuple[SectionChange, ...]
    """All, also those that stayed the same, in the order of the later edition."""
    plain: tuple[Text, ...]
    """Paragraphs of the plain text that changed otherwise than the sections did."""

    @property
    def is_identical(self) -> bool:
        """Whether both are one edition, to the last byte."""
        return self.before.digest == self.after.digest

    @property
    def is_empty(self) -> bool:
        """Whether no reader would read, follow or see anything else (but perhaps in another look)."""
        return not (self.facts or self.places or self.plain) and all(one.is_same for one in self.sections)

    @property
    def changed(self) -> tuple[SectionChange, ...]:
        """The sections that are not the same."""
        return tuple(section for section in self.sections if not section.is_same)

    @property
    def counts(self) -> dict[str, int]:
        """How many words, links, images and sections came, went or changed; keys are stable."""
        words: Counter[Change] = Counter()
        for piece in (piece for text in self._texts() for piece in text.pieces):
            words[piece.change] += len(piece.text.split())
        states = Counter(section.state for section in self.sections)
        links = Counter(link.state for section in self.sections for link in section.links)
        pictures = Counter(one.state for section in self.sections for one in section.pictures)
        return {
            "words_added": words["added"],
            "words_removed": words["removed"],
            "links": links.total(),
            "images": pictures.total(),
            "sections_added": states["added"],
            "sections_removed": states["removed"],
            "sections_changed": states["changed"],
            "sections_moved": sum(section.moved_after is not None for section in self.sections),
        }

    def _texts(self) -> Iterator[Text]:
        yield from (fact.text for fact in self.facts)
        yield from (text for section in self.sections for text in section.texts)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        return {
            "before": _side(self.before),
            "after": _side(self.after),
            "identical": self.is_identical,
            "empty": self.is_empty,
            "counts": self.counts,
            "facts": [{"name": fact.name, **_text(fact.text)} for fact in self.facts],
            "places": [_text(text) for text in self.places],
            "sections": [_section(section) for section in self.changed],
            "plain": [_text(text) for text in self.plain],
        }


def joined(pieces: Iterable[Piece], leave_out: Change) -> str:
    """Put one side of pieces together again."""
    return "".join(piece.text for piece in pieces if piece.change != leave_out)


def _side(side: Side) -> dict[str, str]:
    return {"id": side.id, "digest": side.digest, "what": side.told}


def _text(text: Text) -> dict[str, Any]:
    return {
        "state": text.state,
        "before": joined(text.pieces, "added"),
        "after": joined(text.pieces, "removed"),
        "pieces": [[piece.change, piece.text] for piece in text.pieces],
    }


def _section(section: SectionChange) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "anchor_before": section.anchor_before,
        "heading": section.heading,
        "state": section.state,
        "moved_after": section.moved_after,
        "readers": list(section.readers) if section.readers else None,
        "texts": [{"kind": text.kind, **_text(text)} for text in section.texts if text.state != "same"],
        "links": [
            {"state": link.state, "label": link.label, "before": link.before, "after": link.after}
            for link in section.links
        ],
        "images": [
            {"state": one.state, "before": _picture(one.before), "after": _picture(one.after)}
            for one in section.pictures
        ],
    }


def _picture(picture: Picture | None) -> dict[str, Any] | None:
    if picture is None:
        return None
    return {
        "name": picture.name,
        "sha256": picture.digest,
        "alt": picture.alt,
        "width": picture.width,
        "height": picture.height,
    }
