"""How changes are called, on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.difference.difference import Difference, PictureChange, SectionChange
from newsletter.difference.reading import Picture
from newsletter.language import N_, _, ngettext

_FACTS = {
    "id": N_("Issue"),
    "date": N_("Date"),
    "title": N_("Title"),
    "subject": N_("Subject"),
    "preheader": N_("Preheader"),
    "language": N_("Language"),
    "contents": N_("List of contents"),
    "variants": N_("Variants"),
}
_STATES = {
    "added": N_("new"),
    "removed": N_("gone"),
    "changed": N_("changed"),
    "same": N_("unchanged"),
}


def fact_name(name: str) -> str:
    """Return what a fact is called."""
    return _(_FACTS[name])


def state_name(state: str) -> str:
    """Return what became of something."""
    return _(_STATES[state])


def summary(difference: Difference) -> str:
    """Tell in a line how much changed."""
    counts = difference.counts
    told = (
        ngettext("{count} section changed", "{count} sections changed", counts["sections_changed"]),
        ngettext("{count} section new", "{count} sections new", counts["sections_added"]),
        ngettext("{count} section gone", "{count} sections gone", counts["sections_removed"]),
        ngettext("{count} section moved", "{count} sections moved", counts["sections_moved"]),
        ngettext("{count} word put in", "{count} words put in", counts["words_added"]),
        ngettext("{count} word taken out", "{count} words taken out", counts["words_removed"]),
        ngettext("{count} link", "{count} links", counts["links"]),
        ngettext("{count} image", "{count} images", counts["images"]),
    )
    numbers = [counts[f"sections_{name}"] for name in ("changed", "added", "removed", "moved")]
    numbers += [counts[name] for name in ("words_added", "words_removed", "links", "images")]
    parts = [text.format(count=count) for text, count in zip(told, numbers, strict=True) if count]
    return ", ".join(parts) or _("Something outside of the sections changed")


def place_words(section: SectionChange) -> Iterator[str]:
    """Tell what changed of a section as a whole: its place, its anchor, its readers."""
    if section.moved_after:
        yield _("moved: it follows “{heading}” now").format(heading=section.moved_after)
    elif section.moved_after is not None:
        yield _("moved: it comes first now")
    if section.anchor_before is not None:
        text = _("its place is called #{new} now, no longer #{old}")
        yield text.format(new=section.anchor, old=section.anchor_before)
    if section.readers is not None:
        old, new = section.readers
        text = _("goes to: {new}; before: {old}") if old else _("goes to: {new}")
        yield text.format(new=new, old=old)


def picture_words(change: PictureChange) -> str:
    """Tell what became of an image."""
    one = change.after or change.before
    assert one is not None  # noqa: S101 (a change has one of them)
    name = _("Image {name} ({size})").format(name=one.name, size=_size(one))
    if change.before is None or change.after is None:
        return f"{name}: {state_name(change.state)}; {_alt(one)}"
    told = []
    if change.before.digest != change.after.digest:
        told.append(_("another picture; before: {name}").format(name=change.before.name))
    if _size(change.before) != _size(change.after):
        told.append(_("another size; before: {size}").format(size=_size(change.before)))
    if change.alt:
        told.append(_("{new}; before: {old}").format(new=_alt(change.after), old=_alt(change.before)))
    return f"{name}: {'; '.join(told)}"


def _size(picture: Picture) -> str:
    return f"{picture.width} × {picture.height}"


def _alt(picture: Picture) -> str:
    if not picture.alt:
        return _("without a description")
    return _("described as “{alt}”").format(alt=picture.alt)
