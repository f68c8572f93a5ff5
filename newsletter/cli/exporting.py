"""`newsletter subscribers export` and `stats`: the list for other programs, and in numbers."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Literal, cast

import click

from newsletter.cli import desk
from newsletter.cli.people import JSON
from newsletter.errors import UsageError
from newsletter.language import Phrases, _, editor, ngettext

Form = Literal["csv", "xlsx", "json"]
FORMS = ("csv", "xlsx", "json")
OVERWRITE = click.option("--overwrite", is_flag=True, help=_("Replace a file that is there already."))


@click.command(help=_("Write people into a file (CSV, XLSX, JSON), or one person's data to take along."))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format", "form", type=click.Choice(FORMS), help=_("Kind of file; without it, by the file's name.")
)
@click.option("--columns", metavar="NAME,NAME", help=_("Only these columns, in this order."))
@desk.SEGMENT
@desk.WHERE
@click.option("--delimiter", default=";", show_default=True, help=_("CSV: what separates the columns."))
@click.option(
    "--portable", metavar="ADDRESS", help=_("What this person has given, as JSON (GDPR article 20).")
)
@OVERWRITE
def export(
    *,
    file: Path | None,
    form: str | None,
    columns: str | None,
    segment: str | None,
    where: str | None,
    delimiter: str,
    portable: str | None,
    overwrite: bool,
) -> None:
    """Run `newsletter subscribers export`."""
    from newsletter.subscribers import exporting

    if portable is not None:
        if form not in {None, "json"} or columns or segment or where:
            raise UsageError(_("--portable is one person's data, whole, as JSON."))
        _take_along(portable, file, overwrite=overwrite)
        return
    kind = _form(file, form)
    with desk.subscriber_list() as people:
        names = [name.strip() for name in (columns or "").split(",") if name.strip()]
        target = file or sys.stdout.buffer
        count = exporting.write(
            people,
            target,
            kind,
            columns=names,
            where=desk.condition(segment, where, people.settings),
            delimiter="\t" if delimiter.upper() == "TAB" else delimiter,
            overwrite=overwrite,
        )
    click.echo(
        ngettext("{count} person written", "{count} people written", count).format(count=count), err=True
    )


@click.command(help=_("Show the list in numbers: growth by month, by status, by domain."))
@JSON
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Write a page with pictures into this file."),
)
@OVERWRITE
def stats(as_json: bool, html: Path | None, overwrite: bool) -> None:
    """Run `newsletter subscribers stats`."""
    from newsletter.subscribers import chart, exporting, stats_page
    from newsletter.subscribers import stats as numbers

    with desk.subscriber_list() as people:
        found = numbers.counted(people, now=desk.now())
        title = people.settings.newsletter.title
    if html:
        page = stats_page.page(found, title=title, phrases=Phrases(editor()))
        with exporting.fresh_file(html, overwrite=overwrite) as target:
            target.write(page.encode())
        click.echo(desk.safe(html), err=as_json)
    if as_json:
        desk.show_json(found.as_dict())
    elif not html:
        width = min(shutil.get_terminal_size().columns, 100)
        click.echo(chart.drawn(found, width=width, encoding=sys.stdout.encoding or "ascii"))


def _form(file: Path | None, form: str | None) -> Form:
    """Choose the kind of file: as told, or by its name."""
    chosen = form or (file.suffix.lower().lstrip(".") if file else "csv")
    if chosen not in FORMS:
        message = _("“{file}” does not tell what kind of file it is to be.").format(file=file)
        raise UsageError(message, cure=_("Name it .csv, .xlsx or .json, or say --format."))
    if chosen == "xlsx" and file is None:
        raise UsageError(_("XLSX needs a file to be written into."), cure=_("Name one: export people.xlsx"))
    return cast("Form", chosen)


def _take_along(address: str, file: Path | None, *, overwrite: bool) -> None:
    from newsletter.subscribers import exporting, rights

    wanted = desk.address(address)
    with desk.subscriber_list() as people:
        data = rights.portable(people.get(wanted))
    if file is None:
        desk.show_json(data)
        return
    with exporting.fresh_file(file, overwrite=overwrite) as target:
        target.write(json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n")
    click.echo(desk.safe(file))
