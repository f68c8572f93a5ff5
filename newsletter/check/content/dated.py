"""The family `content`, as far as it is about days: their weekday is right, they exist, and are to come."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from newsletter.check.content import dates
from newsletter.check.finding import Remark, Severity
from newsletter.check.passages import passages
from newsletter.check.proof import Proof
from newsletter.check.rule import EDITORIAL, Family
from newsletter.compose import days
from newsletter.errors import Where
from newsletter.issue.model import Section, Text
from newsletter.language import N_, _, editor

FAMILY = Family("content")
_DEADLINE = re.compile(
    r"(?:\bbis(?:\s+(?:spätestens|einschließlich|inklusive|inkl\.|Ende|zum|zur|am|den))*"
    r"|\bspätestens(?:\s+(?:bis|zum|am))*"
    r"|(?:[Aa]nmelde|[Ee]insende|[Bb]ewerbungs|[Aa]bgabe|[Rr]ückmelde|[Aa]ntrags)(?:schluss|frist)(?:\s+(?:ist|endet|am|der))*:?"
    r"|\b(?:by|until|till|no\s+later\s+than)(?:\s+the)?|\b[Dd]eadline(?:\s+(?:is|for\s+\w+|on))*:?)"
    r"[\s,]*$"
)
"""What stands before a date until which something is to be done."""
_SPAN = re.compile(r"\b(?:vom|von|seit|from|between|zwischen)\b", re.IGNORECASE)
"""What makes “bis” the end of a span of time."""
_ANNOUNCES = re.compile(
    r"\bf[iä]nde[tn]?\b[^.!?]*\bstatt\b|\b(?:laden|lädt|lade)\b[^.!?]*\bein\b|\b(?:beginnt|beginnen|startet|starten)\b"
    r"|\b(?:takes?|will take)\s+place\b|\bwill\s+(?:be\s+held|begin|start)\b|\b(?:join|invite)\b",
    re.IGNORECASE,
)
_LOOKS_BACK = re.compile(
    r"\b(?:war(?:en)?|wurden?|hatten?|konnten?|lief(?:en)?|fand(?:en)?|nahm(?:en)?|gab|kam(?:en)?|ging(?:en)?|endeten?"
    r"|ha(?:t|ben)\b|has\b|have\b|vergangene[nrms]?|letzte[nrms]?|bisher"
    r"|was|were|had|could|ran|took|came|ended|last|previous)\b",
    re.IGNORECASE,
)
"""Words of a sentence about what has been."""
_AROUND = 120
"""Letters around a date that can be its sentence's."""
_DIGIT = re.compile(r"\d")
_GREGORIAN = 1583
_KNOWN_NAMES = ("title", "text", "heading")


@dataclass(frozen=True)
class Appointment:
    """An event with a date of its own."""

    title: str
    begin: date
    end: date
    texts: tuple[Text, ...]
    where: Where
    anchor: str


@FAMILY.rule(
    "weekday",
    Severity.ERROR,
    title=N_("Weekday and date belong together"),
    why=N_("One of the two is wrong, and half of the readers will come on the wrong day."),
    source="https://www.rfc-editor.org/rfc/rfc3339#appendix-B",
)
def weekday(proof: Proof) -> Iterator[Remark]:
    """Compare weekdays with the dates beside them, in texts and in events."""
    for passage in passages(proof):
        text = passage.text
        for mention in _mentions(text):
            day = mention.near(_today(proof))
            if (
                mention.weekday is None
                or day is None
                or day.year < _GREGORIAN
                or day.weekday() == mention.weekday
            ):
                continue
            message = _("“{quote}”: the {date} is a {weekday}.").format(
                quote=_one_line(mention.quote), date=_said(day), weekday=_weekday(day.weekday())
            )
            yield Remark(
                passage.where(proof, mention.quote, text[: mention.start]),
                message,
                _("Put right the weekday or the date."),
                section=passage.anchor,
                quote=_one_line(mention.quote),
                severity=None if mention.year else Severity.WARNING,
            )
    yield from _events_on_other_days(proof)


def _events_on_other_days(proof: Proof) -> Iterator[Remark]:
    """Look for events whose words name another weekday than their date has."""
    for event in _appointments(proof):
        length = (event.end - event.begin).days
        held = {(event.begin.weekday() + step) % 7 for step in range(min(length, 6) + 1)}
        for text in event.texts:
            named = [name for number, name in dates.named_weekdays(text.value) if number not in held]
            if named and not any(dates.mentions(text.value)):
                message = _("The event “{title}” is on a {weekday}, but its text says {named}.")
                message = message.format(
                    title=event.title, weekday=_weekday(event.begin.weekday()), named=named[0]
                )
                where = proof.point(text.where, named[0])
                cure = _("Put right the text or the event’s date.")
                yield Remark(where, message, cure, event.anchor, named[0], severity=Severity.WARNING)


@FAMILY.rule(
    "impossible-date",
    Severity.ERROR,
    title=N_("Every date is a day that exists"),
    why=N_("There is no 31 June: nobody knows which day is meant."),
    source="https://www.rfc-editor.org/rfc/rfc3339#section-5.7",
)
def impossible_date(proof: Proof) -> Iterator[Remark]:
    """Look for days that are in no calendar."""
    for passage in passages(proof):
        text = passage.text
        for mention in _mentions(text):
            if mention.is_impossible and (mention.in_words or mention.year or mention.weekday is not None):
                quote = _one_line(mention.quote)
                where = passage.where(proof, mention.quote, text[: mention.start])
                message = _("There is no day “{quote}”.").format(quote=quote)
                yield Remark(where, message, _("Put right the date."), section=passage.anchor, quote=quote)


@FAMILY.rule(
    "past-date",
    Severity.ERROR,
    title=N_("Deadlines and events are still to come"),
    why=N_(
        "A deadline that is over when the issue appears calls readers to something they can no longer do;"
        " often it was left over from the issue that this one was copied from."
    ),
    source=EDITORIAL,
)
def past_date(proof: Proof) -> Iterator[Remark]:
    """Compare deadlines and events with the day the issue appears."""
    today = _today(proof)
    for section in proof.issue.sections if proof.issue else ():
        deadline = section.values.get("deadline")
        if isinstance(deadline, date) and deadline < today:
            message = _("The deadline {date} is over when the issue appears ({today}).")
            message = message.format(date=_said(deadline), today=_said(today))
            where = proof.key(section, "deadline")
            yield Remark(where, message, _("Put right the date, or take out the call."), section.anchor)
    for event in _appointments(proof):
        if event.end < today:
            message = _("The event “{title}” is over when the issue appears ({today}).")
            message = message.format(title=event.title, today=_said(today))
            cure = _("Put right its date, or take it out.")
            yield Remark(event.where, message, cure, event.anchor, event.title, severity=Severity.WARNING)
    yield from _past_in_texts(proof, today)


def _past_in_texts(proof: Proof, today: date) -> Iterator[Remark]:
    """Look for dates with a year in sentences that ask for something, or announce it."""
    for passage in passages(proof):
        text = passage.text
        for mention in _mentions(text):
            if mention.exact is None or mention.exact >= today:
                continue
            before, after = _sentence(text, mention.start, mention.end)
            if _LOOKS_BACK.search(f"{before} {after}"):
                continue
            if (_DEADLINE.search(before) and not _SPAN.search(before)) or _ANNOUNCES.search(
                f"{before} {after}"
            ):
                quote = _one_line(mention.quote)
                message = _("“{quote}” is over when the issue appears ({today}).")
                yield Remark(
                    passage.where(proof, mention.quote, text[: mention.start]),
                    message.format(quote=quote, today=_said(today)),
                    _("Put right the date, or say that it has been."),
                    section=passage.anchor,
                    quote=quote,
                    severity=Severity.WARNING,
                )


def _sentence(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands in the sentence before and after a date."""
    before = re.split(r"(?<!\d)[.!?](?=\s+[A-ZÄÖÜ„“])|[!?]|\n\n", text[max(0, start - _AROUND) : start])[-1]
    after = re.split(r"[.!?](?=\s|$)|\n\n", text[end : end + _AROUND])[0]
    return before, after


def _mentions(text: str) -> Iterator[dates.Mention]:
    """Find the dates of a text; most have no digit."""
    return dates.mentions(text) if _DIGIT.search(text) else iter(())


def _appointments(proof: Proof) -> Iterator[Appointment]:
    """Give the events of all sections: groups with a date."""
    for section in proof.issue.sections if proof.issue else ():
        for value in section.values.values():
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Mapping) and isinstance(begin := item.get("date"), date):
                    yield _appointment(section, item, begin)


def _appointment(section: Section, item: Mapping[str, object], begin: date) -> Appointment:
    end = item.get("end_date")
    texts = tuple(text for name in _KNOWN_NAMES if isinstance(text := item.get(name), Text))
    return Appointment(
        title=texts[0].value if texts else _said(begin),
        begin=begin,
        end=max(begin, end) if isinstance(end, date) else begin,
        texts=texts,
        where=texts[0].where if texts else section.where,
        anchor=section.anchor,
    )


def _today(proof: Proof) -> date:
    """The day the issue appears."""
    if proof.issue:
        return proof.issue.date
    return proof.edition.date if proof.edition else date.max


def _said(day: date) -> str:
    return days.day(day, editor()).words


def _weekday(number: int) -> str:
    return days.WEEKDAYS[editor()][number]


def _one_line(text: str) -> str:
    return " ".join(text.split())
