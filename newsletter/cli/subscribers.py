"""`newsletter subscribers …`: the list as a whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import desk
from newsletter.cli.exporting import export as _export
from newsletter.cli.exporting import stats as _stats
from newsletter.cli.people import JSON
from newsletter.cli.people import add as _add
from newsletter.cli.people import edit as _edit
from newsletter.cli.people import erase as _erase
from newsletter.cli.people import evidence as _evidence
from newsletter.cli.people import remove as _remove
from newsletter.cli.people import show as _show
from newsletter.cli.people import tag as _tag
from newsletter.cli.people import unsubscribe as _unsubscribe
from newsletter.cli.suppressing import suppression as _suppression
from newsletter.errors import UsageError
from newsletter.language import _, ngettext

if TYPE_CHECKING:
    from newsletter.subscribers.importing import Outcome


_IMPORT_HELP = _(
    "Take a table into the list (CSV or XLSX). Rows that cannot be taken are told with their line and reason,"
    " and the exit code is then 1; all others are taken. A file that cannot be read changes nothing."
)


@click.group(help=_("The list of subscribers: import, look, correct, export, prove, forget."))
def subscribers() -> None:
    """Group the commands about people."""


for _command in (
    _show,
    _add,
    _edit,
    _tag,
    _unsubscribe,
    _remove,
    _erase,
    _evidence,
    _export,
    _stats,
    _suppression,
):
    subscribers.add_command(_command)


@subscribers.command("import", help=_IMPORT_HELP)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--column",
    "columns",
    metavar="HEADING=FIELD",
    multiple=True,
    help=_("What a column means; “-” ignores it. Remembered for the next file with the same headings."),
)
@click.option(
    "--status",
    type=click.Choice(["pending", "active"]),
    default="pending",
    show_default=True,
    help=_("What new people become; “active” needs --consent."),
)
@click.option(
    "--consent",
    default="",
    metavar="TEXT",
    help=_("Source and wording of the consent these people gave; kept for good, so without names."),
)
@click.option(
    "--tag", "tags", multiple=True, help=_("A tag for everybody in the file; may be given several times.")
)
@click.option("--dry-run", is_flag=True, help=_("Only say what would happen."))
@JSON
def import_(
    *,
    file: Path,
    columns: tuple[str, ...],
    status: str,
    consent: str,
    tags: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Run `newsletter subscribers import`."""
    from newsletter.clock import after, stamp
    from newsletter.store.database import writing
    from newsletter.subscribers import columns as headings
    from newsletter.subscribers import details, importing, tables

    if status == "active" and not consent.strip():
        raise UsageError(
            _("Importing people as active needs their consent."),
            cure=_('Say where and in which words it was given: --consent "Formular 2022: Ja, ich möchte …".'),
        )
    given, everybody = headings.parse_choice(columns), details.tags(tags)
    table = tables.survey(file)
    with desk.subscriber_list(tidy=not dry_run) as people:
        chosen = {**headings.remembered(people.db.conn, table.headers), **given}
        now = desk.now()
        order = importing.Order(
            table=table,
            columns=headings.mapped(table.headers, people.settings, chosen),
            status=status,
            consent=consent.strip(),
            tags=everybody,
            at=stamp(now),
            expires_at=after(now, people.settings.privacy.pending_days) if status == "pending" else None,
            dry_run=dry_run,
        )
        with click.progressbar(
            length=table.rows, label=_("Importing"), file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            outcome = importing.run(people, order, lambda done: bar.update(done - bar.pos))
        if given and not dry_run:
            with writing(people.db):
                headings.remember(people.db.conn, table.headers, chosen, order.at)
    if as_json:
        desk.show_json(outcome.as_dict())
    else:
        _tell_import(outcome, file, order.expires_at)
    return 1 if outcome.rejected else 0


@subscribers.command("list", help=_("List people, a line each."))
@desk.SEGMENT
@desk.WHERE
@click.option("--limit", type=click.IntRange(min=1), help=_("At most so many."))
@JSON
def list_(segment: str | None, where: str | None, limit: int | None, as_json: bool) -> None:
    """Run `newsletter subscribers list`."""
    with desk.subscriber_list() as people:
        sql, values = desk.condition(segment, where, people.settings)
        found = people.each(sql, values, limit=limit)
        if as_json:
            desk.show_json_lines(person.as_dict() for person in found)
            return
        for person in found:
            name = " ".join(filter(None, (person.title, person.first_name, person.last_name)))
            cells = (f"{person.address:<40}", f"{person.status:<13}", f"{name:<28}", person.organisation)
            click.echo(desk.safe(" ".join(cells).rstrip()))


@subscribers.command(help=_("Count people."))
@desk.SEGMENT
@desk.WHERE
@JSON
def count(segment: str | None, where: str | None, as_json: bool) -> None:
    """Run `newsletter subscribers count`."""
    with desk.subscriber_list() as people:
        sql, values = desk.condition(segment, where, people.settings)
        number = people.count(sql, values)
    if as_json:
        desk.show_json({"count": number, "segment": segment, "where": where})
    else:
        click.echo(number)


@subscribers.command(
    help=_("Delete what was kept long enough: sign-ups never confirmed, shortened IP addresses.")
)
@JSON
def tidy(as_json: bool) -> None:
    """Run `newsletter subscribers tidy`."""
    from newsletter.subscribers import forgetting

    with desk.subscriber_list(tidy=False) as people:
        done = forgetting.tidy(people, now=desk.now())
    if as_json:
        desk.show_json(vars(done))
    else:
        desk.show_rows([(_("Sign-ups"), done.pending), (_("IP addresses"), done.networks)])


@subscribers.command("verify-log", help=_("Look for any event that was altered, removed or put elsewhere."))
@JSON
def verify_log(as_json: bool) -> int:
    """Run `newsletter subscribers verify-log`."""
    with desk.subscriber_list(tidy=False) as people:
        damages = list(people.log.damages())
        events, _hash = people.log.head()
    if as_json:
        desk.show_json({"events": events, "damages": [vars(damage) for damage in damages]})
    elif damages:
        for damage in damages:
            place = _("event {seq}").format(seq=damage.seq) if damage.seq else _("the end of the log")
            click.echo(f"{place}: {damage.message}")
    else:
        click.echo(
            ngettext("{count} event, all as written.", "{count} events, all as written.", events).format(
                count=events
            )
        )
    return 1 if damages else 0


def _tell_import(outcome: Outcome, file: Path, expires_at: str | None) -> None:
    for reject in outcome.rejects:
        place = f"{file}:{reject.line}"
        click.echo(desk.safe(": ".join(filter(None, (place, reject.value, reject.reason)))), err=True)
    if outcome.rejected > len(outcome.rejects):
        click.echo(_("… and {count} more.").format(count=outcome.rejected - len(outcome.rejects)), err=True)
    if outcome.ignored_columns:
        names = ", ".join(map(desk.safe, outcome.ignored_columns))
        click.echo(_("Columns not taken: {names}.").format(names=names), err=True)
    if outcome.dry_run:
        click.echo(_("This was a dry run; nothing was written."), err=True)
    rows: list[tuple[str, Any]] = [
        (_("Added"), outcome.added),
        (_("Changed"), outcome.changed),
        (_("Unchanged"), outcome.unchanged),
        (_("Rejected"), outcome.rejected),
    ]
    desk.show_rows(rows)
    if outcome.added and expires_at and not outcome.dry_run:
        click.echo(
            _("They are pending and will be deleted at {at} unless they confirm.").format(at=expires_at),
            err=True,
        )
