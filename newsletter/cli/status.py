"""`newsletter status`: how far a mailing is, who is open, what became of each recipient."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import desk
from newsletter.cli.exporting import OVERWRITE
from newsletter.dispatch.model import Mailing, State
from newsletter.errors import NewsletterError, UsageError
from newsletter.language import _, ngettext

if TYPE_CHECKING:
    from newsletter.cli.mailroom import Mailroom
    from newsletter.dispatch.standing import Problem, Standing

MAILING = click.option(
    "--mailing", "number", type=int, metavar="NUMBER", help=_("One mailing of several of this issue.")
)


@click.command(help=_("Show how far a mailing is and what is to be done; the latest one's issue without ID."))
@click.argument("issue_id", metavar="[ID]", required=False)
@MAILING
@click.option("--recipients", is_flag=True, help=_("List the recipients, each with what became of them."))
@click.option(
    "--state",
    "states",
    type=click.Choice([str(state) for state in State]),
    metavar="STATE",
    multiple=True,
    help=_("Only recipients in this state, such as refused; may be given several times."),
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help=_("Write the recipients into a file that Excel opens (- for the output)."),
)
@OVERWRITE
@click.option("--json", "as_json", is_flag=True, help=_("Print facts as JSON."))
def status(issue_id: str | None, number: int | None, *, as_json: bool, **options: Any) -> int:
    """Run `newsletter status`."""
    if options["recipients"] or options["csv_file"]:
        return _list_recipients(issue_id, number, as_json=as_json, **options)
    if options["states"]:
        raise UsageError(_("--state chooses recipients; it goes with --recipients or --csv."))
    wanted = parsed(issue_id)
    found, others = _look(wanted, number)
    if as_json:
        desk.show_json(facts_of(wanted, found))
    else:
        _tell(wanted, found, others)
    return int(any(one.counts.open for one in found) or bool(others))


def parsed(issue_id: str | None) -> str | None:
    """Return an issue's ID as the ledger has it.

    Raises:
        UsageError: it is none.
    """
    from newsletter.issue_id import IssueId

    return None if issue_id is None else str(IssueId.parse(issue_id))


def chosen(connection: sqlite3.Connection, issue: str | None, number: int | None) -> list[Mailing]:
    """Return the mailings of an issue, oldest first, or the one of this number.

    Raises:
        NoMailingError: the issue has no mailing of this number.
    """
    from newsletter.dispatch.mailings import Mailings, NoMailingError

    mailings = Mailings(connection)
    if issue is None:
        latest = mailings.latest()
        issue = latest.issue if latest else ""
    found = mailings.of_issue(issue)
    if number is None:
        return found
    for mailing in found:
        if mailing.id == number:
            return [mailing]
    text = _("Issue {id} has no mailing {number}.").format(id=issue, number=number)
    numbers = ", ".join(str(mailing.id) for mailing in found) or "–"
    raise NoMailingError(text, cure=_("There are: {names}.").format(names=numbers))


def facts_of(issue: str | None, found: list[Standing]) -> dict[str, Any]:
    """Return the facts of an issue: those of its latest mailing, and all of its mailings."""
    from newsletter.dispatch.model import Counts

    if not found:
        nobody = Counts({})
        return {
            "id": issue,
            "state": "unsent",
            "audience": 0,
            "open": 0,
            "counts": nobody.as_dict(),
            "mailings": [],
        }
    mailings = [_facts(one) for one in found]
    opened = sum(one.counts.open for one in found)
    return {**mailings[-1], "open": opened, "mailings": mailings}


def _look(issue: str | None, number: int | None) -> tuple[list[Standing], list[Mailing]]:
    """Look at the mailings of an issue; without one, also for other issues of which somebody is open."""
    from newsletter.dispatch.reading import reading

    with reading(Path.cwd(), os.environ) as connection:
        try:
            if connection is not None:
                return _looked(connection, issue, number)
        except sqlite3.Error:
            pass  # whoever opens it whole can tell what is wrong
    from newsletter.cli.mailroom import mailroom

    with mailroom() as room:
        return _looked(room.ledger.connection, issue, number)


def _looked(
    connection: sqlite3.Connection, issue: str | None, number: int | None
) -> tuple[list[Standing], list[Mailing]]:
    from newsletter.dispatch.mailings import Mailings
    from newsletter.dispatch.standing import standing

    mailings = chosen(connection, issue, number)
    others = [] if issue else [one for one in Mailings(connection).unfinished() if one not in mailings]
    return [standing(connection, mailing) for mailing in mailings], others


def _tell(issue: str | None, found: list[Standing], others: list[Mailing]) -> None:
    from newsletter.cli import status_words

    for number, one in enumerate(found):
        if number:
            click.echo("")
        status_words.show(one)
    if not found:
        text = _("Issue {id} has not been sent.").format(id=issue) if issue else _("Nothing has been sent.")
        click.echo(text)
    for mailing in others:
        text = _("Of issue {id} somebody is open, too: newsletter status {id}").format(id=mailing.issue)
        click.echo(text, err=True)


def _facts(one: Standing) -> dict[str, Any]:
    from newsletter.cli import mailing_words

    run = one.run
    return {
        **mailing_words.facts(one.mailing, one.counts),
        "title": one.title,
        "subject": one.subject,
        "edition": one.mailing.edition,
        "next_at": one.next_at,
        "process": run and {"pid": run.pid, "host": run.host, "started_at": run.started_at},
        "problems": [_problem(problem) for problem in one.problems],
        "problems_complete": one.all_looked_at,
        "decisions": [vars(decision) for decision in one.decisions],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "state": str(problem.state),
        "count": problem.count,
        "relay": problem.relay,
        "stage": problem.stage,
        "code": problem.code,
        "enhanced": problem.enhanced,
        "reply": problem.reply,
        "reason": problem.reason,
        "domains": [{"domain": name, "count": count} for name, count in problem.domains],
    }


def _list_recipients(
    issue_id: str | None,
    number: int | None,
    *,
    as_json: bool,
    recipients: bool,
    states: tuple[str, ...],
    csv_file: Path | None,
    overwrite: bool,
) -> int:
    """Write what became of each recipient; return 1 while one of those listed is open."""
    from newsletter.cli.mailroom import mailroom
    from newsletter.dispatch.report import Row, rows, write_csv

    if csv_file and (recipients or as_json):
        raise UsageError(_("--csv goes without --recipients and --json."))
    still_open = False

    def watched(found: Iterable[Row]) -> Iterator[Row]:
        nonlocal still_open
        for row in found:
            still_open = still_open or row.is_open
            yield row

    with mailroom() as room:
        found = watched(rows(room.ledger, _mailings(room, issue_id, number), [State(one) for one in states]))
        if csv_file:
            target = sys.stdout.buffer if str(csv_file) == "-" else csv_file
            count = write_csv(found, target, overwrite=overwrite)
            text = ngettext("{count} recipient written", "{count} recipients written", count)
            click.echo(text.format(count=count), err=True)
        elif as_json:
            _show_json_lines(row.as_dict() for row in found)
        else:
            _show_table(found)
    return int(still_open)


def _mailings(room: Mailroom, issue_id: str | None, number: int | None) -> list[Mailing]:
    mailings = chosen(room.ledger.connection, parsed(issue_id), number)
    if not mailings:
        text = (
            _("Issue {id} has not been sent.").format(id=issue_id)
            if issue_id
            else _("Nothing has been sent.")
        )
        raise NewsletterError(text)
    return mailings


def _show_table(found: Iterable[Any]) -> None:
    from newsletter.cli import mailing_words as words

    for row in found:
        record = row.record
        about = words.said(record) if record.state is not State.PENDING or record.attempt else ""
        state = words.state(record.state)
        click.echo(desk.safe(f"{record.address or _('(erased)'):<40} {state:<28} {about}".rstrip()))


def _show_json_lines(found: Iterable[dict[str, Any]]) -> None:
    """Print an object a line (JSON Lines), however many there are; a million of them take a minute."""
    for row in found:
        text = json.dumps(row, ensure_ascii=False)
        click.echo(text if text.isprintable() else json.dumps(row))
