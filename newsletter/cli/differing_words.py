"""What `newsletter diff` says: each change with its section; words taken out in [-…-], put in in {+…+}."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator

import click

from newsletter.cli.desk import safe
from newsletter.difference.difference import Difference, LinkChange, PictureChange, SectionChange, Side, Text
from newsletter.difference.names import fact_name, picture_words, place_words, state_name, summary
from newsletter.difference.words import Piece
from newsletter.language import _

_COLOURS = {"added": "green", "removed": "red"}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_MARKS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "same": ("", "")}
_NEIGHBOURS = 8
"""Words of what stayed the same that are shown on either side of a change."""


def told(difference: Difference) -> Iterator[str]:
    """Tell a difference, line by line."""
    yield f"{_side('-', difference.before)}"
    yield f"{_side('+', difference.after)}"
    yield ""
    if difference.is_identical:
        yield _("Nothing changed: it is the same edition.")
        return
    if difference.is_empty:
        yield _("No words, links or images changed; the look or the making of the mail did.")
        return
    yield summary(difference)
    for fact in difference.facts:
        yield from _entry(fact.text, f"{fact_name(fact.name)}: ")
    for section in difference.changed:
        yield ""
        yield from _section(section)
    yield from _group(_("Personal places"), difference.places)
    yield from _group(_("Only in the plain text"), difference.plain)


def _side(sign: str, side: Side) -> str:
    colour = "red" if sign == "-" else "green"
    return click.style(f"{sign * 3} {side.id} {side.told}".rstrip(), fg=colour) + f"  {side.digest[:12]}"


def _section(section: SectionChange) -> Iterator[str]:
    state = "" if section.state in {"same", "changed"} else f"  ({state_name(section.state)})"
    yield click.style(safe(section.heading or section.anchor), bold=True) + state
    yield from (f"  > {safe(words)}" for words in place_words(section))
    for one in section.texts:
        if one.state != "same":
            yield from _entry(one)
    for link in section.links:
        yield from _link(link)
    for picture in section.pictures:
        yield from _picture(picture)


def _group(title: str, texts: tuple[Text, ...]) -> Iterator[str]:
    if texts:
        yield ""
        yield click.style(title, bold=True)
        for text in texts:
            yield from _entry(text)


def _entry(text: Text, label: str = "") -> Iterator[str]:
    """Tell a text: whole with its sign when it came or went, with marks inside when it changed."""
    width = max(40, shutil.get_terminal_size((100, 24)).columns - 1)
    pieces = _shortened(text.pieces)
    whole = text.state in {"added", "removed"}
    marked = "".join(piece.text if whole else piece.text.join(_MARKS[piece.change]) for piece in pieces)
    lines = textwrap.wrap(
        safe(f"{label}{' / '.join(marked.splitlines())}"),
        width,
        initial_indent=f"  {_SIGNS[text.state]} ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    if whole:
        yield from (click.style(line, fg=_COLOURS[text.state]) for line in lines)
    else:
        yield from _coloured(lines)


def _coloured(lines: list[str]) -> Iterator[str]:
    """Colour the marked words; a mark may reach over the end of a line."""
    colour: str | None = None
    for line in lines:
        done, rest = "", line
        while rest:
            marks = ("-]", "+}") if colour else ("[-", "{+")
            places = [place for mark in marks if (place := rest.find(mark)) >= 0]
            end = min(places) + 2 if places and colour else min(places, default=len(rest))
            done += click.style(rest[:end], fg=colour) if colour else rest[:end]
            if places:
                colour = None if colour else ("red" if rest[end : end + 2] == "[-" else "green")
            rest = rest[end:]
        yield done


def _shortened(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """Leave out of what stayed the same what is far from any change."""
    for number, piece in enumerate(pieces):
        words = piece.text.split(" ")
        first, last = number == 0, number == len(pieces) - 1
        if piece.change != "same" or len(words) <= 2 * _NEIGHBOURS + 2:
            yield piece
            continue
        begin = [] if first else words[:_NEIGHBOURS]
        end = [] if last else words[-_NEIGHBOURS:]
        yield Piece("same", " ".join((*begin, "…", *end)))


def _link(link: LinkChange) -> Iterator[str]:
    label = safe(_("Link “{label}”").format(label=link.label))
    targets = " → ".join(target for target in (link.before, link.after) if target)
    yield click.style(f"  {_SIGNS[link.state]} ", fg=_COLOURS.get(link.state)) + f"{label}: {safe(targets)}"


def _picture(change: PictureChange) -> Iterator[str]:
    colour = _COLOURS.get(change.state)
    yield click.style(f"  {_SIGNS[change.state]} ", fg=colour) + safe(picture_words(change))
