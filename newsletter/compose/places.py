"""Personal places: `{{ first_name | fallback }}` in an editor's text becomes a marker in the mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from newsletter.compose.edition import MARKER, Place
from newsletter.errors import Fault, Where
from newsletter.issue.model import Text
from newsletter.language import Phrases, _
from newsletter.validation import did_you_mean

NAMES = ("salutation", "title", "first_name", "last_name", "name", "organisation")
_PLACE = re.compile(r"\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}")
_LOOSE = re.compile(r"\{\{|\}\}")
_RESERVED = re.compile(r"zq[A-Z]\d*zq")


def refused_in_link(where: Where) -> Fault:
    """Complain about a personal place in a link."""
    message = _("A personal place cannot stand in a link.")
    return Fault(where, message, _("A link that differs for each reader would tell who clicked."))


class PlaceBook:
    """The personal places of one issue, each with its marker, in order of first appearance."""

    def __init__(self, custom: Iterable[str], phrases: Phrases) -> None:
        self.known = (*NAMES, *custom)
        self.neutral = phrases("Dear Sir or Madam,")
        self.faults: list[Fault] = []
        self._places: dict[tuple[str, str], Place] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        """All places so far."""
        return tuple(self._places.values())

    def place(self, name: str, fallback: str) -> Place:
        """Return the place of a name with a fallback, a new one when it is the first of its kind."""
        number = len(self._places) + 1
        return self._places.setdefault((name, fallback), Place(f"zqP{number:02}zq", name, fallback))

    def mark(self, text: Text) -> str:
        """Return the text with a marker at each personal place; faults are collected."""
        if not self._is_free(text):
            return ""
        left = _PLACE.sub(lambda found: " " * len(found[0]), text.value)
        if loose := _LOOSE.search(left):
            message = _("A personal place is not closed: “{text}”.").format(text=left[loose.start() :][:20])
            cure = _("It looks like this: {{ first_name | dear reader }}.")
            self._fault(text, loose.start(), message, cure)
        return _PLACE.sub(lambda found: self._marker(text, found), text.value)

    def plain(self, marked: str, escape: Callable[[str], str] = str) -> str:
        """Put the neutral forms into a marked text."""
        fallbacks = {place.marker: escape(place.fallback) for place in self.places}
        return MARKER.sub(lambda found: fallbacks[found[0]], marked)

    def none_in(self, text: Text) -> bool:
        """Say whether a link is free of personal places; complain about one."""
        if _PLACE.search(text.value):
            self.faults.append(refused_in_link(text.where))
            return False
        return self._is_free(text)

    def _is_free(self, text: Text) -> bool:
        if found := _RESERVED.search(text.value):
            message = _("“{text}” is reserved for the program.").format(text=found[0])
            self._fault(text, found.start(), message, _("Write it differently."))
        return found is None

    def _marker(self, text: Text, found: re.Match[str]) -> str:
        name, fallback = found[1], found[2]
        if name not in self.known:
            message = _("There is no personal field “{name}”.").format(name=name)
            self._fault(text, found.start(), message, did_you_mean(name, self.known))
            return ""
        if fallback is None and name == "salutation":
            fallback = self.neutral
        if fallback is None:
            message = _("“{name}” is not known of every reader.").format(name=name)
            cure = _("Say what is to stand there then: {{{{ {name} | dear reader }}}}.").format(name=name)
            self._fault(text, found.start(), message, cure)
            return ""
        return self.place(name, " ".join(fallback.split())).marker

    def _fault(self, text: Text, position: int, message: str, cure: str) -> None:
        line = text.value.count("\n", 0, max(position, 0))
        self.faults.append(Fault(text.line(line), message, cure))
