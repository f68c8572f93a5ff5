"""The family `content`: a text that says “here” has a link there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsletter.check.finding import Remark, Severity
from newsletter.check.passages import ADDRESS, WEB, Passage, passages
from newsletter.check.proof import Proof
from newsletter.check.rule import Family
from newsletter.language import N_, _

FAMILY = Family("content")
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?![\s\x02-\x04]|$)[^.!?]*)*[.!?]*")
"""Up to a dot that a space follows: “www.kreis.example” and “2.8.2023” stay whole."""
_WORDS = re.compile(r"\b(?:hier|here|link|internetadresse|webadresse|web\s+address|url)\b", re.IGNORECASE)
"""Without one of these nothing is promised: most texts."""
_THINGS = (
    r"(?:\w*(?:information(?:en)?|infos?|hinweise|unterlagen|programm|anmeldung|formular|umfrage|bericht|dokumentation"
    r"|flyer|ausschreibung|einladung|video|aufzeichnung|stream|artikel|beitrag|broschüre|leitfaden|präsentation(?:en)?)"
    r"|details?|näheres|weiteres|mehr"
    r"|programmes?|registration|form|survey|report|documents?|slides|recording|brochure|article|guide|more)"
)
_GETS = (
    r"(?:finde[tn]?|lesen|erfahren|erhalten|bekommen|gibt|geht|gelangen|kommen|abrufen|abrufbar|ansehen|nachlesen|stehen"
    r"|steht|herunterladen|anschauen|find|found|read|get|see|available|download|downloaded|view|learn|watch)"
)
_ACTS = (
    r"(?:klicken|anklicken|anmelden|registrieren|herunterladen|bestellen|abrufen|ansehen|nachlesen|weiterlesen"
    r"|teilnehmen)"
)
_CLAUSE_END = r"(?=\W*$|\s*[:;)])"
_PROMISE = re.compile(
    r"(?P<following>\b(?:unter|über|auf|via)\s+(?:dem\s+|den\s+)?(?:(?:nach)?folgende|nachstehende|diese)[mnr]"
    r"\s+(?:\w+-?)?(?:link|internetadresse|webadresse|url)\b"
    r"|\b(?:following|this)\s+(?:link|web\s+address|url)\b|\blink\s+below\b)"
    rf"|\bhier\s+{_ACTS}\b|\bklicken\s+sie\s+(?:\w+\s+)?hier\b|\bmelden\s+sie\s+sich\s+(?:\w+\s+)?hier\s+an\b"
    rf"|\bclick\s+here\b|\b(?:register|sign\s+up|apply)\s+here\b{_CLAUSE_END}"
    rf"|(?P<here>\b(?:hier|here)\b){_CLAUSE_END}"
    r"|^\W*hier\s+(?:finden|gibt|erhalten|bekommen|lesen|erfahren)\b.*?\b(?:weitere|nähere|mehr|alle|ausführliche)\s+"
    r"(?:informationen|infos|details|hinweise)\b|^\W*hier\s+geht(?:'s|\s+es)\s+zu[rm]\b",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT = re.compile(rf"(?=.*\b{_THINGS}\b)(?=.*\b{_GETS}\b)", re.IGNORECASE | re.DOTALL)
"""What must be said before a “here” at the end: it may also be a place."""
_NEAR = 120
"""Letters before it in which it must be said."""
_SPELT_OUT = re.compile(
    r"\bhttps?://\S|\bwww\.\w|\w@\w|\b[\w-]+(?:\.[\w-]+)*\.(?:de|com|org|net|eu|nrw|info|example|test)\b"
    r"|\+?\d[\d /()-]{5,}\d"
)
"""An address, or a telephone number, that is no link but can be used."""
_LONGEST = 80


@FAMILY.rule(
    "promise",
    Severity.ERROR,
    title=N_("Where a text promises a link, there is one"),
    why=N_(
        "“Weitere Informationen finden Sie hier” without a link leaves readers with nothing; mostly the link"
        " was lost when the text was copied."
    ),
    source="https://www.w3.org/TR/WCAG22/#link-purpose-in-context",
)
def promise(proof: Proof) -> Iterator[Remark]:
    """Look for “here” and “the following link” in sentences that have no link."""
    everything = list(passages(proof))
    for index, passage in enumerate(everything):
        if not _WORDS.search(passage.marked):
            continue
        for sentence in _SENTENCE.finditer(passage.marked):
            found = next(filter(_is_promise, _PROMISE.finditer(sentence[0].strip())), None)
            if found and WEB not in sentence[0] and not _SPELT_OUT.search(sentence[0]):
                yield from _judged(proof, everything[index:], sentence, found)


def _is_promise(found: re.Match[str]) -> bool:
    before = found.string[max(0, found.start() - _NEAR) : found.start()]
    return found["here"] is None or _ABOUT.match(before) is not None


def _judged(
    proof: Proof, following: Sequence[Passage], sentence: re.Match[str], found: re.Match[str]
) -> Iterator[Remark]:
    """Tell of a promise, unless it points to what follows in the same section, and something does."""
    passage = following[0]
    leads_on = found["following"] is not None or sentence.string[sentence.start() :].rstrip().endswith(":")
    has_more = _has_more(proof, following, sentence.string[sentence.end() :], also_addresses=leads_on)
    if has_more and leads_on:
        return
    quote = " ".join(sentence[0].split())[:_LONGEST].rstrip(" .:")
    message = _("“{quote}”: there is no link.").format(quote=quote)
    cure = _("Link the words that name the page, such as “[Report of the survey](https://…)”.")
    severity = None
    if has_more:
        severity, message = Severity.WARNING, _("“{quote}” is no link; it stands elsewhere in the section.")
        message = message.format(quote=quote)
    start = sentence.start() + len(sentence[0]) - len(sentence[0].lstrip())
    where = passage.where(proof, quote, sentence.string[:start])
    yield Remark(where, message, cure, passage.anchor, quote, severity)


def _has_more(proof: Proof, following: Sequence[Passage], rest: str, *, also_addresses: bool) -> bool:
    """Say whether a link or a button comes after it in its section, or an address to write to or to type."""
    anchor = following[0].anchor
    texts = [rest, *(other.marked for other in following[1:] if other.anchor == anchor)]
    kinds = {one.text.kind for one in proof.written if one.anchor == anchor}
    if any(WEB in text for text in texts) or "url" in kinds:
        return True
    return also_addresses and any(ADDRESS in text or _SPELT_OUT.search(text) for text in texts)
