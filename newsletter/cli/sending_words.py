"""What `newsletter send` says: before it asks, and when it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from newsletter import clock
from newsletter.check.finding import Severity
from newsletter.check.reporting import filing
from newsletter.cli import checking_words, desk
from newsletter.cli import mailing_words as words
from newsletter.cli.mailing_words import facts
from newsletter.cli.mailroom import Mailroom
from newsletter.cli.progress import duration
from newsletter.dispatch import ways
from newsletter.dispatch.ending import Ending, Why
from newsletter.dispatch.model import Mailing, Outcome, State
from newsletter.language import N_, _, ngettext, number

if TYPE_CHECKING:
    from newsletter.check.report import Report
    from newsletter.compose.edition import Edition
    from newsletter.dispatch.proposal import Proposal
    from newsletter.dispatch.rehearsal import Rehearsal

_SUPPOSED_RATE = 5.0
"""Mails a second over one connection, where no rate is set: what a small office server takes (a guess)."""
_WHY = {
    Why.DONE: N_("Nobody is left to be sent to."),
    Why.LATER: N_(
        "Those left are deferred; “newsletter send” tries them again in time, or stays with --wait."
    ),
    Why.LIMIT: N_("As many as were asked for."),
    Why.ALLOWANCE: N_("As many as the warm-up allows for today."),
    Why.ASKED: N_("Stopped; “newsletter send” goes on."),
    Why.PAUSED: N_("The mailing is paused; “newsletter resume” lets it go on."),
    Why.CANCELLED: N_("The mailing was cancelled."),
    Why.REFUSED: N_("The server refuses our mail; nobody was blamed for it."),
    Why.UNREACHABLE: N_("No server could be reached."),
    Why.LOST: N_("Another process has taken over."),
    Why.DATABASE: N_("The ledger could not be written; “newsletter send” goes on when that is mended."),
}


def show(
    room: Mailroom, proposal: Proposal, *, rate: float | None, at: datetime | None, report: Report | None
) -> None:
    """Show what will happen; `report` is that of an edition that has not gone out to anybody."""
    settings, edition = room.workspace.settings, proposal.edition
    sender = settings.sender
    click.echo(f"{edition.title} ({edition.id})", err=True)
    rows = [
        (_("Subject"), edition.fill(edition.subject, {})),
        (_("From"), f"{sender.name} <{sender.address}>"),
        (_("Edition"), f"{edition.digest[:16]}  {_tested(proposal)}"),
        *((_("Approved by"), one.actor) for one in proposal.approvals),
        (_("Recipients"), _recipients(proposal)),
        *((_("Left out"), text) for text in words.left_out(proposal.left_out)),
        *((_("By"), line) for line in ways.told(settings)),
        (_("Duration"), _expected(room, proposal, rate)),
        *([(_("Begins"), clock.local(clock.stamp(at)))] if at else []),
        *((_("Findings"), text) for text in _findings(room, proposal, report)),
    ]
    for label, text in rows:
        click.echo(f"  {label:<14}{desk.safe(text)}", err=True)
    if proposal.sources_changed:
        click.echo(
            _(
                "The issue has changed since this mailing began. It goes on with the edition it began with;"
                " --new-edition REASON sends the changed one to those who have nothing yet."
            ),
            err=True,
        )


def show_errors(report: Report) -> None:
    """Show the errors that the check has found, if any; what weighs less only by its number."""
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    checking_words.show_findings(errors, err=True)


def tell(room: Mailroom, mailing: Mailing, ending: Ending, *, as_json: bool) -> int:
    """Say what became of everybody; return the exit code: 1 while anything is open."""
    counts = room.ledger.counts(mailing.id)
    if as_json:
        desk.show_json({**facts(mailing, counts), "ended": str(ending.why), **_trouble(ending)})
    else:
        for state in State:
            if counts[state] or state is State.ACCEPTED:
                click.echo(f"  {words.state(state):<28}{counts[state]:>9}")
    click.echo(_(_WHY[ending.why]), err=True)
    if ending.trouble is not None:
        click.echo(f"    {desk.safe(server_said(ending.trouble))}", err=True)
    if ending.error is not None:
        click.echo(f"    {desk.safe(ending.error)}", err=True)
    if counts[State.IN_DOUBT]:
        text = ngettext(
            "It is not known whether the server took the mail of {count} recipient: newsletter resolve {id}",
            "It is not known whether the server took the mail of {count} recipients: newsletter resolve {id}",
            counts[State.IN_DOUBT],
        )
        click.echo(text.format(count=counts[State.IN_DOUBT], id=mailing.issue), err=True)
    return int(bool(counts.open) or ending.why not in {Why.DONE, Why.CANCELLED})


def tell_planned(room: Mailroom, mailing: Mailing, *, as_json: bool) -> None:
    """Say when it will begin."""
    if as_json:
        desk.show_json(facts(mailing, room.ledger.counts(mailing.id)))
        return
    text = _("Planned for {time}. The first “newsletter send {id} --yes” after that begins it.")
    click.echo(text.format(time=clock.local(mailing.not_before or ""), id=mailing.issue))


def tell_rehearsed(proposal: Proposal, done: Rehearsal, report: Report | None, *, as_json: bool) -> int:
    """Say what would have gone out; return the exit code."""
    if as_json:
        desk.show_json(
            {
                "id": str(proposal.edition.id),
                "digest": proposal.edition.digest,
                "dry_run": True,
                "mails": done.mails,
                "bytes": done.bytes,
                "largest": done.largest,
                "unwritable": [{"address": address, "reason": why} for address, why in done.unwritable],
                **_found(report),
            }
        )
    else:
        text = ngettext(
            "Dry run: {count} mail was written, {size} MB; none was sent.",
            "Dry run: {count} mails were written, {size} MB; none was sent.",
            done.mails,
        )
        click.echo(text.format(count=done.mails, size=number(done.bytes / 1e6)))
    for address, why in done.unwritable:
        click.echo(f"  {desk.safe(address)}: {desk.safe(why)}", err=True)
    return int(bool(done.unwritable))


def tell_test(edition: Edition, outcomes: Mapping[str, Outcome], report: Report, *, as_json: bool) -> int:
    """Say what became of the test mails; return the exit code."""
    if as_json:
        rows = [
            {"address": address, "state": str(one.state), "code": one.code, "reply": one.text}
            for address, one in outcomes.items()
        ]
        facts = {"id": str(edition.id), "digest": edition.digest, "test": True, "recipients": rows}
        desk.show_json({**facts, **_found(report)})
    elif report.findings:
        click.echo(_("The check: {findings}").format(findings=checking_words.summary(report)), err=True)
    for address, outcome in () if as_json else outcomes.items():
        click.echo(f"{desk.safe(address)}: {words.state(outcome.state)} ({desk.safe(server_said(outcome))})")
    return int(any(outcome.state is not State.ACCEPTED for outcome in outcomes.values()))


def server_said(outcome: Outcome) -> str:
    """Return a server's words with their code, and where they were said."""
    said = " ".join(filter(None, (str(outcome.code or ""), outcome.enhanced, outcome.text)))
    return f"{said or outcome.stage}" + (f" ({outcome.relay})" if outcome.relay else "")


def _trouble(ending: Ending) -> dict[str, Any]:
    return {"trouble": server_said(ending.trouble)} if ending.trouble else {}


def _tested(proposal: Proposal) -> str:
    if not proposal.tests:
        return _("not tested")
    last = proposal.tests[-1]
    return _("tested {at} by {actor}").format(at=clock.local(last.at), actor=last.actor)


def _recipients(proposal: Proposal) -> str:
    if proposal.counts is None:
        return number(proposal.audience, 0)
    left = proposal.counts[State.PENDING] + proposal.counts[State.DEFERRED]
    return _("{left} of {audience} still to come").format(left=left, audience=proposal.audience)


def _expected(room: Mailroom, proposal: Proposal, rate: float | None) -> str:
    """Say how long it will take: by the rates that are set, or else by a guess."""
    settings = room.workspace.settings
    if ways.way(settings) == "outbox":
        return _("seconds")
    servers = [settings.smtp, *settings.smtp.relays.values()]
    each = sum(server.rate or _SUPPOSED_RATE * server.connections for server in servers)
    counts = proposal.counts
    left = proposal.audience if counts is None else counts[State.PENDING] + counts[State.DEFERRED]
    return _("about {time}").format(time=duration(left / min(each, rate or each)))


def _findings(room: Mailroom, proposal: Proposal, report: Report | None) -> Iterator[str]:
    """Tell what the check has found: just now, or when it was last asked about this edition, if it was."""
    kept = filing.last(room.workspace, proposal.edition) if report is None else None
    if report is not None or kept is not None:
        counts = _found(report)["findings"] if report else kept or {}
        numbers = ((severity, int(counts.get(f"{severity}s", 0))) for severity in Severity)
        yield ", ".join(checking_words.counted(severity, count) for severity, count in numbers if count) or _(
            "none"
        )


def _found(report: Report | None) -> dict[str, Any]:
    """Return how many findings there are, as JSON knows it."""
    if report is None:
        return {}
    return {"findings": {f"{severity}s": report.counts[severity] for severity in Severity}}
