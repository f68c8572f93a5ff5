"""The links of an issue that can be asked for, and where each was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urldefrag, urlsplit

import idna

from newsletter import config
from newsletter.check.online.answer import Answer, Outcome
from newsletter.check.online.inquiry import Inquiry
from newsletter.check.proof import Proof, name_of
from newsletter.errors import Where
from newsletter.mail.tokens import STAND_IN

_WEB = ("http://", "https://")
_MEMORY = "answers"
_SOME = 3
_NOBODY = frozenset({Outcome.NO_NAME, Outcome.NAME_UNKNOWN, Outcome.UNREACHABLE})


@dataclass(frozen=True)
class Link:
    """A link in the mail."""

    url: str
    """Without a place on the page (`#…`), which no server hears of."""
    where: Where
    section: str
    quote: str
    """What the reader sees of it."""


def ask(proof: Proof, inquiry: Inquiry | None = None) -> None:
    """Ask for all links of a proof, and remember the answers with it."""
    urls = [link.url for link in links_of(proof)]
    proof.web[_MEMORY] = (inquiry or Inquiry()).answers(urls, proof.cache)


def answered(proof: Proof) -> Iterator[tuple[Link, Answer]]:
    """Give each link with its answer; the first rule that wants to know makes them be asked for."""
    if _MEMORY not in proof.web:
        ask(proof)
    for link in links_of(proof):
        yield link, proof.web[_MEMORY][link.url]


def is_offline(proof: Proof) -> bool:
    """Say whether this machine seems to reach nobody: not one of several hosts can be connected to."""
    answers = {urlsplit(link.url).hostname: answer for link, answer in answered(proof)}
    return len(answers) >= _SOME and all(answer.outcome in _NOBODY for answer in answers.values())


def links_of(proof: Proof) -> Sequence[Link]:
    """Return the links to the web in all variants, each once in a section.

    Left out are the page of this very issue, which is not there yet, and the link to unsubscribe.
    """
    found: dict[tuple[str, str], Link] = {}
    for mail in proof.mails:
        for element in mail.links:
            url = urldefrag(element.get("href", "").strip()).url
            if url.lower().startswith(_WEB) and STAND_IN not in url and not _is_own_page(url, proof):
                section, name = mail.sections[element], name_of(element)
                if (url, section) not in found:
                    found[url, section] = Link(url, _where(proof, url, name, section), section, name)
    return tuple(found.values())


def _is_own_page(url: str, proof: Proof) -> bool:
    base = proof.settings.web.base_url
    return bool(base and proof.edition and url.startswith(f"{base.rstrip('/')}/{proof.edition.id}/"))


def _where(proof: Proof, url: str, name: str, section: str) -> Where:
    """Return where a link was written: as an address in the issue, or in the settings, or else its words."""
    spellings = _spellings(url)
    for spelling in spellings:  # as Markdown has them first: another, longer link may begin the same
        for enclosed in (f"({spelling})", f"<{spelling}>"):
            if proof.is_ours(enclosed):
                where = proof.where(enclosed, section)
                return replace(where, column=where.column + 1)
    for spelling in spellings:
        if proof.is_ours(spelling):
            return proof.where(spelling, section)
    return _in_settings(proof, spellings) or proof.where(name, section)


def _spellings(url: str) -> tuple[str, ...]:
    """Return how people may have written an address: with umlauts, without the last slash."""
    host = urlsplit(url).hostname or ""
    try:
        spoken = idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        spoken = host
    forms = (url, unquote(url), unquote(url).replace(host, spoken, 1))
    return tuple(dict.fromkeys((*forms, *(form.rstrip("/") for form in forms))))


def _in_settings(proof: Proof, spellings: Sequence[str]) -> Where | None:
    file = proof.root / config.FILENAME
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for number, line in enumerate(lines, start=1):
        for spelling in spellings:
            if spelling in line:
                return Where(file, number, line.index(spelling) + 1)
    return None
