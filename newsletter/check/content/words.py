"""The family `content`, as far as it is about words: placeholders, headings, greeting, number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.check.finding import Remark, Severity
from newsletter.check.passages import passages
from newsletter.check.proof import Proof, Written, plain
from newsletter.check.rule import EDITORIAL, Family
from newsletter.language import N_, _

FAMILY = Family("content")
_PLACEHOLDER = re.compile(
    r"(?P<certain>\bTODO\b|\bFIXME\b|\bPLATZHALTER\b|\bPLACEHOLDER\b|\bXX\.XX\.|\b20XX\b|\bX{4,}\b|(?i:\blorem\s+ipsum\b)"
    r"|(?i:\bblindtext\b)|(?i:\b(?:hier|bitte)\s+(?:noch\s+)?(?:text|link|bild|datum|titel|ort|namen?)"
    r"\s+(?:einfügen|einsetzen|ergänzen|eintragen)\b)|(?i:\binsert\s+(?:text|link|image|date|name|title)\s+here\b)"
    r"|(?i:\[(?:test|entwurf|draft|todo|link|titel|title|datum|date|uhrzeit|ort|name|text|bild|image)\])"
    r"|\?{3,}|(?i:\basdf\w*\b))"
    r"|(?P<marked>\b(?:DRAFT|ENTWURF)\b)|(?P<roman>\bXXX\b(?!\.\s+[A-ZÄÖÜ]))|(?P<open>\bTB[ADC]\b|\bt\.b\.[ad]\.)"
)
_CAPITALS = re.compile(r"^\W*[A-ZÄÖÜ]{2,}\b|\b[A-ZÄÖÜ]{2,}\W*$")
_GREETING = re.compile(
    r"^\W*(?:guten\s+(?:tag|morgen|abend)|sehr\s+geehrte|sehr\s+verehrte|liebe[rs]?\s|hallo|moin|grüß|servus|willkommen"
    r"|herzlich\s+willkommen|dear\s|hello|hi[\s,]|good\s+(?:morning|afternoon|evening|day)|welcome|greetings)",
    re.IGNORECASE,
)
_FORMAL = re.compile(
    r"^\W*(?:sehr\s+(?:geehrte|verehrte)|liebe[rs]?\s|dear\s)[^.!?\n]{0,80},[^\S\n]*(?:\n|$)", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"\b(?:Newsletter|Ausgabe|Issue|Nummer|Number|Nr\.|No\.)\s*(?P<number>\d{1,3}|[IVXLC]+)\s*[/-]\s*(?P<year>(?:19|20)\d\d)\b"
)
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_FIRST_LINES = 60


@FAMILY.rule(
    "placeholder",
    Severity.ERROR,
    title=N_("No placeholder is left"),
    why=N_(
        "TODO, XXX or Lorem ipsum stood there until the true text would be known; readers see what was"
        " forgotten."
    ),
    source=EDITORIAL,
)
def placeholder(proof: Proof) -> Iterator[Remark]:
    """Look for what editors write for the time being, in everything that is read."""
    for passage in passages(proof):
        text = passage.text
        for found in _PLACEHOLDER.finditer(text):
            if found["marked"] and _is_in_capitals(text, found):
                continue
            where = passage.where(proof, found[0], text[: found.start()])
            message = _("“{quote}” looks like a placeholder.").format(quote=found[0])
            cure = _("Write what belongs there, or take it out.")
            severity = Severity.WARNING if found["open"] else None
            yield Remark(where, message, cure, passage.anchor, found[0], severity)


def _is_in_capitals(text: str, found: re.Match[str]) -> bool:
    """Say whether the words beside it are capitals as well: then it is a heading, not a mark."""
    before, after = text[: found.start()], text[found.end() :]
    beside = (before.split()[-1:], after.split()[:1])
    return any(_CAPITALS.search(word) for words in beside for word in words)


@FAMILY.rule(
    "duplicate-heading",
    Severity.WARNING,
    title=N_("No heading stands there twice"),
    why=N_(
        "The list of contents and a screen reader’s list of headings show the same line twice, and nobody"
        " knows which one leads where; mostly a section was copied."
    ),
    source="https://www.w3.org/TR/WCAG22/#headings-and-labels",
)
def duplicate_heading(proof: Proof) -> Iterator[Remark]:
    """Compare the headings that one reader can get together."""
    seen: dict[str, list[Written]] = {}
    for one in proof.written:
        if one.name == "heading":
            before = seen.setdefault(plain(one.text.value), [])
            if any(_are_together(proof, one, other) for other in before):
                message = _("The heading “{heading}” stands there twice.").format(heading=one.text.value)
                cure = _("Let each heading say what is special about its section.")
                where = proof.point(one.text.where, one.text.value)
                yield Remark(where, message, cure, one.anchor, one.text.value)
            before.append(one)


def _are_together(proof: Proof, one: Written, other: Written) -> bool:
    """Say whether a reader gets both; without an edition, whether both are for all."""
    if proof.edition is None:
        sections = filter(None, (one.section, other.section))
        return not any(section.only or section.not_ for section in sections)
    return any({one.anchor, other.anchor} <= set(variant.sections) for variant in proof.edition.variants)


@FAMILY.rule(
    "greeting",
    Severity.WARNING,
    title=N_("The issue greets its readers, once"),
    why=N_(
        "A letter begins with a greeting (DIN 5008); two of them show that nobody has read it as a whole."
    ),
    source="DIN 5008:2020",
)
def greeting(proof: Proof) -> Iterator[Remark]:
    """Look for a greeting at the beginning, and for a second one below the salutation."""
    if proof.issue is None:
        if proof.edition and not any(
            map(_GREETING.match, proof.edition.general.text.split("\n")[:_FIRST_LINES])
        ):
            yield Remark(proof.head("salutation"), *_missing())
        return
    texts = [one for one in proof.written if one.section is not None and one.text.kind == "markdown"]
    texts = [one for one in texts if one.anchor == texts[0].anchor]
    if proof.issue.salutation is None:
        if not any(_GREETING.match(line) for one in texts for line, _where in one.lines()):
            yield Remark(proof.head("salutation"), *_missing())
        return
    for one in texts[:1]:
        if found := _FORMAL.match(one.text.value):
            quote = found[0].strip()
            message = _("The issue greets twice: “{quote}” follows its own salutation.").format(quote=quote)
            cure = _("Take it out of the text, or write “salutation: false”.")
            where = proof.point(one.text.line(0), quote)
            yield Remark(where, message, cure, one.anchor, quote)


def _missing() -> tuple[str, str]:
    message = _("Nobody is greeted.")
    cure = _("Take out “salutation: false”, or begin the first text with a greeting.")
    return message, cure


@FAMILY.rule(
    "issue-number",
    Severity.WARNING,
    title=N_("Subject and heading name this issue"),
    why=N_(
        "A number left over from the issue before makes readers think that they have read this one already."
    ),
    source=EDITORIAL,
)
def issue_number(proof: Proof) -> Iterator[Remark]:
    """Look for another issue’s number in the head; that of the folder is compared when the issue is read."""
    wanted = proof.issue.id if proof.issue else proof.edition.id if proof.edition else None
    for passage in passages(proof) if wanted else ():
        if passage.name not in {"title", "subject", "preheader"} or wanted is None:
            continue
        for found in _NUMBERED.finditer(passage.text):
            if (int(found["year"]), _number(found["number"])) != (wanted.year, wanted.number):
                where = passage.where(proof, found[0], passage.text[: found.start()])
                message = _("“{quote}” is another issue; this one is {id}.").format(quote=found[0], id=wanted)
                yield Remark(where, message, _("Put right the number."), quote=found[0])


def _number(text: str) -> int:
    """Read a number in digits or in Roman letters."""
    if text.isdecimal():
        return int(text)
    values = [_ROMAN[letter] for letter in text]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
