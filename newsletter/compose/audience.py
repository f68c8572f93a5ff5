"""Which variants of an issue can occur, from the `only:` and `not:` of its sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from newsletter.issue.model import Section


@dataclass(frozen=True)
class Audience:
    """The readers who see the same sections."""

    name: str
    memberships: frozenset[frozenset[str]]
    sections: tuple[Section, ...]


def segments(sections: Iterable[Section]) -> tuple[str, ...]:
    """List the segments that sections distinguish, by name."""
    return tuple(sorted({name for section in sections for name in section.only | section.not_}))


def audiences(sections: Sequence[Section]) -> list[Audience]:
    """Group every possible membership by what it leaves of the issue; readers in no segment come first."""
    groups: dict[tuple[str, ...], list[frozenset[str]]] = {}
    for member in _subsets(segments(sections)):
        seen = tuple(section.anchor for section in sections if _sees(member, section))
        groups.setdefault(seen, []).append(member)
    return [
        Audience(
            name="+".join(sorted(members[0])) or "general",
            memberships=frozenset(members),
            sections=tuple(section for section in sections if section.anchor in seen),
        )
        for seen, members in groups.items()
    ]


def _subsets(names: Sequence[str]) -> Iterable[frozenset[str]]:
    """Give all sets of names, smaller ones first."""
    return (frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size))


def _sees(member: frozenset[str], section: Section) -> bool:
    return (not section.only or bool(section.only & member)) and not section.not_ & member
