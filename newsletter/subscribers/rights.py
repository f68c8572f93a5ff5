"""What a person may ask for: to know (Art. 15 GDPR), to correct (16), to take along (20), to leave (7).

Every change is one transaction with its event. To be forgotten (17) is told in `forgetting.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.address import Address
from newsletter.clock import after, stamp
from newsletter.errors import NewsletterError, UsageError
from newsletter.language import _
from newsletter.store.database import writing
from newsletter.subscribers import details
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.log import Draft, Event
from newsletter.subscribers.model import GONE, TEXTS, Person, Status, Subscriber, packed, packed_fields

_DETAILS = ("form", *TEXTS, "tags", "fields")
"""What is known of a person besides the address."""


class TakenError(NewsletterError, ValueError):
    """This address is on the list already."""


class BarredError(NewsletterError, ValueError):
    """This address must not be put on the list."""


@dataclass(frozen=True)
class Dossier:
    """Everything that is kept about an address."""

    address: Address
    subscriber: Subscriber | None
    events: tuple[Event, ...]
    erased_at: str | None
    suppressed: str | None
    """Why mail must not reach the address, if so."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        return {
            "address": self.address.text,
            "subscriber": self.subscriber.as_dict() if self.subscriber else None,
            "events": [event.as_dict() for event in self.events],
            "erased_at": self.erased_at,
            "suppressed": self.suppressed,
        }


def dossier(people: SubscriberList, address: Address) -> Dossier:
    """Collect everything that is kept about an address; nothing is a dossier too."""
    subscriber = people.find(address)
    events = tuple(people.log.of_person(subscriber.id)) if subscriber else ()
    return Dossier(
        address=address,
        subscriber=subscriber,
        events=events,
        erased_at=people.erased_at(address),
        suppressed=people.suppression.reasons([address.key]).get(address.key),
    )


def portable(person: Subscriber) -> dict[str, Any]:
    """Return what a person has given, in a form other programs read (Art. 20)."""
    given = person.as_dict()
    return {name: given[name] for name in ("address", "form", *TEXTS, "tags", "fields", "joined_at")}


def add(
    people: SubscriberList,
    address: Address,
    person: Person,
    *,
    status: Status,
    consent: str,
    source: str,
    now: datetime,
) -> Subscriber:
    """Put a person on the list; active only with the source and wording of their consent.

    The consent is kept in the event, not among the wordings: those stay for good, and it may name the person.

    Raises:
        UsageError: no consent is given for an active person, the status is none to begin with, or something
            of the person cannot be kept.
        TakenError: the address is on the list.
        BarredError: it is suppressed, or was erased.
    """
    if status not in {Status.PENDING, Status.ACTIVE}:
        raise UsageError(_("Nobody begins as {status}.").format(status=status))
    if status is Status.ACTIVE and not consent.strip():
        raise _no_consent()
    at = stamp(now)
    known = _columns(details.checked(person, people.settings.fields))
    expires = after(now, people.settings.privacy.pending_days) if status is Status.PENDING else None
    detail = {"address": address.text, "status": str(status)}
    if consent.strip():
        detail["consent"] = consent.strip()
    with writing(people.db):
        _check_free(people, address)
        number = people.next_id()
        who = (number, address.key, address.text, address.domain)
        people.insert([(*who, *known, str(status), source, at, at, expires)])
        people.log.append(at, [Draft(number, "added", source, detail)])
    return people.get(address)


def edit(
    people: SubscriberList, address: Address, changes: Mapping[str, Any], *, source: str, now: datetime
) -> Subscriber:
    """Correct what is kept of a person: form, texts, tags, own fields (those that are named), or the address.

    Raises:
        NoSubscriberError: nobody has the address.
        TakenError: somebody else has the new one.
        BarredError: the new one is suppressed or was erased.
        UsageError: something of the changes cannot be kept.
    """
    at = stamp(now)
    with writing(people.db):
        person = people.get(address)
        new_address = changes.get("address") or Address(person.address, person.key)
        if new_address.key != person.key:
            _check_free(people, new_address)
        known = {name: changes.get(name, getattr(person, name)) for name in _DETAILS}
        known["fields"] = {**person.fields, **changes.get("fields", {})}
        wanted = details.checked(Person(**known), people.settings.fields, person)
        differing = _differing(person, new_address, wanted)
        if differing:
            people.overwrite(person.id, [new_address.text, *_columns(wanted)], at)
            people.readdress(person.id, new_address)
            people.log.append(at, [Draft(person.id, "edited", source, {"changes": differing})])
    return people.get(new_address)


def unsubscribe(
    people: SubscriberList, address: Address, *, source: str, reason: str, now: datetime
) -> Subscriber:
    """Let a person leave; who has left already stays so, and so does who has complained, which says more.

    Raises:
        NoSubscriberError: nobody has the address.
    """
    with writing(people.db):
        person = people.get(address)
        if person.status not in {Status.UNSUBSCRIBED, Status.COMPLAINED}:
            detail = {"reason": reason} if reason else {}
            people.set_status(person, Status.UNSUBSCRIBED, at=stamp(now), source=source, detail=detail)
    return people.get(address)


def tag(
    people: SubscriberList,
    addresses: Iterable[Address],
    *,
    add: frozenset[str],
    drop: frozenset[str],
    source: str,
    now: datetime,
) -> int:
    """Give people tags and take some; return how many were changed.

    Raises:
        NoSubscriberError: one of the addresses is not on the list; then nobody is changed.
        UsageError: what is to be added is no tag.
    """
    details.tags(add)
    at, changed = stamp(now), 0
    with writing(people.db):
        for address in addresses:
            person = people.get(address)
            tags = (person.tags | add) - drop
            if tags == person.tags:
                continue
            people.retag(person.id, tags, at)
            detail = {"changes": {"tags": [sorted(person.tags), sorted(tags)]}}
            people.log.append(at, [Draft(person.id, "edited", source, detail)])
            changed += 1
    return changed


def _columns(person: Person) -> list[str]:
    """Return form, texts, tags and fields as the table holds them."""
    texts = [getattr(person, name) for name in TEXTS]
    return [person.form, *texts, packed(person.tags), packed_fields(person.fields)]


def _differing(person: Subscriber, address: Address, wanted: Person) -> dict[str, list[Any]]:
    """Return what is to change: before and after, as JSON knows them."""
    kept = {name: getattr(person, name) for name in ("address", *_DETAILS)}
    new = {"address": address.text} | {name: getattr(wanted, name) for name in _DETAILS}
    return {name: [_plain(kept[name]), _plain(value)] for name, value in new.items() if kept[name] != value}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _check_free(people: SubscriberList, address: Address) -> None:
    if other := people.find(address):
        raise _taken(other)
    if reason := people.barred([address.key]).get(address.key):
        raise BarredError(_("{address} {reason}.").format(address=address.text, reason=reason))


def _taken(person: Subscriber) -> TakenError:
    message = _("{address} is on the list already, as {status}.").format(
        address=person.address, status=person.status
    )
    if person.status in GONE:
        return TakenError(message, cure=_("Only their own new request brings them back."))
    return TakenError(message, cure=_("Change it with “newsletter subscribers edit”."))


def _no_consent() -> UsageError:
    return UsageError(
        _("An active subscriber needs a consent."),
        cure=_('Say where and in which words it was given: --consent "Formular 2022: Ja, ich möchte …".'),
    )
