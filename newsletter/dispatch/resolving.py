"""Find out what became of those in doubt: by a relay's log, or by the outbox folder itself.

A log proves that a message was taken over (accepted, whatever became of it later: a bounce comes back by
itself) or that it was refused at its end. Everything else, and above all that a log says nothing, proves
nothing: they stay in doubt until somebody decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.address import AddressError, key_of
from newsletter.dispatch import doubts, maillog, outbox
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.maillog_formats import Evidence
from newsletter.dispatch.model import Mailing, Outcome, Stage, State
from newsletter.dispatch.owner import AliveError
from newsletter.dispatch.records import Record
from newsletter.dispatch.report import Names
from newsletter.errors import NewsletterError, UsageError, Where
from newsletter.language import _


class NoMaillogError(NewsletterError, ValueError):
    """These are no logs of a mail server."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Somebody in doubt, and what is known about it."""

    mailing: Mailing
    record: Record
    message_id: str
    evidence: Evidence | None = None
    """What a log says; None: nothing."""

    @property
    def outcome(self) -> Outcome | None:
        """What that proves; None: nothing."""
        return None if self.evidence is None else _proved(self.evidence)


@dataclass(frozen=True)
class Search:
    """What logs have told about those in doubt."""

    doubts: tuple[Doubt, ...]
    broken: tuple[Path, ...]
    """Compressed logs that end before their end."""


def tidied(ledger: Ledger, mailing: Mailing) -> None:
    """Sort out what a process that died has left under way; what a living one has is left alone."""
    if not ledger.counts(mailing.id)[State.SENDING]:
        return
    try:
        owner = ledger.enter(mailing.id)
    except AliveError:
        return
    ledger.leave(owner)


def in_doubt(ledger: Ledger, mailings: Sequence[Mailing], addresses: Collection[str] = ()) -> list[Doubt]:
    """List who is in doubt, all or those with some addresses (their keys).

    Raises:
        UsageError: one of the addresses is not in doubt.
    """
    names, missing, found = Names(ledger.people.settings), set(addresses), list[Doubt]()
    for mailing in mailings:
        for record in doubts.doubtful(ledger, mailing.id):
            key = _key(record.address)
            if not addresses or key in addresses:
                found.append(Doubt(mailing=mailing, record=record, message_id=names(record) or ""))
                missing.discard(key)
    if missing:
        text = _("Not in doubt: {addresses}.").format(addresses=", ".join(sorted(missing)))
        raise UsageError(
            text, cure=_("“newsletter resolve {id}” lists who is.").format(id=mailings[-1].issue)
        )
    return found


def search(found: Sequence[Doubt], sources: Collection[Path]) -> Search:
    """Look for those in doubt in logs, and in outbox folders.

    Raises:
        MaillogError: a log cannot be read.
        NoMaillogError: the files are no logs of Postfix or Exim.
    """
    folders = [path for path in sources if path.is_dir()]
    logs = [path for path in sources if not path.is_dir()]
    findings = maillog.search(logs, {one.message_id for one in found})
    if logs and not findings.messages:
        names = ", ".join(str(path) for path in logs)
        text = _("No message is named in {files}.").format(files=names)
        raise NoMaillogError(text, cure=_("Give the log of Postfix or Exim, such as /var/log/mail.log."))
    known = dict(findings.evidence)
    for folder in folders:
        known.update(_in_folder(found, folder))
    told = tuple(
        Doubt(
            mailing=one.mailing,
            record=one.record,
            message_id=one.message_id,
            evidence=known.get(one.message_id),
        )
        for one in found
    )
    return Search(told, findings.broken)


def settle(ledger: Ledger, found: Sequence[Doubt], *, actor: str, reason: str) -> int:
    """Write down what is proved; return of how many."""
    settled = 0
    for mailing, some in _by_mailing(found).items():
        outcomes = {one.record.person: one.outcome for one in some if one.outcome}
        if outcomes:
            settled += doubts.settle(ledger, mailing, outcomes, actor=actor, reason=reason)
            ledger.finish_if_done(mailing)
    return settled


def assume_accepted(ledger: Ledger, found: Sequence[Doubt], *, actor: str, reason: str) -> int:
    """Take it that all of these have got their mail; return how many."""
    settled = 0
    for mailing, some in _by_mailing(found).items():
        persons = {one.record.person for one in some}
        settled += doubts.assume_accepted(ledger, mailing, actor=actor, reason=reason, persons=persons)
        ledger.finish_if_done(mailing)
    return settled


def resend(ledger: Ledger, found: Sequence[Doubt], *, actor: str, reason: str) -> int:
    """Let all of these get their mail again; return how many.

    Raises:
        StateError: a mailing is cancelled.
    """
    settled = 0
    for mailing, some in _by_mailing(found).items():
        persons = {one.record.person for one in some}
        settled += doubts.resend(ledger, mailing, actor=actor, reason=reason, persons=persons)
    return settled


def _by_mailing(found: Sequence[Doubt]) -> dict[int, list[Doubt]]:
    grouped: dict[int, list[Doubt]] = {}
    for one in found:
        grouped.setdefault(one.mailing.id, []).append(one)
    return grouped


def _proved(evidence: Evidence) -> Outcome | None:
    words = " ".join(filter(None, (evidence.queue_id, evidence.status, evidence.text)))
    if evidence.accepted:
        return Outcome(State.ACCEPTED, Stage.DOT, 250, text=words)
    if evidence.status != "rejected":
        return None
    if evidence.dsn.startswith("4"):
        return Outcome(State.PENDING, Stage.DOT, text=words)
    return Outcome(State.REFUSED, Stage.DOT, text=words)


def _in_folder(found: Sequence[Doubt], folder: Path) -> dict[str, Evidence]:
    """Look for messages in an outbox, whose files are named after mailing and recipient."""
    names = outbox.names(folder)
    known = {}
    for one in found:
        name = outbox.name_of(outbox.mark_of(one.mailing), one.record.seq)
        if name in names:
            known[one.message_id] = Evidence(
                accepted=True, queue_id=name, status="sent", where=Where(folder / names[name])
            )
    return known


def _key(address: str) -> str:
    try:
        return key_of(address)
    except AddressError:  # of somebody who was erased since
        return address
