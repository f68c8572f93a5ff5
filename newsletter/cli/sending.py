"""`newsletter send`: show what will happen, ask, send, and say what became of everybody."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import desk
from newsletter.cli.mailroom import Mailroom, mailroom
from newsletter.errors import UsageError
from newsletter.language import _

if TYPE_CHECKING:
    from newsletter.check.report import Report
    from newsletter.dispatch.ending import Ending
    from newsletter.dispatch.model import Mailing
    from newsletter.dispatch.proposal import Proposal


@click.command(
    help=_("Send an issue (the newest without ID) to its subscribers, or go on where a mailing stopped.")
)
@click.argument("issue_id", metavar="[ID]", required=False)
@click.option(
    "--test",
    "tests",
    metavar="ADDRESS",
    multiple=True,
    help=_("Send it to this address only, as a test; may be given several times."),
)
@click.option("--dry-run", is_flag=True, help=_("Write every mail, send none."))
@click.option("--yes", is_flag=True, help=_("Do not ask (for cron)."))
@desk.SEGMENT
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help=_("Send N mails at most, this time."))
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help=_("Mails a second at most.")
)
@click.option(
    "--at",
    metavar="TIME",
    help=_("Begin at this time (2026-07-01T09:00, 09:00 or now); who gets it is fixed at once."),
)
@click.option("--wait", is_flag=True, help=_("Stay: for the time to begin, and until nobody is deferred."))
@click.option(
    "--force",
    metavar="REASON",
    help=_("Send in spite of errors that the check has found; the reason is kept."),
)
@click.option("--no-test", is_flag=True, help=_("Send an edition of which no test was sent."))
@click.option(
    "--new-edition", metavar="REASON", help=_("Send the changed issue to those who have nothing yet.")
)
@click.option("--newcomers", is_flag=True, help=_("Send an issue that is out to those who were not in it."))
@click.option("--json", "as_json", is_flag=True, help=_("Print facts as JSON."))
def send(issue_id: str | None, tests: tuple[str, ...], **options: Any) -> int:
    """Run `newsletter send`."""
    with mailroom() as room:
        wanted = str(room.workspace.issue_id(issue_id))
        if options["force"] is not None and not options["force"].strip():
            raise UsageError(_("--force needs a reason."))
        if tests:
            return _test(room, wanted, tests, as_json=options["as_json"])
        proposal = _proposed(room, wanted, options)
        if options["dry_run"]:
            return _rehearse(room, proposal, options)
        return _send(room, proposal, options)


def _proposed(room: Mailroom, issue: str, options: Mapping[str, Any]) -> Proposal:
    from newsletter.dispatch import proposal as proposals
    from newsletter.issue_id import IssueId

    proposal = proposals.propose(
        room.ledger,
        room.workspace,
        IssueId.parse(issue),
        segment=options["segment"],
        newcomers=options["newcomers"],
    )
    if options["new_edition"]:
        return proposals.renewed(room.ledger, room.workspace, proposal, reason=options["new_edition"])
    return proposal


def _send(room: Mailroom, proposal: Proposal, options: Mapping[str, Any]) -> int:
    from newsletter.cli import sending_words as words
    from newsletter.dispatch import clearing
    from newsletter.dispatch import proposal as proposals

    settings, now = room.workspace.settings, room.ledger.now()
    at = moment(options["at"], now, settings.newsletter.timezone) if options["at"] else None
    report = _examined(room, proposal)
    words.show(room, proposal, rate=options["rate"], at=at, report=report)
    if report is not None:
        words.show_errors(report)
        proposal = clearing.cleared(proposal, report, force=options["force"])
    proposals.check(
        proposal,
        settings,
        need_test=not options["no_test"],
        actor=room.actor,
        now=now,
        at=at,
        wait=options["wait"],
    )
    if not options["yes"]:
        desk.confirm(_("Send it?") if at is None or at <= now else _("Plan it?"))
    mailing = proposals.accepted(
        room.ledger, proposal, segment=options["segment"], actor=room.actor, not_before=at
    )
    if mailing.not_before and not _has_begun_its_time(mailing, now):
        if not options["wait"]:
            words.tell_planned(room, mailing, as_json=options["as_json"])
            return 0
        _sleep_until(datetime.fromisoformat(mailing.not_before))
    ending = _carried_out(room, mailing, options)
    return words.tell(room, room.ledger.mailing(mailing.id), ending, as_json=options["as_json"])


def _carried_out(room: Mailroom, mailing: Mailing, options: Mapping[str, Any]) -> Ending:
    from newsletter.cli.progress import Progress
    from newsletter.dispatch.carrying import carry_out
    from newsletter.dispatch.model import State
    from newsletter.dispatch.runner import Orders

    counts = room.ledger.counts(mailing.id)
    total = counts[State.PENDING] + counts[State.DEFERRED]
    progress = Progress(min(total, options["limit"] or total))
    try:
        return carry_out(
            room.ledger,
            mailing.id,
            room.workspace.root,
            Orders(limit=options["limit"], wait=options["wait"]),
            rate=options["rate"],
            tick=lambda runner: progress.show(runner.tally, runner.trouble_now),
        )
    finally:
        progress.end()


def _rehearse(room: Mailroom, proposal: Proposal, options: Mapping[str, Any]) -> int:
    from newsletter.cli import sending_words as words
    from newsletter.dispatch.rehearsal import rehearse

    report = _examined(room, proposal)
    words.show(room, proposal, rate=options["rate"], at=None, report=report)
    if report is not None:
        words.show_errors(report)
    done = rehearse(room.ledger, proposal, room.workspace.root, segment=options["segment"])
    return words.tell_rehearsed(proposal, done, report, as_json=options["as_json"])


def _examined(room: Mailroom, proposal: Proposal) -> Report | None:
    """Check an edition before it goes out to the first; one that is on its way already stays as it is."""
    from newsletter.dispatch import clearing

    return clearing.examined(room.workspace, proposal.edition) if proposal.begins_edition else None


def _test(room: Mailroom, issue: str, addresses: tuple[str, ...], *, as_json: bool) -> int:
    from newsletter.build import edition_of
    from newsletter.cli import sending_words as words
    from newsletter.dispatch import clearing
    from newsletter.dispatch.testing import send_test
    from newsletter.issue_id import IssueId

    wanted = [desk.address(address) for address in addresses]
    edition = edition_of(room.workspace, IssueId.parse(issue))
    report = clearing.examined(room.workspace, edition)
    words.show_errors(report)
    outcomes = send_test(room.ledger, edition, room.workspace.root, wanted, actor=room.actor)
    return words.tell_test(edition, outcomes, report, as_json=as_json)


def moment(text: str, now: datetime, timezone: str) -> datetime:
    """Read a time: `now`, `09:00` (the next one), or a date with a time; in the newsletter's time zone.

    Raises:
        UsageError: it is none of these.
    """
    from zoneinfo import ZoneInfo

    here = now.astimezone(ZoneInfo(timezone))
    if text.strip().lower() == "now":
        return here
    try:
        if len(text.strip()) <= len("09:00"):
            hour, minute = map(int, text.split(":"))
            today = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return today if today > here else today + timedelta(days=1)
        found = datetime.fromisoformat(text.strip())
    except ValueError as err:
        message = _("“{text}” is no time.").format(text=text)
        raise UsageError(message, cure=_("Write 2026-07-01T09:00, 09:00 or now.")) from err
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))


def _has_begun_its_time(mailing: Mailing, now: datetime) -> bool:
    return mailing.not_before is None or datetime.fromisoformat(mailing.not_before) <= now


def _sleep_until(when: datetime) -> None:
    """Wait in short steps, so that a machine that slept or a clock that was set doesn't matter."""
    while (left := (when - datetime.now(when.tzinfo)).total_seconds()) > 0:
        time.sleep(min(left, 10))
