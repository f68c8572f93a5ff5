"""`newsletter subscribers suppression …`: whom mail must not reach, whatever the list says."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from newsletter.cli import desk
from newsletter.cli.exporting import OVERWRITE
from newsletter.cli.people import JSON
from newsletter.errors import FaultsFound, NewsletterError
from newsletter.language import _, ngettext


@click.group(help=_("Addresses and domains that mail must not reach, whatever the list says."))
def suppression() -> None:
    """Group the commands about suppression."""


@suppression.command("list", help=_("List the entries."))
@JSON
def list_(as_json: bool) -> None:
    """Run `newsletter subscribers suppression list`."""
    with desk.subscriber_list() as people:
        entries = list(people.suppression.entries())
    if as_json:
        desk.show_json_lines(map(vars, entries))
        return
    for entry in entries:
        origin = f"{entry.source}, {entry.at}"
        click.echo(f"{desk.safe(entry.pattern):<40} {desk.safe(entry.reason)} ({desk.safe(origin)})")


@suppression.command(help=_("Add an address, a domain (@example.org) or a pattern with *."))
@click.argument("pattern")
@click.option("--reason", required=True, help=_("Why."))
@JSON
def add(pattern: str, reason: str, as_json: bool) -> None:
    """Run `newsletter subscribers suppression add`."""
    from newsletter.clock import stamp
    from newsletter.store.database import writing
    from newsletter.subscribers.details import text
    from newsletter.subscribers.suppression import Entry, normalised

    entry = Entry(normalised(pattern), text("reason", reason), desk.HERE, stamp(desk.now()))
    with desk.subscriber_list() as people, writing(people.db):
        is_new = people.suppression.add([entry])
    if as_json:
        desk.show_json({"pattern": entry.pattern, "added": bool(is_new)})
        return
    click.echo(entry.pattern)
    if not is_new:
        click.echo(_("{pattern} was there already.").format(pattern=entry.pattern), err=True)


@suppression.command(help=_("Take an entry out."))
@click.argument("pattern")
@JSON
def remove(pattern: str, as_json: bool) -> None:
    """Run `newsletter subscribers suppression remove`."""
    from newsletter.store.database import writing
    from newsletter.subscribers.suppression import normalised

    wanted = normalised(pattern)
    with desk.subscriber_list() as people, writing(people.db):
        known = people.suppression.remove(wanted)
    if not known:
        raise NewsletterError(_("{pattern} is not on the suppression list.").format(pattern=wanted))
    if as_json:
        desk.show_json({"pattern": wanted, "removed": True})
    else:
        click.echo(wanted)


@suppression.command("import", help=_("Take entries from a CSV or XLSX file: pattern;reason, a line each."))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, help=_("Why, for lines that do not say."))
@JSON
def import_(file: Path, reason: str, as_json: bool) -> None:
    """Run `newsletter subscribers suppression import`."""
    from newsletter.clock import stamp
    from newsletter.store.database import writing
    from newsletter.subscribers import suppression_file
    from newsletter.subscribers.details import text

    why = text("reason", reason)
    found = suppression_file.read(file, reason=why, source=f"import:{file.name}", at=stamp(desk.now()))
    if found.faults:
        raise FaultsFound(found.faults)
    with desk.subscriber_list() as people, writing(people.db):
        added = people.suppression.add(found.entries)
    if as_json:
        desk.show_json({"added": added, "unchanged": len(found.entries) - added})
    else:
        click.echo(ngettext("{count} entry added", "{count} entries added", added).format(count=added))


@suppression.command("export", help=_("Write the entries as CSV."))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@OVERWRITE
def export(file: Path | None, overwrite: bool) -> None:
    """Run `newsletter subscribers suppression export`."""
    from newsletter.subscribers import suppression_file

    with desk.subscriber_list() as people:
        target = file or sys.stdout.buffer
        count = suppression_file.write(people.suppression.entries(), target, overwrite=overwrite)
    click.echo(
        ngettext("{count} entry written", "{count} entries written", count).format(count=count), err=True
    )
