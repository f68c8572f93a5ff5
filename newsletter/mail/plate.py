"""A plate: what is ready to be printed for the readers of a variant; only their own is still to be put in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from newsletter.compose.edition import MARKER, Edition
from newsletter.language import Phrases
from newsletter.mail import canonical, dkim
from newsletter.mail.body import TOKEN
from newsletter.mail.dkim import Stamp
from newsletter.mail.heading import Heading
from newsletter.mail.recipient import NO_FIELDS, Recipient
from newsletter.mail.salutation import PLACES, Reader
from newsletter.mail.skeleton import Skeleton

Filling = Callable[[Recipient], str]


@dataclass(frozen=True)
class Plate:
    """Heading, body and signatures of a variant."""

    heading: Heading
    skeleton: Skeleton
    fillings: tuple[tuple[str, Filling], ...]
    """The personal places that occur, and what stands there for a recipient."""
    stamps: tuple[Stamp, ...]

    @classmethod
    def of(cls, edition: Edition, heading: Heading, skeleton: Skeleton, stamps: tuple[Stamp, ...]) -> Self:
        """Find out which personal places are to be filled, in the body and in the subject."""
        subject = MARKER.findall(edition.subject)
        names = [place.name for place in edition.places if place.marker in subject]
        names += [slot.name for slot in skeleton.slots if slot is not TOKEN]
        phrases = Phrases(edition.language)
        fillings = tuple((name, _filling(name, phrases)) for name in dict.fromkeys(names))
        return cls(heading, skeleton, fillings, stamps)

    def values(self, recipient: Recipient) -> dict[str, str]:
        """Return what stands in the personal places, by name."""
        return {name: fill(recipient) for name, fill in self.fillings}

    def message(self, own: Sequence[bytes], values: Mapping[str, str], token: str) -> bytes:
        """Print the message with the recipient's own fields, values and token.

        Raises:
            PlaceRefusedError: a value cannot stand in its place.
        """
        coded = self.skeleton.coded(values, token)
        parts = [self.heading.opening, *own, self.heading.closing, *self.skeleton.body(coded)]
        if self.stamps:
            parts[:0] = self._signatures(own, coded)
        return b"".join(parts)

    def _signatures(self, own: Sequence[bytes], coded: Sequence[bytes]) -> list[bytes]:
        head = b"".join((self.heading.signed, *map(canonical.header, own)))
        body_hash = dkim.body_hash(self.skeleton.canonical(coded))
        return [stamp.field(head, body_hash) for stamp in self.stamps]


def _filling(name: str, phrases: Phrases) -> Filling:
    """Return how a personal place is filled: with what we know of everybody, or a field of the newsletter."""
    if name in PLACES:
        return partial(_known, PLACES[name], phrases)
    return partial(_own_field, name)


def _known(
    write: Callable[[Reader | Recipient, Phrases], str], phrases: Phrases, recipient: Recipient
) -> str:
    return write(recipient, phrases)


def _own_field(name: str, recipient: Recipient) -> str:
    if recipient.fields == NO_FIELDS:
        return ""
    value = json.loads(recipient.fields).get(name, "")
    return str(value).strip()
