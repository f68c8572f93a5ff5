"""What changed as a page: words put in and taken out, links, and images side by side; stands by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from newsletter import __version__, pages
from newsletter.difference.difference import Difference, SectionChange, Text
from newsletter.difference.names import fact_name, place_words, state_name, summary
from newsletter.difference.reading import Picture

TEMPLATE = "difference.html.j2"


@dataclass(frozen=True)
class Stretch:
    """Paragraphs that follow each other and all changed, or all stayed the same."""

    is_same: bool
    texts: tuple[Text, ...]


def html(difference: Difference) -> str:
    """Return the page, in the editor's language."""
    context = {
        "difference": difference,
        "summary": summary(difference),
        "stretches": _stretches,
        "data": _data,
        "fact_name": fact_name,
        "place_words": place_words,
        "state_name": state_name,
        "unchanged": [section for section in difference.sections if section.is_same and section.heading],
        "version": __version__,
    }
    return pages.render(TEMPLATE, context)


def _stretches(section: SectionChange) -> Iterator[Stretch]:
    for is_same, texts in groupby(section.texts, key=lambda text: text.state == "same"):
        yield Stretch(is_same, tuple(texts))


def _data(picture: Picture) -> str:
    """Return an image as an address that holds it; the address itself where we have no more than that."""
    if picture.asset is None:
        return picture.name
    return f"data:{picture.asset.media_type};base64,{base64.b64encode(picture.asset.data).decode()}"
