"""`newsletter pause|resume|cancel|retry|approve`: steer a mailing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import desk
from newsletter.cli import mailing_words as words
from newsletter.cli.mailroom import Mailroom, mailroom
from newsletter.cli.people import JSON, YES
from newsletter.cli.status import MAILING, chosen, parsed
from newsletter.dispatch.model import Mailing, MailingState, State
from newsletter.errors import NewsletterError
from newsletter.language import _, ngettext

if TYPE_CHECKING:
    from newsletter.compose.edition import Edition

_ID = click.argument("issue_id", metavar="ID")
_REASON = click.option("--reason", default="", metavar="TEXT", help=_("Why; kept with the decision."))
_MAY_PAUSE = frozenset({MailingState.PLANNED, MailingState.RUNNING})
_MAY_RESUME = frozenset({MailingState.PAUSED})
_MAY_CANCEL = frozenset({MailingState.PLANNED, MailingState.RUNNING, MailingState.PAUSED})
_MAY_RETRY = frozenset(MailingState) - {MailingState.CANCELLED}


class NotSentError(NewsletterError, LookupError):
    """This issue has not been sent."""


@click.command(help=_("Hold a mailing: nobody is begun until it is resumed. A process that is sending ends."))
@_ID
@MAILING
@_REASON
@JSON
def pause(issue_id: str, number: int | None, reason: str, as_json: bool) -> None:
    """Run `newsletter pause`."""
    from newsletter.dispatch import control

    with mailroom() as room:
        _each(room, _mailings(room, issue_id, number, _MAY_PAUSE), control.pause, reason, as_json=as_json)


@click.command(help=_("Let a paused mailing go on; the next “send” does."))
@_ID
@MAILING
@_REASON
@JSON
def resume(issue_id: str, number: int | None, reason: str, as_json: bool) -> None:
    """Run `newsletter resume`."""
    from newsletter.dispatch import control

    with mailroom() as room:
        _each(room, _mailings(room, issue_id, number, _MAY_RESUME), control.resume, reason, as_json=as_json)


@click.command(help=_("Send to nobody any more, for good. Who has it already keeps it."))
@_ID
@MAILING
@_REASON
@YES
@JSON
def cancel(issue_id: str, number: int | None, reason: str, yes: bool, as_json: bool) -> None:
    """Run `newsletter cancel`."""
    from newsletter.dispatch import control

    with mailroom() as room:
        mailings = _mailings(room, issue_id, number, _MAY_CANCEL)
        if not yes:
            for mailing in mailings:
                click.echo(_how_far(room, mailing), err=True)
            desk.confirm(_("Cancel it for good?"))
        _each(room, mailings, control.cancel, reason, as_json=as_json)


@click.command(help=_("Try deferred recipients again with the next “send”, without waiting for their time."))
@_ID
@MAILING
@click.option(
    "--refused",
    is_flag=True,
    help=_("Also those refused through no fault of theirs: given up, refused because of us, not writable."),
)
@_REASON
@JSON
def retry(issue_id: str, number: int | None, reason: str, refused: bool, as_json: bool) -> None:
    """Run `newsletter retry`."""
    from newsletter.dispatch import control

    with mailroom() as room:
        mailings = _mailings(room, issue_id, number, _MAY_RETRY)
        counts = [
            control.retry(room.ledger, mailing.id, actor=room.actor, reason=reason, refused=refused)
            for mailing in mailings
        ]
        if as_json:
            desk.show_json({"id": mailings[0].issue, "retried": sum(counts)})
            return
    text = ngettext(
        "{count} recipient is tried again: newsletter send {id}",
        "{count} recipients are tried again: newsletter send {id}",
        sum(counts),
    )
    click.echo(text.format(count=sum(counts), id=mailings[0].issue))


@click.command(help=_("Approve of an issue as it is now, as the second person whom “send” may need."))
@_ID
@YES
@JSON
def approve(issue_id: str, yes: bool, as_json: bool) -> None:
    """Run `newsletter approve`."""
    from newsletter.dispatch.editions import Editions

    with mailroom() as room:
        edition = _edition(room, issue_id)
        editions = Editions(room.ledger.connection)
        if not yes:
            _show(edition, len(editions.tests(edition.digest)))
            desk.confirm(_("Approve of it?"))
        with room.ledger.writing():
            editions.freeze(edition, room.ledger.at)  # “newsletter diff” tells what changed since
            is_new = editions.approve(edition.digest, at=room.ledger.at, actor=room.actor)
    if as_json:
        facts = {"id": str(edition.id), "digest": edition.digest, "actor": room.actor, "approved": True}
        desk.show_json(facts)
        return
    text = (
        _("{actor} approves of {id}, edition {digest}.")
        if is_new
        else _("{actor} had approved of it already.")
    )
    click.echo(text.format(actor=room.actor, id=edition.id, digest=edition.digest[:16]))


def _mailings(
    room: Mailroom, issue_id: str, number: int | None, states: frozenset[MailingState]
) -> list[Mailing]:
    """Return the mailings of an issue that a command can be about; the latest, which will tell why it cannot.

    Raises:
        NotSentError: the issue has none.
    """
    found = chosen(room.ledger.connection, parsed(issue_id), number)
    if not found:
        raise NotSentError(
            _("Issue {id} has not been sent.").format(id=issue_id),
            cure=_("“newsletter send {id}” sends it.").format(id=issue_id),
        )
    return [mailing for mailing in found if mailing.state in states] or found[-1:]


def _each(
    room: Mailroom, mailings: Sequence[Mailing], act: Callable[..., object], reason: str, *, as_json: bool
) -> None:
    """Do it to each mailing, then tell how they stand."""
    for mailing in mailings:
        act(room.ledger, mailing.id, actor=room.actor, reason=reason)
    now = [room.ledger.mailing(mailing.id) for mailing in mailings]
    if as_json:
        every = [words.facts(mailing, room.ledger.counts(mailing.id)) for mailing in now]
        desk.show_json({**every[-1], "mailings": every})
        return
    for mailing in now:
        click.echo(_how_far(room, mailing))


def _how_far(room: Mailroom, mailing: Mailing) -> str:
    counts = room.ledger.counts(mailing.id)
    text = _("Mailing {number} of issue {id}: {state}; {accepted} of {audience} accepted, {open} open")
    return text.format(
        number=mailing.id,
        id=mailing.issue,
        state=words.mailing_state(mailing.state),
        accepted=counts[State.ACCEPTED],
        audience=mailing.audience,
        open=counts.open,
    )


def _edition(room: Mailroom, issue_id: str) -> Edition:
    """Return what the issue's files make now."""
    from newsletter.build import edition_of

    return edition_of(room.workspace, room.workspace.issue_id(issue_id))


def _show(edition: Edition, tests: int) -> None:
    click.echo(f"{edition.title} ({edition.id})", err=True)
    tested = ngettext("{count} test", "{count} tests", tests).format(count=tests)
    rows: list[tuple[str, Any]] = [
        (_("Subject"), edition.fill(edition.subject, {})),
        (_("Edition"), f"{edition.digest[:16]}  {tested if tests else _('not tested')}"),
    ]
    for label, text in rows:
        click.echo(f"  {label:<14}{desk.safe(text)}", err=True)
