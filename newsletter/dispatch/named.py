"""Editions as editors name them: an issue as its files say now, or one that the ledger keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.build import edition_of
from newsletter.clock import local
from newsletter.compose.edition import Edition
from newsletter.dispatch.editions import Editions, Known
from newsletter.errors import NewsletterError, UsageError
from newsletter.issue_id import IssueId
from newsletter.language import N_, _
from newsletter.workspace import Workspace

SHORTEST = 6
"""Digits of a digest that name an edition."""
_DIGEST = re.compile(f"[0-9a-f]{{{SHORTEST},64}}", re.IGNORECASE)
_DEEDS: dict[str, tuple[Callable[[Known], str | None], str]] = {
    "tested": (lambda one: one.tested_at, N_("as tested on {when}")),
    "approved": (lambda one: one.approved_at, N_("as approved on {when}")),
    "sent": (lambda one: one.sent_at, N_("as sent since {when}")),
}
WORDS = tuple(_DEEDS)
"""Words for the last edition of an issue with which that was done."""


class NoSuchEditionError(NewsletterError, LookupError):
    """The ledger keeps no such edition."""


@dataclass(frozen=True)
class Named:
    """An edition, and what it is in the editor's words."""

    edition: Edition
    told: str


def issue_of(name: str, editions: Editions | None) -> str | None:
    """Return the issue that a name speaks of by itself; None for “tested”, “approved” and “sent”.

    Raises:
        UsageError: it is no name of an edition.
        NoSuchEditionError: the ledger keeps none of this digest, or several.
    """
    if name in WORDS:
        return None
    if IssueId.matches(name):
        return name
    if _DIGEST.fullmatch(name):
        return _with_digest(name, editions).issue
    raise UsageError(
        _("“{name}” names no edition.").format(name=name),
        cure=_("Write an issue ID (2023-3), the first digits of a digest, “tested”, “approved” or “sent”."),
    )


def named(name: str, issue: str, workspace: Workspace, editions: Editions | None) -> Named:
    """Return the edition of a name; `issue` is the one that “tested”, “approved” and “sent” are about.

    Raises:
        FaultsFound: the issue's files have faults.
        NoIssueError: there is no such issue.
        NoSuchEditionError: the ledger keeps no such edition.
    """
    if IssueId.matches(name):
        edition = edition_of(workspace, workspace.issue_id(name))
        return Named(edition, _("as its files say now"))
    if name not in WORDS:
        return _loaded(_with_digest(name, editions), editions)
    done, _told = _DEEDS[name]
    found = [(at, one) for one in _known(editions, issue) if (at := done(one))]
    if not found:
        raise _none(issue)
    return _loaded(max(found, key=lambda pair: pair[0])[1], editions, name)


def last(issue: str, editions: Editions | None) -> Named:
    """Return the edition of an issue with which anything was done last.

    Raises:
        NoSuchEditionError: nothing was done with any.
    """
    known = _known(editions, issue)
    if not known:
        raise _none(issue)
    return _loaded(known[0], editions)


def _known(editions: Editions | None, issue: str) -> list[Known]:
    return editions.known(issue=issue) if editions else []


def _with_digest(prefix: str, editions: Editions | None) -> Known:
    found = editions.known(prefix=prefix.lower()) if editions else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoSuchEditionError(
            _("The ledger keeps no edition {digest}….").format(digest=prefix),
            cure=_("“newsletter status” shows the editions that were sent."),
        )
    names = ", ".join(one.digest[: len(prefix) + SHORTEST] for one in found)
    raise NoSuchEditionError(
        _("Several editions begin with {digest}: {names}.").format(digest=prefix, names=names),
        cure=_("Write more of its digits."),
    )


def _none(issue: str) -> NoSuchEditionError:
    return NoSuchEditionError(
        _("No edition of {id} has been tested, approved or sent like that.").format(id=issue),
        cure=_("Name what to compare, such as two issues: newsletter diff 2023-2 2023-3."),
    )


def _loaded(known: Known, editions: Editions | None, deed: str | None = None) -> Named:
    assert editions is not None  # noqa: S101 (what is known is known from there)
    deeds = {name: at for name, (done, _told) in _DEEDS.items() if (at := done(known))}
    deed = deed or max(deeds, key=lambda name: deeds[name], default=None)
    told = _("as kept on {when}") if deed is None else _(_DEEDS[deed][1])
    when = local(known.frozen_at if deed is None else deeds[deed])
    return Named(editions.load(known.digest), told.format(when=when))
