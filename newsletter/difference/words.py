"""Differences of texts, word by word, as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeVar

Change = Literal["same", "removed", "added"]
_TOKEN = re.compile(r"\w+(?:[-.,:/@’'·]\w+)*|\s+|.", re.DOTALL)
"""A word with what joins its parts (10-15, T.Roemer@Bad-Sassendorf.de, 14:30), a space, or a sign."""
_WORD = re.compile(r"\w+")
ALIKE = 0.4
"""Share of words from which two paragraphs are one that was changed; below it a reader only sees confetti."""
_MOST_PAIRS = 40_000
"""Pairs of paragraphs that are weighed against each other: a tenth of a second."""
T = TypeVar("T")


@dataclass(frozen=True)
class Piece:
    """A stretch of text and what became of it."""

    change: Change
    text: str


def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Tell two texts apart, word by word; a text that has nothing to do with the other is replaced whole."""
    if before == after:
        return (Piece("same", after),) if after else ()
    if likeness(before, after) < ALIKE:
        return tuple(piece for piece in (Piece("removed", before), Piece("added", after)) if piece.text)
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(_pieces(_joined([(code, old[a:b], new[c:d]) for code, a, b, c, d in codes])))


def likeness(before: str, after: str) -> float:
    """Return how much of two texts is the same, by words, from 0 to 1."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if not old or not new:
        return float(old == new)
    return SequenceMatcher(None, old, new, autojunk=False).ratio()


def align(
    before: Sequence[T], after: Sequence[T], text: Callable[[T], str]
) -> Iterator[tuple[T | None, T | None]]:
    """Pair what stays the same or is changed, in order; None stands for what the other side has not."""
    matcher = SequenceMatcher(
        None, [text(one) for one in before], [text(one) for one in after], autojunk=False
    )
    for code, a, b, c, d in matcher.get_opcodes():
        if code == "equal":
            yield from zip(before[a:b], after[c:d], strict=True)
        else:
            yield from _best(before[a:b], after[c:d], text)


def _best(
    before: Sequence[T], after: Sequence[T], text: Callable[[T], str]
) -> Iterator[tuple[T | None, T | None]]:
    """Pair the most alike without crossing, by the greatest sum of likenesses."""
    if len(before) * len(after) > _MOST_PAIRS:
        yield from ((one, None) for one in before)
        yield from ((None, one) for one in after)
        return
    alike = [[likeness(text(one), text(other)) for other in after] for one in before]
    best = [[0.0] * (len(after) + 1) for _row in range(len(before) + 1)]
    for i in reversed(range(len(before))):
        for j in reversed(range(len(after))):
            paired = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= ALIKE else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(before) and j < len(after):
        if alike[i][j] >= ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            yield before[i], after[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield before[i], None
            i += 1
        else:
            yield None, after[j]
            j += 1
    yield from ((one, None) for one in before[i:])
    yield from ((None, one) for one in after[j:])


_Run = tuple[str, list[str], list[str]]
"""What difflib says of a run of tokens: its code, the tokens before and after."""


def _joined(runs: list[_Run]) -> list[_Run]:
    """Join changes between which only spaces and signs stayed: they are read as one."""
    joined: list[_Run] = []
    for place, (code, old, new) in enumerate(runs):
        is_change = code != "equal"
        if not is_change and 0 < place < len(runs) - 1:
            is_change = not any(token[0].isalnum() for token in old)
        if is_change and joined and joined[-1][0] != "equal":
            joined[-1] = ("replace", joined[-1][1] + old, joined[-1][2] + new)
        else:
            joined.append((code, old, new))
    return joined


def _pieces(runs: list[_Run]) -> Iterator[Piece]:
    for code, old, new in runs:
        if code == "equal":
            yield Piece("same", "".join(new))
            continue
        if old:
            yield Piece("removed", "".join(old))
        if new:
            yield Piece("added", "".join(new))
