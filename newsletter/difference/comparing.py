"""Compare two editions: align their sections, then tell words, links and images apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from newsletter.compose.edition import Edition
from newsletter.difference import words
from newsletter.difference.blocks import Block, Link
from newsletter.difference.difference import (
    Difference,
    Fact,
    LinkChange,
    PictureChange,
    SectionChange,
    Side,
    State,
    Text,
    joined,
)  # fmt: skip
from newsletter.difference.reading import FOOT, HEAD, Passage, Picture, Reading
from newsletter.language import Phrases, _

_WORD = re.compile(r"\w+")


def compare(before: Edition, after: Edition, *, told: tuple[str, str] = ("", "")) -> Difference:
    """Tell two editions apart; `told` is what each of them is, in the editor's words."""
    old, new = Reading.of(before), Reading.of(after)
    difference = Difference(
        before=Side(str(before.id), before.digest, told[0]),
        after=Side(str(after.id), after.digest, told[1]),
        facts=tuple(_facts(old.facts, new.facts)),
        places=tuple(_places(old.places, new.places)),
        sections=tuple(_sections(old.passages, new.passages)),
        plain=(),
    )
    return replace(difference, plain=tuple(_plain(old, new, difference)))


def _text(kind: str, before: str, after: str) -> Text:
    return Text(kind, _state(before, after), words.compare(before, after))


def _state(before: object, after: object) -> State:
    if before == after:
        return "same"
    if not before:
        return "added"
    return "changed" if after else "removed"


def _facts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Fact]:
    for name, value in before.items():
        if value != after[name]:
            yield Fact(name, _text("fact", value, after[name]))


def _places(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> Iterator[Text]:
    """Compare the personal places: those of a name that has one neutral form each are the same place."""
    for name in dict.fromkeys(name for name, _fallback in (*before, *after)):
        old, new = ([form for known, form in side if known == name] for side in (before, after))
        gone = [form for form in old if form not in new]
        come = [form for form in new if form not in old]
        for number in range(max(len(gone), len(come))):
            forms = (side[number] if number < len(side) else None for side in (gone, come))
            texts = ("" if form is None else f"{{{{ {name} | {form} }}}}" for form in forms)
            yield _text("place", *texts)


def _sections(before: Sequence[Passage], after: Sequence[Passage]) -> Iterator[SectionChange]:
    """Tell the sections in the later order; what is gone is told where it stood."""
    pairs = _paired(before, after)
    moved = _moved([one.anchor for one in after if one.anchor in pairs], pairs, before)
    gone = _gone(before, set(pairs.values()), {old: new for new, old in pairs.items()})
    old_by_anchor = {passage.anchor: passage for passage in before}
    previous = ""
    yield from map(_removed, gone.get(None, ()))
    for passage in after:
        old = old_by_anchor.get(pairs.get(passage.anchor, "-"))
        after_what = previous if passage.anchor in moved else None
        yield _added(passage) if old is None else _compared(old, passage, after_what)
        yield from map(_removed, gone.get(passage.anchor, ()))
        if passage.anchor != HEAD:
            previous = passage.heading


def _paired(before: Sequence[Passage], after: Sequence[Passage]) -> dict[str, str]:
    """Pair sections: by their anchor, or else, as anchors follow headings, by their words.

    Returns the earlier anchor by the later one.
    """
    olds = {passage.anchor: passage for passage in before}
    pairs = {passage.anchor: passage.anchor for passage in after if passage.anchor in olds}
    candidates = sorted(
        (
            (words.likeness(old.text, new.text), -place, -other, old.anchor, new.anchor)
            for place, old in enumerate(before)
            if old.anchor not in pairs
            for other, new in enumerate(after)
            if new.anchor not in pairs
        ),
        reverse=True,
    )
    for alike, _place, _other, old_anchor, new_anchor in candidates:
        if alike >= words.ALIKE and new_anchor not in pairs and old_anchor not in pairs.values():
            pairs[new_anchor] = old_anchor
    return pairs


def _moved(order: Sequence[str], pairs: Mapping[str, str], before: Sequence[Passage]) -> set[str]:
    """Return the later anchors of those sections that left the order of the others: as few as possible."""
    places = {passage.anchor: place for place, passage in enumerate(before)}
    longest = list[list[str]]()
    """For each section, the longest row up to it that kept its order."""
    for number, anchor in enumerate(order):
        rows = [row for row in longest[:number] if places[pairs[row[-1]]] < places[pairs[anchor]]]
        longest.append([*_longest(rows), anchor])
    return set(order) - set(_longest(longest))


def _longest(rows: Sequence[list[str]]) -> list[str]:
    return max(rows, key=lambda row: (len(row), row), default=[])


def _gone(
    before: Sequence[Passage], kept: set[str], renamed: Mapping[str, str]
) -> dict[str | None, list[Passage]]:
    """Return the sections that are gone, by the later anchor of the one they stood behind."""
    gone: dict[str | None, list[Passage]] = {}
    behind: str | None = None
    for passage in before:
        if passage.anchor in kept:
            behind = renamed[passage.anchor]
        else:
            gone.setdefault(behind, []).append(passage)
    return gone


def _added(passage: Passage) -> SectionChange:
    change = _change(Passage(passage.anchor, (), ()), passage, state="added")
    return replace(change, readers=("", _readers(passage))) if passage.readers else change


def _removed(passage: Passage) -> SectionChange:
    return _change(passage, Passage(passage.anchor, (), ()), state="removed")


def _compared(old: Passage, new: Passage, moved_after: str | None) -> SectionChange:
    change = _change(old, new, state="changed")
    is_changed = change.links or change.pictures or any(text.state != "same" for text in change.texts)
    return replace(
        change,
        state="changed" if is_changed else "same",
        moved_after=moved_after,
        anchor_before=old.anchor if old.anchor != new.anchor else None,
        readers=(_readers(old), _readers(new)) if old.readers != new.readers else None,
    )


def _change(old: Passage, new: Passage, *, state: State) -> SectionChange:
    return SectionChange(
        anchor=new.anchor,
        heading=_name(new) or _name(old),
        state=state,
        texts=tuple(_texts(old.blocks, new.blocks)),
        links=tuple(_links(old.links, new.links)),
        pictures=tuple(_pictures(old.pictures, new.pictures)),
    )


def _name(passage: Passage) -> str:
    if passage.anchor in {HEAD, FOOT}:
        return _("Masthead and salutation") if passage.anchor == HEAD else _("Foot of the mail")
    return passage.heading


def _readers(passage: Passage) -> str:
    return ", ".join(passage.readers) or _("everybody")


def _texts(before: Sequence[Block], after: Sequence[Block]) -> Iterator[Text]:
    olds, news = ([block for block in side if block.text] for side in (before, after))
    for old, new in words.align(olds, news, lambda block: block.text):
        kind = (new or old or Block("text", "")).kind
        yield _text(kind, old.text if old else "", new.text if new else "")


def _links(before: Iterable[Link], after: Iterable[Link]) -> Iterator[LinkChange]:
    """Compare links: the same words that lead elsewhere are one link that was changed."""
    olds, news = Counter(before), Counter(after)
    gone, come = list((olds - news).elements()), list((news - olds).elements())
    for old in gone.copy():
        new = next((link for link in come if link.label == old.label), None)
        if new is not None:
            gone.remove(old)
            come.remove(new)
            yield LinkChange("changed", new.label, old.url, new.url)
    for old in gone.copy():
        new = next((link for link in come if link.url == old.url), None)
        if new is not None:  # other words for the same place: told with the words
            gone.remove(old)
            come.remove(new)
    yield from (LinkChange("removed", link.label, link.url, "") for link in gone)
    yield from (LinkChange("added", link.label, "", link.url) for link in come)


def _pictures(before: Sequence[Picture], after: Sequence[Picture]) -> Iterator[PictureChange]:
    """Compare images: by content, or else by the name of their file, or else by their order."""
    olds, news = list(before), list(after)
    pairs: list[tuple[Picture, Picture]] = []
    for key in (lambda one: one, lambda one: one.digest, _stem, lambda _one: 0):
        for old in olds.copy():
            new = next((one for one in news if key(one) == key(old)), None)
            if new is not None:
                olds.remove(old)
                news.remove(new)
                pairs.append((old, new))
    for old, new in pairs:
        change = PictureChange("changed", old, new)
        if change.look or change.alt:
            yield change
    yield from (PictureChange("removed", old, None) for old in olds)
    yield from (PictureChange("added", None, new) for new in news)


def _stem(picture: Picture) -> str:
    """Return an image's name without the mark of its content."""
    return picture.name.rpartition("-")[0]


def _plain(old: Reading, new: Reading, difference: Difference) -> Iterator[Text]:
    """Compare the plain texts; what the sections tell already is not told twice, nor that any moved."""
    gone, come = _changed_words(difference)
    phrases = [Phrases(side.edition.language) for side in (old, new)]
    ours = {phrase(name) for phrase in phrases for name in ("Links", "Image")}  # stand where there is one
    olds, news = Counter(old.plain), Counter(new.plain)
    pairs = words.align([*(olds - news).elements()], [*(news - olds).elements()], lambda part: part)
    for before, after in pairs:
        text = _text("text", before or "", after or "")
        if not (_words(text, "removed") <= gone | ours and _words(text, "added") <= come | ours):
            yield text


def _changed_words(difference: Difference) -> tuple[set[str], set[str]]:
    """Return the words of all that changed, as it was and as it is, and what its images say."""
    texts = [fact.text for fact in difference.facts] + list(difference.places)
    pictures = list[PictureChange]()
    for section in difference.sections:
        texts += [text for text in section.texts if text.state != "same"]
        pictures += section.pictures
    gone = {word for text in texts for word in _WORD.findall(joined(text.pieces, "added"))}
    come = {word for text in texts for word in _WORD.findall(joined(text.pieces, "removed"))}
    links = [link for section in difference.sections for link in section.links]
    gone.update(word for link in links for word in _WORD.findall(link.before))
    come.update(word for link in links for word in _WORD.findall(link.after))
    gone.update(word for one in pictures if one.before for word in _WORD.findall(one.before.alt))
    come.update(word for one in pictures if one.after for word in _WORD.findall(one.after.alt))
    return gone, come


def _words(text: Text, change: words.Change) -> set[str]:
    return {word for piece in text.pieces if piece.change == change for word in _WORD.findall(piece.text)}
