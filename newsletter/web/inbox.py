"""The line in the inbox: sender, subject and preheader as common mail programs cut them.

Lengths are what is commonly reported (shared by none of the makers): they depend on the window, the font and
the letters, so a line that is cut here is cut somewhere, and one that just fits may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsletter.language import N_, _


@dataclass(frozen=True)
class Program:
    """A mail program, and how many characters of each it shows."""

    name: str
    kind: str
    sender: int
    subject: int
    preheader: int
    together: int = 0
    """Where subject and preheader share a line: how long it is."""


PROGRAMS = (
    Program("Gmail", N_("in the browser"), sender=20, subject=70, preheader=110, together=110),
    Program("Outlook", N_("on Windows"), sender=30, subject=60, preheader=55),
    Program("iPhone", "Mail", sender=28, subject=38, preheader=85),
    Program("GMX, WEB.DE", N_("in the browser"), sender=24, subject=60, preheader=35),
)


def lines(sender: str, subject: str, preheader: str) -> Iterator[dict[str, Any]]:
    """Give the line of each program: what it shows of a text, and what it leaves out."""
    for program in PROGRAMS:
        shown = cut(subject, program.subject)
        room = program.preheader
        if program.together:
            room = max(program.together - len(shown[0]), 0)
        yield {
            "program": program.name,
            "kind": _(program.kind),
            "sender": cut(sender, program.sender),
            "subject": shown,
            "preheader": cut(preheader, room),
            "room": [program.subject, room],
        }


def cut(text: str, room: int) -> tuple[str, str]:
    """Divide a text into what is seen, at a word's end where one is near, and the rest.

    >>> cut("Neues aus dem Kreis", 12)
    ('Neues aus', ' dem Kreis')
    """
    if len(text) <= room:
        return text, ""
    seen = text[: max(room - 1, 0)]
    at_word = seen.rfind(" ")
    if at_word > len(seen) * 2 // 3:
        seen = seen[:at_word]
    seen = seen.rstrip()
    return seen, text[len(seen) :]
