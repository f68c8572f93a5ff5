"""What an answer means for a recipient, and whose fault it is: real answers of real servers."""

from __future__ import annotations

import pytest

from newsletter.dispatch.model import Blame, Stage, State
from newsletter.dispatch.smtp.replies import Reader
from newsletter.dispatch.smtp.verdicts import trouble, verdict

NOBODY, RECIPIENT, SENDER = Blame.NOBODY, Blame.RECIPIENT, Blame.SENDER
CASES = [
    # at RCPT: the address
    (
        Stage.RCPT,
        "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual table",
        RECIPIENT,
    ),
    (Stage.RCPT, "550-5.1.1 The email account that you tried to reach does not exist.", RECIPIENT),
    (Stage.RCPT, "550 5.1.2 Bad destination mailbox domain", RECIPIENT),
    (Stage.RCPT, "501 5.1.3 Bad recipient address syntax", RECIPIENT),
    (Stage.RCPT, "550 5.1.6 Mailbox has moved", RECIPIENT),
    (Stage.RCPT, "556 5.1.10 Recipient address has null MX", RECIPIENT),
    (Stage.RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", RECIPIENT),
    (Stage.RCPT, "550 5.2.1 The email account that you tried to reach is disabled", RECIPIENT),
    (Stage.RCPT, "550 5.7.17 Mailbox owner has changed", RECIPIENT),
    (Stage.RCPT, "550 No such user here", RECIPIENT),
    (Stage.RCPT, "550 unknown user", RECIPIENT),
    (Stage.RCPT, "550 5.0.0 <a@b.example>... User unknown", RECIPIENT),
    (Stage.DOT, "550 5.1.1 unknown after all", RECIPIENT),
    # at RCPT: nothing that we can tell
    (Stage.RCPT, "552 5.2.2 Mailbox full", NOBODY),
    (Stage.RCPT, "552 Mailbox full", NOBODY),
    (Stage.RCPT, "550 5.4.1 Recipient address rejected: Access denied", NOBODY),
    (Stage.RCPT, "550 Requested action not taken: mailbox unavailable", NOBODY),
    (Stage.RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable", NOBODY),
    (Stage.RCPT, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup", NOBODY),
    (Stage.RCPT, "550 5.7.124 Sender not in allowed-senders list", NOBODY),
    (Stage.RCPT, "553 5.6.7 SMTPUTF8 is not supported", NOBODY),
    (Stage.DOT, "552 5.2.3 Message length exceeds administrative limit of the mailbox", NOBODY),
    (Stage.DOT, "554 transaction failed", NOBODY),
    # us
    (Stage.RCPT, "554 5.7.1 <a@b.example>: Relay access denied", SENDER),
    (Stage.RCPT, "550 relaying denied", SENDER),
    (Stage.RCPT, "553 5.7.1 <n@c.example>: Sender address rejected: not owned by user", SENDER),
    (Stage.RCPT, "550 5.1.0 <n@c.example>: Sender address rejected: User unknown in virtual table", SENDER),
    (Stage.RCPT, "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname", SENDER),
    (Stage.RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example", SENDER),
    (Stage.RCPT, "503 5.5.1 Bad sequence of commands", SENDER),
    (Stage.MAIL, "530 5.7.0 Authentication required", SENDER),
    (Stage.MAIL, "550 no", SENDER),
    (Stage.MAIL, "552 5.3.4 Message size exceeds fixed limit", SENDER),
    (Stage.MAIL, "550 5.1.8 Sender's domain is unknown", SENDER),
    (Stage.DATA, "554 5.7.1 no", SENDER),
    (Stage.DATA, "550 5.4.5 Daily user sending limit exceeded", SENDER),
    (Stage.RCPT, "550 5.1.90 You've reached your daily limit for message recipients", SENDER),
    (Stage.DOT, "552 5.3.4 Message too big for system", SENDER),
    (Stage.DOT, "552 Message size exceeds maximum permitted", SENDER),
    (Stage.DOT, "550 5.7.1 Message rejected as spam", SENDER),
    (Stage.DOT, "550 5.7.515 Access denied, sending domain does not meet the requirements", SENDER),
    (Stage.DOT, "554 5.6.0 Message content rejected", SENDER),
    (Stage.RCPT, "554 IP=192.0.2.1 - None/bad reputation. Ask tobr@rx.t-online.de for reset. (NOWL)", SENDER),
]


@pytest.mark.parametrize(
    ("stage", "line", "blame"), CASES, ids=[f"{stage}: {line[:40]}" for stage, line, _b in CASES]
)
def test_a_refusal_has_a_culprit(stage: Stage, line: str, blame: Blame) -> None:
    """5xx is for good; the address, we, or nobody is to blame."""
    text = line.replace("550-", "550 ")
    (reply,) = Reader().feed(text.encode() + b"\r\n")
    outcome = verdict(stage, reply, "main")
    assert (outcome.state, outcome.stage, outcome.blame) == (State.REFUSED, stage, blame)


@pytest.mark.parametrize(
    "line",
    [
        "450 4.2.0 Greylisted, try later",
        "451 4.7.1 Service unavailable - try again later",
        "452 4.2.2 Mailbox full",
        "454 4.7.0 TLS not available due to temporary reason",
        "450 4.7.1 blocked using zen.example",
    ],
)
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
def test_4xx_is_for_later_and_nobodys_fault(stage: Stage, line: str) -> None:
    """A refusal for now blames nobody, whatever it says."""
    (reply,) = Reader().feed(line.encode() + b"\r\n")
    outcome = verdict(stage, reply, "main")
    assert (outcome.state, outcome.blame) == (State.DEFERRED, Blame.NOBODY)


def test_only_2xx_accepts() -> None:
    """Code and words of the acceptance are kept, to be found in the server's log."""
    (reply,) = Reader().feed(b"250 2.0.0 Ok: queued as 4VKq1x2zZz\r\n")
    outcome = verdict(Stage.DOT, reply, "main")
    assert (outcome.state, outcome.code, outcome.text) == (State.ACCEPTED, 250, "Ok: queued as 4VKq1x2zZz")


@pytest.mark.parametrize(
    ("line", "state", "blame"),
    [
        ("421 4.7.0 Too many connections", State.DEFERRED, Blame.NOBODY),
        ("454 4.7.0 Temporary authentication failure", State.DEFERRED, Blame.NOBODY),
        ("554 5.7.1 Go away", State.REFUSED, Blame.SENDER),
        ("535 5.7.8 Authentication failed", State.REFUSED, Blame.SENDER),
        ("521 No mail here", State.REFUSED, Blame.SENDER),
    ],
)
def test_trouble_passes_or_lasts(line: str, state: State, blame: Blame) -> None:
    """What a server says before it takes mail: later (4xx), or somebody must act (5xx)."""
    (reply,) = Reader().feed(line.encode() + b"\r\n")
    outcome = trouble(Stage.GREETING, reply, "main")
    assert (outcome.state, outcome.blame) == (state, blame)
