"""What a person may ask for: to know (Art. 15 GDPR), to correct (16), to be forgotten (17), to take along (20).

Every change is one transaction with its event. An erased person leaves a keyed hash of their address, so
that no later import brings them back, and events without personal data, so that the log stays whole.
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
from newsletter.subscribers.list import NoSubscriberError, SubscriberList
from newsletter.subscribers.log import Draft, Event
from newsletter.subscribers.model import GONE, TEXTS, Person, Status, Subscriber, packed, packed_fields


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


@dataclass(frozen=True)
class Tidied:
    """What `tidy` removed."""

    pending: int
    networks: int


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

    Raises:
        UsageError: no consent is given for an active person, or the status is none to begin with.
        TakenError: the address is on the list.
        BarredError: it is suppressed, or was erased.
    """
    if status not in {Status.PENDING, Status.ACTIVE}:
        raise UsageError(_("Nobody begins as {status}.").format(status=status))
    if status is Status.ACTIVE and not consent.strip():
        raise _no_consent()
    at = stamp(now)
    with writing(people.db):
        if before := people.find(address):
            raise _taken(before)
        if reason := people.barred([address.key]).get(address.key):
            raise BarredError(_("{address} {reason}.").format(address=address.text, reason=reason))
        number = people.next_id()
        expires = after(now, people.settings.privacy.pending_days) if status is Status.PENDING else None
        own = packed_fields(people.checked_fields(person.fields))
        texts = [getattr(person, name) for name in TEXTS]
        row = (number, address.key, address.text, address.domain, person.form, *texts, packed(person.tags), own,
               str(status), source, at, at, expires)  # fmt: skip
        people.insert([row])
        wording = people.log.wording(f"{source} {at}", consent) if consent.strip() else None
        detail = {"address": address.text, "status": str(status)}
        people.log.append(at, [Draft(number, "added", source, detail, wording)])
    return people.get(address)


def edit(
    people: SubscriberList, address: Address, changes: Mapping[str, Any], *, source: str, now: datetime
) -> Subscriber:
    """Correct what is kept of a person: form, texts, tags, fields, or the address itself.

    Raises:
        NoSubscriberError: nobody has the address.
        TakenError: somebody else has the new one.
        BarredError: the new one is suppressed or was erased.
    """
    at = stamp(now)
    with writing(people.db):
        person = people.get(address)
        new_address = changes.get("address", address)
        if new_address.key != person.key:
            _check_free(people, new_address)
        wanted = {
            "address": new_address.text if "address" in changes else person.address,
            "form": changes.get("form", person.form),
            **{name: changes.get(name, getattr(person, name)) for name in TEXTS},
            "tags": packed(frozenset(changes.get("tags", person.tags))),
            "fields": packed_fields(people.checked_fields(changes.get("fields", person.fields))),
        }
        kept = person.as_dict() | {"tags": packed(person.tags), "fields": packed_fields(person.fields)}
        differing = {name: [kept[name], value] for name, value in wanted.items() if kept[name] != value}
        if differing:
            people.overwrite(person.id, list(wanted.values()), at)
            people.readdress(person.id, new_address)
            people.log.append(at, [Draft(person.id, "edited", source, {"changes": differing})])
    return people.get(new_address)


def unsubscribe(
    people: SubscriberList, address: Address, *, source: str, reason: str, now: datetime
) -> Subscriber:
    """Let a person leave; who has left already stays so.

    Raises:
        NoSubscriberError: nobody has the address.
    """
    with writing(people.db):
        person = people.get(address)
        if person.status is not Status.UNSUBSCRIBED:
            detail = {"reason": reason} if reason else {}
            people.set_status(person, Status.UNSUBSCRIBED, at=stamp(now), source=source, detail=detail)
    return people.get(address)


def tag(
    people: SubscriberList,
    addresses: Iterable[Address],
    *,
    add: frozenset[str],
    drop: frozenset[str],
    now: datetime,
) -> int:
    """Give people tags and take some; return how many were changed.

    Raises:
        NoSubscriberError: one of the addresses is not on the list; then nobody is changed.
    """
    at, changed = stamp(now), 0
    with writing(people.db):
        for address in addresses:
            person = people.get(address)
            tags = (person.tags | add) - drop
            if tags == person.tags:
                continue
            people.retag(person.id, tags, at)
            detail = {"changes": {"tags": [packed(person.tags), packed(tags)]}}
            people.log.append(at, [Draft(person.id, "edited", "tag", detail)])
            changed += 1
    return changed


def erase(people: SubscriberList, address: Address, *, source: str, now: datetime, bar: bool = True) -> bool:
    """Forget a person; with `bar` a keyed hash keeps later imports from bringing them back.

    Erasing somebody who is not on the list bars the address all the same: they asked for it.

    Raises:
        NoSubscriberError: nobody has the address, and it is not to be barred.
    """
    at = stamp(now)
    people.db.conn.execute("PRAGMA secure_delete = ON")
    with writing(people.db):
        person = people.find(address)
        if person is None and not bar:
            raise NoSubscriberError(_("{address} is not on the list.").format(address=address.text))
        if person is not None:
            people.forget(person.id)
            people.log.append(at, [Draft(person.id, "erased" if bar else "removed", source, {})])
        if bar:
            people.bar(address, at)
    people.settle()
    return person is not None


def tidy(people: SubscriberList, *, now: datetime) -> Tidied:
    """Delete what was kept long enough: sign-ups never confirmed, shortened IP addresses."""
    at = stamp(now)
    if not people.has_expired(at):
        return Tidied(0, 0)
    people.db.conn.execute("PRAGMA secure_delete = ON")
    with writing(people.db):
        expired = people.expired(at)
        for number in expired:
            people.forget(number)
        people.log.append(at, [Draft(number, "expired", "tidy", {}) for number in expired])
        networks = people.drop_networks(at)
    people.settle()
    return Tidied(len(expired), networks)


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
        cure=_(
            'Say where and in which words it was given: --consent "Formular 2022: Ja, ich möchte …".'
        ),
    )
