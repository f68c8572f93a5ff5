"""In doubt: what a relay's log proves is written down, and nothing else is."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.dispatch import outbox, resolving
from newsletter.dispatch.decisions import decisions
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.maillog import MaillogError
from newsletter.dispatch.model import Mailing, MailingState, State
from newsletter.dispatch.resolving import Doubt, NoMaillogError
from newsletter.errors import UsageError
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, LOST, sending
from tests.postfix import needs_postfix, postfix

ACCEPTING = """\
Nov 22 14:15:38 mx postfix/cleanup[1]: {queue}: message-id={id}
Nov 22 14:15:38 mx postfix/qmgr[1]: {queue}: from=<b@kreis.example>, size=311, nrcpt=1 (queue active)
Nov 22 14:15:39 mx postfix/smtp[1]: {queue}: to=<p@x.example>, relay=x, dsn={dsn}, status={status} (said so)
"""
BEGINNING = "Nov 22 14:15:38 mx postfix/cleanup[1]: {queue}: message-id={id}\n"
REJECTING = (
    BEGINNING
    + "Nov 22 14:15:38 mx postfix/cleanup[1]: {queue}: milter-reject: END-OF-MESSAGE from x: {dsn} no; f\n"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path) as found:
        yield found


@pytest.fixture
def mailing(ledger: Ledger) -> Mailing:
    """A mailing of which all five are in doubt."""
    found = books.planned(ledger, 5)
    with sending(ledger, found) as sender:
        sender.go(LOST)
    return found


def doubts(ledger: Ledger, mailing: Mailing) -> list[Doubt]:
    """List all who are in doubt."""
    return resolving.in_doubt(ledger, [mailing])


def states(ledger: Ledger, mailing: Mailing) -> str:
    """Return the states of all, by their first letters."""
    books.check_whole(ledger, mailing)
    return " ".join(books.states(ledger, mailing).values())


def test_a_log_settles_what_it_proves(ledger: Ledger, mailing: Mailing, tmp_path: Path) -> None:
    """Taken over is accepted, also when it bounced later; rejected is refused or pending; the rest stays."""
    found = doubts(ledger, mailing)
    kinds = [
        (ACCEPTING, "2.0.0", "sent"),
        (ACCEPTING, "5.1.1", "bounced"),
        (REJECTING, "5.7.1", ""),
        (REJECTING, "4.7.1", ""),
        (BEGINNING, "", ""),
    ]
    log = tmp_path / "mail.log"
    log.write_text(
        "".join(
            form.format(queue=f"AAAAAA{number}", id=one.message_id, dsn=dsn, status=status)
            for number, (one, (form, dsn, status)) in enumerate(zip(found, kinds, strict=True))
        )
    )
    done = resolving.search(found, [log])
    assert resolving.settle(ledger, done.doubts, actor="erika", reason="mail.log") == 4
    assert states(ledger, mailing) == "accepted accepted refused pending in_doubt"
    assert books.row(ledger, mailing, 2, "code", "reply", "reason") == (
        250,
        "AAAAAA1 bounced said so",
        "from-log",
    )
    [decision] = decisions(ledger.connection, mailing.id)
    assert (decision.action, decision.actor, decision.reason, decision.count) == (
        "from-log",
        "erika",
        "mail.log",
        4,
    )


def test_a_log_that_says_nothing_proves_nothing(ledger: Ledger, mailing: Mailing, tmp_path: Path) -> None:
    """Without a trace in the log everybody stays in doubt, and nothing is written down."""
    log = tmp_path / "mail.log"
    log.write_text(ACCEPTING.format(queue="AAAAAA1", id="<x@y.example>", dsn="2.0.0", status="sent"))
    done = resolving.search(doubts(ledger, mailing), [log])
    assert [one.outcome for one in done.doubts] == [None] * 5
    assert resolving.settle(ledger, done.doubts, actor="erika", reason="") == 0
    assert states(ledger, mailing) == " ".join(["in_doubt"] * 5)
    assert decisions(ledger.connection, mailing.id) == []


def test_other_files_are_told(ledger: Ledger, mailing: Mailing, tmp_path: Path) -> None:
    """A file that names no message at all is no log of a mail server."""
    other = tmp_path / "other.txt"
    other.write_text("hello\n")
    with pytest.raises(NoMaillogError, match=r"other\.txt"):
        resolving.search(doubts(ledger, mailing), [other])
    with pytest.raises(MaillogError, match=r"none\.log"):
        resolving.search(doubts(ledger, mailing), [tmp_path / "none.log"])


def test_the_outbox_tells_by_itself(ledger: Ledger, mailing: Mailing, tmp_path: Path) -> None:
    """Whose file lies in the folder, read or not, has got the mail; another mailing's files prove nothing."""
    folder = tmp_path / "outbox"
    outbox.prepare(folder)
    mark = outbox.mark_of(mailing)
    for name in (
        f"new/{outbox.name_of(mark, 1)}",
        f"cur/{outbox.name_of(mark, 3)}:2,S",
        f"new/{mark}1R0000002.outbox",
    ):
        (folder / name).touch()
    done = resolving.search(doubts(ledger, mailing), [folder])
    assert resolving.settle(ledger, done.doubts, actor="erika", reason="") == 2
    assert states(ledger, mailing) == "accepted in_doubt accepted in_doubt in_doubt"


def test_some_may_be_named(ledger: Ledger, mailing: Mailing) -> None:
    """By their addresses however they are spelled; who is not in doubt is told, and nothing happens."""
    found = resolving.in_doubt(ledger, [mailing], {"p2@x.example", "p4@x.example"})
    assert [one.record.address for one in found] == ["p2@x.example", "p4@x.example"]
    with pytest.raises(UsageError, match=r"Not in doubt: q@x\.example\."):
        resolving.in_doubt(ledger, [mailing], {"p2@x.example", "q@x.example"})


def test_decisions_are_about_those_named(ledger: Ledger, mailing: Mailing) -> None:
    """Taken as accepted, or sent again; with nobody open any more the mailing is finished."""
    found = doubts(ledger, mailing)
    assert resolving.resend(ledger, found[:1], actor="erika", reason="") == 1
    assert resolving.assume_accepted(ledger, found[1:], actor="erika", reason="") == 4
    assert states(ledger, mailing) == "pending accepted accepted accepted accepted"
    with sending(ledger, mailing) as sender:
        sender.go(LOST)
    resolving.assume_accepted(ledger, doubts(ledger, mailing), actor="erika", reason="")
    assert ledger.mailing(mailing.id).state is MailingState.FINISHED


def test_what_a_dead_run_left_is_sorted_out_first(ledger: Ledger) -> None:
    """Handed over is in doubt, never handed over is pending; a living run is left alone."""
    mailing = books.planned(ledger, 3)
    dead = books.Sender.of(ledger, mailing)
    lease = dead.begin()
    [first, *_others] = ledger.exchange(lease, [], want=3).opened
    dead.owner.journal.started(lease.slice, first.seq, first.attempt)
    resolving.tidied(ledger, mailing)
    assert states(ledger, mailing) == "sending sending sending"
    dead.owner.journal.close()
    ledger.connection.execute("UPDATE slice SET lease_until = 0")
    resolving.tidied(ledger, mailing)
    assert states(ledger, mailing) == "in_doubt pending pending"


def test_nothing_to_sort_out_writes_nothing(ledger: Ledger) -> None:
    """A mailing without anybody under way is not touched."""
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        sender.go(ACCEPTED)
    before = ledger.connection.total_changes
    resolving.tidied(ledger, mailing)
    assert ledger.connection.total_changes == before


@needs_postfix
def test_the_log_of_a_real_postfix(ledger: Ledger, mailing: Mailing) -> None:
    """Messages it took over are proved by its log; one whose connection broke before its end is not."""
    found = doubts(ledger, mailing)
    with postfix() as server:
        for one in found[:2]:
            text = f"Message-ID: {one.message_id}\r\nSubject: Neues\r\n\r\nGuten Tag.\r\n"
            with smtplib.SMTP("127.0.0.1", server.port, local_hostname="office.example") as smtp:
                smtp.sendmail("b@kreis.example", [one.record.address], text)
        broken = smtplib.SMTP("127.0.0.1", server.port, local_hostname="office.example")
        for command in (
            "EHLO office.example",
            "MAIL FROM:<b@kreis.example>",
            "RCPT TO:<p@x.example>",
            "DATA",
        ):
            broken.docmd(command)
        broken.send(f"Message-ID: {found[2].message_id}\r\n\r\nGuten T")
        broken.close()
        server.mails(2)
        deadline = time.monotonic() + 30
        while True:
            done = resolving.search(found, [server.log])
            told = [one.evidence.status if one.evidence else None for one in done.doubts]
            if told[:3] == ["sent", "sent", ""] or time.monotonic() > deadline:
                break
            time.sleep(0.05)
    assert told == ["sent", "sent", "", None, None]
    assert resolving.settle(ledger, done.doubts, actor="erika", reason="") == 2
    assert ledger.counts(mailing.id)[State.IN_DOUBT] == 3
