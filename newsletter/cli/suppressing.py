"""`newsletter subscribers suppression …`: whom mail must not reach, whatever the list says."""

from __future__ import annotations

import click

from newsletter.cli import desk
from newsletter.cli.people import JSON
from newsletter.errors import UsageError
from newsletter.language import _


@click.group(help=_("Addresses and domains that mail must not reach, whatever the list says."))
def suppression() -> None:
    """Group the commands about suppression."""


@suppression.command("list", help=_("List the entries."))
@JSON
def list_(as_json: bool) -> None:  # noqa: FBT001
    """Run `newsletter subscribers suppression list`."""
    with desk.subscriber_list() as people:
        entries = list(people.suppression.entries())
    if as_json:
        desk.show_json([vars(entry) for entry in entries])
        return
    for entry in entries:
        click.echo(
            f"{desk.safe(entry.pattern):<40} {desk.safe(entry.reason)} ({desk.safe(entry.source)}, {entry.at})"
        )


@suppression.command(help=_("Add an address, a domain (@example.org) or a pattern with *."))
@click.argument("pattern")
@click.option("--reason", required=True, help=_("Why."))
def add(pattern: str, reason: str) -> None:
    """Run `newsletter subscribers suppression add`."""
    from newsletter.clock import stamp
    from newsletter.store.database import writing
    from newsletter.subscribers.suppression import Entry, normalised

    entry = Entry(normalised(pattern), reason, "command line", stamp(desk.now()))
    with desk.subscriber_list() as people, writing(people.db):
        is_new = people.suppression.add([entry])
    click.echo(entry.pattern if is_new else _("{pattern} was there already.").format(pattern=entry.pattern))


@suppression.command(help=_("Take an entry out."))
@click.argument("pattern")
def remove(pattern: str) -> None:
    """Run `newsletter subscribers suppression remove`."""
    from newsletter.store.database import writing
    from newsletter.subscribers.suppression import normalised

    wanted = normalised(pattern)
    with desk.subscriber_list() as people, writing(people.db):
        known = people.suppression.remove(wanted)
    if not known:
        raise UsageError(_("{pattern} is not on the suppression list.").format(pattern=wanted))
    click.echo(wanted)
