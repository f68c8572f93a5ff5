"""A dry run: every mail is written, none is sent, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.dispatch import eligible
from newsletter.dispatch.carrying import moment
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.proposal import Proposal
from newsletter.errors import NewsletterError
from newsletter.mail.press import Press, Recipient


@dataclass
class Rehearsal:
    """What would have gone out."""

    mails: int = 0
    bytes: int = 0
    largest: int = 0
    utf8: int = 0
    """How many only a server with SMTPUTF8 can take."""
    unwritable: list[tuple[str, str]] = field(default_factory=list)
    """Addresses that cannot be written to, each with its reason."""


def rehearse(ledger: Ledger, proposal: Proposal, root: Path, *, segment: str | None) -> Rehearsal:
    """Write every mail of a proposal."""
    people, done = ledger.people, Rehearsal()
    settings = people.settings
    press = Press.of(proposal.edition, settings, people.secret, root=root, mailing=0, date=moment(settings))
    for recipient in _recipients(ledger, proposal, segment):
        try:
            letter = press.letter(recipient)
        except NewsletterError as err:
            done.unwritable.append((recipient.address, err.message))
            continue
        done.mails += 1
        done.bytes += len(letter.data)
        done.largest = max(done.largest, len(letter.data))
        done.utf8 += letter.utf8
    return done


_COLUMNS = ", ".join(
    f"subscriber.{name}"
    for name in ("id", "address", "form", "title", "first_name", "last_name", "organisation", "fields")
)
_WAITING = (
    f"SELECT {_COLUMNS}, dispatch.segments FROM dispatch JOIN subscriber ON subscriber.id = dispatch.person"  # noqa: S608
    " WHERE dispatch.mailing = ? AND dispatch.state IN ('pending', 'deferred')"
    " AND subscriber.status = 'active'"
)


def _recipients(ledger: Ledger, proposal: Proposal, segment: str | None) -> Iterator[Recipient]:
    """Give those who would get it, as they are now."""
    if proposal.mailing is not None:
        return map(Recipient._make, ledger.connection.execute(_WAITING, (proposal.mailing.id,)))
    may = eligible.may_get(eligible.already_in(ledger.connection, str(proposal.edition.id)))
    settings = ledger.people.settings
    chosen = eligible.members(segment, settings)
    member = eligible.memberships(proposal.edition.segments, settings)
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS}, {member.sql} FROM subscriber WHERE {may.sql} AND {chosen.sql} ORDER BY id",  # noqa: S608
        (*member.parameters, *may.parameters, *chosen.parameters),
    )
    return map(Recipient._make, rows)
