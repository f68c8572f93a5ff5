"""Send an edition to a few addresses as a test, and note that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newsletter.address import Address
from newsletter.compose.edition import Edition
from newsletter.dispatch.carrying import try_out
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Outcome, State
from newsletter.language import Phrases
from newsletter.mail.press import Recipient
from newsletter.subscribers import segments
from newsletter.subscribers.model import packed_fields


def send_test(
    ledger: Ledger, edition: Edition, root: Path, addresses: Sequence[Address], *, actor: str
) -> dict[str, Outcome]:
    """Send it, as the addresses' owners would get it if they are on the list; return each one's outcome.

    The test counts as made when at least one of the mails was accepted.
    """
    people = ledger.people
    mark = Phrases(edition.language)("[Test] ")
    recipients = [_recipient(ledger, edition, address) for address in addresses]
    outcomes = try_out(edition, people.settings, people.secret, root, recipients, mark=mark)
    accepted = sum(outcome.state is State.ACCEPTED for outcome in outcomes.values())
    if accepted:
        with ledger.writing():
            editions = Editions(ledger.connection)
            editions.freeze(edition, ledger.at)  # “newsletter diff” tells what changed since
            editions.tested(edition.digest, at=ledger.at, actor=actor, count=accepted)
    return outcomes


def _recipient(ledger: Ledger, edition: Edition, address: Address) -> Recipient:
    person = ledger.people.find(address)
    if person is None:
        return Recipient(0, address.text)
    return Recipient(
        person=0,
        address=person.address,
        form=person.form,
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        organisation=person.organisation,
        fields=packed_fields(person.fields),
        segments="+".join(name for name in sorted(edition.segments) if _is_in(ledger, name, person.id)),
    )


def _is_in(ledger: Ledger, segment: str, person: int) -> bool:
    condition = segments.segment(segment, ledger.people.settings)
    return ledger.people.count(f"id = ? AND {condition.sql}", (person, *condition.parameters)) > 0
