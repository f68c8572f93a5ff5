"""`newsletter subscribers show|add|edit|tag|unsubscribe|remove|erase|evidence`: one person at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from newsletter.cli import desk
from newsletter.errors import UsageError
from newsletter.language import _, ngettext

if TYPE_CHECKING:
    from newsletter.dispatch.received import Received
    from newsletter.subscribers.log import Event
    from newsletter.subscribers.model import Subscriber
    from newsletter.subscribers.rights import Dossier

_Command = TypeVar("_Command", bound=Callable[..., Any])
JSON = click.option("--json", "as_json", is_flag=True, help=_("Print facts as JSON."))
ADDRESS = click.argument("address", metavar="ADDRESS")
YES = click.option("--yes", is_flag=True, help=_("Do not ask."))


def _details(command: _Command) -> _Command:
    """Add the options that say who a person is."""
    for option in (
        click.option(
            "--field", "fields", metavar="NAME=VALUE", multiple=True,
            help=_("One of the newsletter's own fields."),
        ),
        click.option("--language", help=_("Language, such as de.")),
        click.option("--organisation", help=_("Municipality or office.")),
        click.option("--last-name", help=_("Last name.")),
        click.option("--first-name", help=_("First name.")),
        click.option("--title", help=_("Academic title, such as Dr.")),
        click.option(
            "--form",
            type=click.Choice(["none", "frau", "herr", "neutral"]),
            help=_("How the person wants to be addressed; never guessed from a name."),
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command(help=_("Show what is kept about a person (GDPR article 15)."))
@ADDRESS
@JSON
def show(address: str, as_json: bool) -> None:
    """Run `newsletter subscribers show`."""
    wanted = desk.address(address)
    with desk.subscriber_list() as people:
        person = people.get(wanted)
    _done(person, as_json=as_json)


@click.command(help=_("Put a person on the list."))
@ADDRESS
@_details
@click.option("--tag", "tags", multiple=True, help=_("A tag; may be given several times."))
@click.option(
    "--status",
    type=click.Choice(["pending", "active"]),
    default="pending",
    show_default=True,
    help=_("“active” needs --consent."),
)
@click.option("--consent", default="", metavar="TEXT", help=_("Source and wording of the consent."))
@JSON
def add(
    address: str, status: str, consent: str, tags: tuple[str, ...], as_json: bool, **details: Any
) -> None:
    """Run `newsletter subscribers add`."""
    from newsletter.subscribers import rights
    from newsletter.subscribers.model import Person, Status

    given = _given(details)
    wanted = desk.address(address)
    person = Person(**given, tags=frozenset(tags), fields=desk.fields_of(details["fields"]))
    with desk.subscriber_list() as people:
        added = rights.add(
            people,
            wanted,
            person,
            status=Status(status),
            consent=consent,
            source=desk.HERE,
            now=desk.now(),
        )
    _done(added, as_json=as_json)


@click.command(help=_("Correct what is kept about a person (GDPR article 16); an empty text takes it away."))
@ADDRESS
@click.option("--address", "new_address", help=_("Their new address."))
@_details
@JSON
def edit(address: str, new_address: str | None, as_json: bool, **details: Any) -> None:
    """Run `newsletter subscribers edit`."""
    from newsletter.subscribers import rights

    wanted, changes = desk.address(address), _given(details)
    if new_address is not None:
        changes["address"] = desk.address(new_address)
    if details["fields"]:
        changes["fields"] = desk.fields_of(details["fields"])
    if not changes:
        raise UsageError(_("Nothing is to be changed."), cure=_("Say what, such as --last-name Muster."))
    with desk.subscriber_list() as people:
        edited = rights.edit(people, wanted, changes, source=desk.HERE, now=desk.now())
    _done(edited, as_json=as_json)


@click.command(help=_("Give people tags, or take some."))
@click.argument("addresses", metavar="ADDRESS…", nargs=-1, required=True)
@click.option(
    "--add", "added", multiple=True, metavar="TAG", help=_("A tag to give; may be given several times.")
)
@click.option(
    "--drop", "dropped", multiple=True, metavar="TAG", help=_("A tag to take; may be given several times.")
)
@JSON
def tag(addresses: tuple[str, ...], added: tuple[str, ...], dropped: tuple[str, ...], as_json: bool) -> None:
    """Run `newsletter subscribers tag`."""
    from newsletter.subscribers import rights
    from newsletter.subscribers.details import tags

    if not added and not dropped:
        raise UsageError(_("Nothing is to be changed."), cure=_("Say which tag: --add TAG or --drop TAG."))
    give, take = tags(added), tags(dropped)
    wanted = [desk.address(one) for one in addresses]
    with desk.subscriber_list() as people:
        changed = rights.tag(people, wanted, add=give, drop=take, source=desk.HERE, now=desk.now())
    if as_json:
        desk.show_json({"changed": changed})
    else:
        click.echo(
            ngettext("{count} person changed", "{count} people changed", changed).format(count=changed)
        )


@click.command(help=_("Let a person leave; only their own new request brings them back."))
@ADDRESS
@click.option("--reason", default="", help=_("Why, in their words."))
@JSON
def unsubscribe(address: str, reason: str, as_json: bool) -> None:
    """Run `newsletter subscribers unsubscribe`."""
    from newsletter.subscribers import rights

    wanted = desk.address(address)
    with desk.subscriber_list() as people:
        person = rights.unsubscribe(people, wanted, source=desk.HERE, reason=reason, now=desk.now())
    _done(person, as_json=as_json)


@click.command(
    help=_("Erase a person (GDPR article 17); a keyed hash stays, so that no import brings them back.")
)
@ADDRESS
@YES
@JSON
def erase(address: str, yes: bool, as_json: bool) -> None:
    """Run `newsletter subscribers erase`."""
    _forget(address, yes=yes, as_json=as_json, bar=True)


@click.command(help=_("Remove an entry made by mistake, with its data; it may be imported again."))
@ADDRESS
@YES
@JSON
def remove(address: str, yes: bool, as_json: bool) -> None:
    """Run `newsletter subscribers remove`."""
    _forget(address, yes=yes, as_json=as_json, bar=False)


@click.command(
    help=_(
        "Print everything about one person: consent, its wording, events, mailings (GDPR articles 7 and 15)."
    )
)
@ADDRESS
@JSON
def evidence(address: str, as_json: bool) -> None:
    """Run `newsletter subscribers evidence`."""
    from newsletter.dispatch.received import received
    from newsletter.subscribers import rights

    wanted = desk.address(address)
    with desk.subscriber_list() as people:
        found = rights.dossier(people, wanted)
        mailings = received(people.db.conn, found.subscriber.id) if found.subscriber else []
    if as_json:
        desk.show_json({**found.as_dict(), "mailings": [one.as_dict() for one in mailings]})
    else:
        _tell_dossier(found)
        _tell_mailings(mailings)


def _forget(address: str, *, yes: bool, as_json: bool, bar: bool) -> None:
    from newsletter.subscribers import forgetting

    wanted = desk.address(address)
    if not yes:
        desk.confirm(_("Delete all data of {address} for good?").format(address=wanted.text))
    with desk.subscriber_list() as people:
        known = forgetting.erase(people, wanted, source=desk.HERE, now=desk.now(), bar=bar)
    if as_json:
        desk.show_json({"address": wanted.text, "was_on_the_list": known, "barred": bar})
    elif known:
        click.echo(_("All data of {address} are deleted.").format(address=wanted.text))
    else:
        click.echo(
            _("{address} was not on the list; no import will put it there.").format(address=wanted.text)
        )


def _given(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, but for the newsletter's own fields."""
    return {name: value for name, value in details.items() if value is not None and name != "fields"}


def _done(person: Subscriber, *, as_json: bool) -> None:
    if as_json:
        desk.show_json(person.as_dict())
    else:
        _tell(person)


def _tell(person: Subscriber) -> None:
    click.echo(f"{desk.safe(person.address)} ({person.status})")
    desk.show_rows(
        [
            (_("Form of address"), "" if person.form == "none" else person.form),
            (_("Title"), person.title),
            (_("First name"), person.first_name),
            (_("Last name"), person.last_name),
            (_("Organisation"), person.organisation),
            (_("Language"), person.language),
            (_("Tags"), ", ".join(sorted(person.tags))),
            *((name, value) for name, value in person.fields.items()),
            (_("Source"), person.source),
            (_("Since"), person.joined_at),
            (_("Changed"), person.changed_at),
            (_("Deleted unless confirmed by"), person.expires_at),
        ]
    )


def _tell_dossier(found: Dossier) -> None:
    if found.subscriber is not None:
        _tell(found.subscriber)
    else:
        click.echo(_("{address} is not on the list.").format(address=found.address.text))
    if found.erased_at:
        click.echo(_("The address was erased at {at}.").format(at=found.erased_at))
    if found.suppressed:
        told = _("{address} {reason}.").format(address=found.address.text, reason=found.suppressed)
        click.echo(desk.safe(told))
    for event in found.events:
        _tell_event(event)


def _tell_event(event: Event) -> None:
    click.echo("")
    click.echo(f"{event.seq}  {event.at}  {desk.safe(event.kind)}  ({desk.safe(event.source)})")
    if event.detail is None:
        click.echo(f"  {_('The personal data of this event were erased.')}")
    for name, value in (event.detail or {}).items():
        if name == "changes":
            desk.show_rows((field, f"{_shown(old)} → {_shown(new)}") for field, (old, new) in value.items())
        elif "\n" in str(value):
            click.echo(f"  {desk.safe(name)}")
            desk.show_text(str(value))
        else:
            desk.show_rows([(name, value)])
    if event.wording is not None:
        desk.show_rows([(_("Wording"), event.wording_version)])
        desk.show_text(event.wording)
    desk.show_rows([(_("Network"), event.network)])


def _tell_mailings(mailings: Sequence[Received]) -> None:
    if mailings:
        click.echo(f"\n{_('Mailings')}")
    for one in mailings:
        answer = " ".join(filter(None, (str(one.code or ""), one.reply, one.reason)))
        desk.show_rows([(one.issue, [one.state, *filter(None, (one.at, one.address, answer))])])


def _shown(value: object) -> str:
    """Return a value of an event as people read it."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return str(value) or "–"
