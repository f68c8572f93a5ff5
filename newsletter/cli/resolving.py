"""`newsletter resolve`: settle those of whom it is not known whether the server took their mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter import clock
from newsletter.cli import desk
from newsletter.cli import mailing_words as words
from newsletter.cli.mailroom import Mailroom, mailroom
from newsletter.cli.people import YES
from newsletter.cli.status import MAILING, chosen, parsed
from newsletter.errors import UsageError
from newsletter.language import _, ngettext

if TYPE_CHECKING:
    from newsletter.dispatch.resolving import Doubt, Search


@click.command(
    help=_(
        "Settle those in doubt: after a mail was handed over and before the server's answer came, the"
        " connection broke or this program was killed. Without an option they are listed. Almost always the"
        " server has taken the mail; its log tells for certain."
    )
)
@click.argument("issue_id", metavar="ID")
@click.argument("addresses", metavar="[ADDRESS…]", nargs=-1)
@click.option(
    "--from-log",
    "logs",
    type=click.Path(path_type=Path, allow_dash=True),
    multiple=True,
    metavar="FILE",
    help=_(
        "Look into the server's log (Postfix or Exim; also compressed; - for the input) or an outbox folder;"
        " may be given several times."
    ),
)
@click.option("--assume-accepted", is_flag=True, help=_("Take it that they have got it."))
@click.option("--resend", is_flag=True, help=_("Let the next “send” do it again; they may get it twice."))
@MAILING
@click.option("--reason", default="", metavar="TEXT", help=_("Why; kept with the decision."))
@YES
@click.option("--json", "as_json", is_flag=True, help=_("Print facts as JSON."))
def resolve(issue_id: str, addresses: tuple[str, ...], number: int | None, **options: Any) -> int:
    """Run `newsletter resolve`."""
    if bool(options["logs"]) + options["assume_accepted"] + options["resend"] > 1:
        raise UsageError(_("--from-log, --assume-accepted and --resend exclude each other."))
    with mailroom() as room:
        found = _in_doubt(room, issue_id, addresses, number)
        if options["logs"]:
            return _by_logs(room, found, options)
        if options["assume_accepted"] or options["resend"]:
            return _by_decision(room, found, options)
    return _listed(found, issue_id, as_json=options["as_json"])


def _in_doubt(room: Mailroom, issue_id: str, addresses: Sequence[str], number: int | None) -> list[Doubt]:
    from newsletter.dispatch import resolving

    keys = {desk.address(one).key for one in addresses}
    mailings = chosen(room.ledger.connection, parsed(issue_id), number)
    for mailing in mailings:
        resolving.tidied(room.ledger, mailing)
    return resolving.in_doubt(room.ledger, mailings, keys)


def _listed(found: Sequence[Doubt], issue_id: str, *, as_json: bool) -> int:
    """List those in doubt; return 1 if there are any."""
    if as_json:
        desk.show_json_lines(_facts(one) for one in found)
        return int(bool(found))
    for one in found:
        at = clock.local(one.record.at) if one.record.at else ""
        click.echo(desk.safe(f"{_address(one):<40} {at:<17} {one.record.relay:<10} {one.message_id}"))
    if not found:
        click.echo(_("Nobody is in doubt."), err=True)
        return 0
    text = _(
        "Settle them with newsletter resolve {id} and --from-log FILE (the server's log), --assume-accepted,"
        " or --resend."
    )
    click.echo(text.format(id=issue_id), err=True)
    return 1


def _by_decision(room: Mailroom, found: Sequence[Doubt], options: Any) -> int:
    from newsletter.dispatch import resolving

    if not options["yes"] and found:
        desk.confirm(_question(len(found), resend=options["resend"]))
    act = resolving.resend if options["resend"] else resolving.assume_accepted
    count = act(room.ledger, found, actor=room.actor, reason=options["reason"])
    if options["as_json"]:
        desk.show_json({"resend" if options["resend"] else "assumed_accepted": count})
        return 0
    if options["resend"]:
        text = ngettext(
            "{count} recipient gets it again with the next “newsletter send”.",
            "{count} recipients get it again with the next “newsletter send”.",
            count,
        )
    else:
        text = ngettext(
            "{count} recipient taken as accepted.", "{count} recipients taken as accepted.", count
        )
    click.echo(text.format(count=count))
    return 0


def _question(count: int, *, resend: bool) -> str:
    if resend:
        text = ngettext(
            "Send it again to {count} recipient, who may get it twice?",
            "Send it again to {count} recipients, who may get it twice?",
            count,
        )
    else:
        text = ngettext(
            "Take it that {count} recipient has got it?",
            "Take it that {count} recipients have got it?",
            count,
        )
    return text.format(count=count)


def _by_logs(room: Mailroom, found: Sequence[Doubt], options: Any) -> int:
    """Look into logs, show what they prove, and write it down; return 1 if somebody stays in doubt."""
    from newsletter.dispatch import resolving

    done = resolving.search(found, options["logs"])
    proved = [one for one in done.doubts if one.outcome]
    if not options["as_json"]:
        _show_search(done)
    if proved and not options["yes"]:
        desk.confirm(_("Write this into the ledger?"))
    count = resolving.settle(
        room.ledger, proved, actor=room.actor, reason=options["reason"] or _names(options)
    )
    left = len(done.doubts) - count
    if options["as_json"]:
        states = Counter(str(one.outcome.state) for one in proved if one.outcome)
        rows = [_facts(one) for one in done.doubts]
        desk.show_json({"settled": count, "in_doubt": left, "states": states, "recipients": rows})
    else:
        text = ngettext("{count} recipient settled", "{count} recipients settled", count).format(count=count)
        click.echo(text + ", " + _("{count} still in doubt").format(count=left))
    return int(left > 0)


def _names(options: Any) -> str:
    return ", ".join(path.name or str(path) for path in options["logs"])


def _show_search(done: Search) -> None:
    for one in done.doubts:
        click.echo(desk.safe(f"{_address(one):<40} {_verdict(one)}"))
    for path in done.broken:
        text = _("{path} ends in the middle; what stood before that was read.").format(path=path)
        click.echo(desk.safe(text), err=True)


def _verdict(one: Doubt) -> str:
    """Say what a log tells about somebody, and where it does."""
    evidence, outcome = one.evidence, one.outcome
    if evidence is None:
        return _("no trace")
    if outcome is None:
        return _("begun, but not taken over as far as the log goes ({where})").format(where=evidence.where)
    said = ", ".join(filter(None, (evidence.queue_id, evidence.status, evidence.text)))
    return f"{words.state(outcome.state)} ({said}; {evidence.where})"


def _address(one: Doubt) -> str:
    return one.record.address or _("(erased)")


def _facts(one: Doubt) -> dict[str, Any]:
    evidence, outcome = one.evidence, one.outcome
    known = {
        "accepted": evidence.accepted,
        "queue_id": evidence.queue_id,
        "status": evidence.status,
        "dsn": evidence.dsn,
        "text": evidence.text,
        "file": str(evidence.where.path),
        "line": evidence.where.line,
    } if evidence else None  # fmt: skip
    return {
        "mailing": one.mailing.id,
        "address": one.record.address,
        "message_id": one.message_id,
        "at": one.record.at,
        "relay": one.record.relay,
        "state": str(outcome.state) if outcome else "in_doubt",
        "evidence": known,
    }
