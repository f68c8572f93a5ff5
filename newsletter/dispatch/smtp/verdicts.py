"""What an answer means for a recipient: accepted, later, never, and whose fault it is.

The relay speaks for itself and for servers behind it, so a refusal may be about the recipient, about us
(sender, login, signature, size, reputation), or about nothing we can tell. Enhanced status codes (RFC 3463,
RFC 5248, RFC 7372, RFC 7505, RFC 7293) tell best; words only where there are none, and only plain ones.
"""

from __future__ import annotations

import re

from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.dispatch.smtp.replies import Reply

CLOSING = 421
"""The server ends the connection, whatever was asked (RFC 5321 §3.8)."""
GO_AHEAD = 354
_RECIPIENT = frozenset(
    (
        "5.1.1",  # no such mailbox
        "5.1.2",  # no such domain
        "5.1.3",  # no valid address
        "5.1.6",  # has moved, no new address
        "5.1.10",  # the domain takes no mail (null MX, RFC 7505)
        "5.2.1",  # mailbox closed
        "5.7.17",  # somebody else has the mailbox now (RFC 7293)
        "5.7.18",  # somebody else has the domain now
    )
)
_SENDER = frozenset(
    (
        "5.1.7",  # no valid sender
        "5.1.8",  # the sender's domain is unknown
        "5.1.90",  # enough for today (Microsoft)
        "5.3.4",  # the message is too large for the system
        "5.4.5",  # enough for today (Google)
        "5.6.0",  # the message itself; it is the same for everybody
        "5.6.1",
        "5.6.3",
    )
)
_PERSONAL = frozenset(
    (
        "5.7.2",  # a list that may not be expanded
        "5.7.12",  # the mailbox takes mail from its own organisation only; so do the next six (Exchange)
        "5.7.124",
        "5.7.129",
        "5.7.133",
        "5.7.134",
        "5.7.135",
        "5.7.136",
    )
)
"""Rules of one mailbox, which say nothing about the others."""
_VAGUE = frozenset(("", "5.0.0", "5.1.0", "5.5.0"))
"""Codes that only say “something”."""
_PROTOCOL = frozenset((500, 502, 503, 504, 530, 534, 535, 538, 555))
"""The server does not want to talk with us like this."""
_ABOUT_US = re.compile(
    r"\bNOWL\b|tobr@rx\.t-online\.de|bad reputation|blocklist|blacklist|blocked using|spamhaus"
    r"|relay(?:ing)?(?: access)? denied|not permitted to relay|unable to relay"
    r"|authentication (?:is )?required|sender address rejected|sender rejected|helo command rejected"
    r"|client host (?:rejected|blocked)",
    re.IGNORECASE,
)
_ABOUT_THEM = re.compile(
    r"\b(?:unknown|no such|invalid|nonexistent) (?:local )?(?:user|recipient|mailbox|address|account)\b"
    r"|\b(?:user|recipient|mailbox|address|account)\b[^.]{0,60}"
    r"\b(?:unknown|not found|does(?: not|n't) exist|not exist|disabled|no longer)\b",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"\b(?:size|large|big|long)\b", re.IGNORECASE)


def verdict(stage: Stage, reply: Reply, relay: str) -> Outcome:
    """Say what an answer means for the recipient of the message it is about.

    Only an answer to the final dot can accept; a good answer at another stage is no verdict.
    """
    code, (enhanced, text) = reply.code, reply.words()
    if code < 300:  # noqa: PLR2004 (2xx)
        return Outcome(State.ACCEPTED, stage, code, enhanced, text, relay)
    if code < 500:  # noqa: PLR2004 (4xx)
        return Outcome(State.DEFERRED, stage, code, enhanced, text, relay)
    return Outcome(State.REFUSED, stage, code, enhanced, text, relay, _blame(stage, code, enhanced, text))


def trouble(stage: Stage, reply: Reply, relay: str) -> Outcome:
    """Say what an answer means for the relay as a whole: wait (4xx), or somebody has to act (5xx)."""
    later = reply.code < 500  # noqa: PLR2004 (2xx and 3xx where they make no sense, and 4xx)
    state, blame = (State.DEFERRED, Blame.NOBODY) if later else (State.REFUSED, Blame.SENDER)
    return Outcome(state, stage, reply.code, reply.enhanced, reply.text, relay, blame)


def _blame(stage: Stage, code: int, enhanced: str, text: str) -> Blame:
    if _ABOUT_US.search(text):
        return Blame.SENDER
    if enhanced in _RECIPIENT:
        return Blame.RECIPIENT
    if enhanced in _PERSONAL or enhanced == "5.6.7":  # no SMTPUTF8 further on: this one address (RFC 6531)
        return Blame.NOBODY
    if stage is Stage.MAIL or enhanced in _SENDER or enhanced.startswith("5.7."):
        return Blame.SENDER
    if enhanced in _VAGUE:
        return _by_words(stage, code, text)
    return Blame.SENDER if enhanced.startswith("5.5.") and enhanced != "5.5.3" else Blame.NOBODY


def _by_words(stage: Stage, code: int, text: str) -> Blame:
    if code in _PROTOCOL:
        return Blame.SENDER
    if code == 552 and stage is not Stage.RCPT and _TOO_LARGE.search(text):  # noqa: PLR2004 (RFC 1870)
        return Blame.SENDER
    if _ABOUT_THEM.search(text):
        return Blame.RECIPIENT
    return Blame.NOBODY
