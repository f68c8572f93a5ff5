"""Tell from an answer who asks us to slow down: the relay, the recipients' domain, or nobody."""

from __future__ import annotations

import re
from enum import Enum

from newsletter.dispatch.model import Blame, Outcome, Stage, State

_SESSION = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH, Stage.MAIL})
"""Before a recipient was named: an answer here is about us and the relay."""
_BUSY = re.compile(r"4\.(?:3\.[0-9]+|4\.5)")
"""RFC 3463 §3.4, §3.5: full, not accepting, overloaded; of the server, whoever the recipient is."""
_POLICY = re.compile(r"4\.(?:7\.[0-9]+|5\.3)")
"""RFC 3463 §3.6, §3.8: too many recipients; policy, which covers limits and greylisting alike."""
_LIMIT = re.compile(r"too (?:many|much|fast)|\brate\b|throttl|slow down|\blimit|excessive", re.IGNORECASE)
_NO_LIMIT = re.compile(r"gr[ae]y.?list", re.IGNORECASE)
"""Greylisting wants time, not fewer mails."""
_ONE_MAILBOX = re.compile(r"4\.[12]\.")
"""RFC 3463 §3.2, §3.3: full, or getting too much; of one person, not of the domain."""


class Slow(Enum):
    """Who is to get less."""

    NOBODY = "nobody"
    RESTING = "resting"  #: the relay was not there: leave it alone for a while
    RELAY = "relay"
    DOMAIN = "domain"


def asked(outcome: Outcome) -> Slow:
    """Say whom an outcome asks us to go slower with."""
    if outcome.state in {State.ACCEPTED, State.REFUSED} or outcome.blame is Blame.SENDER:
        return Slow.NOBODY
    if outcome.stage is Stage.LOCAL:
        return Slow.NOBODY
    if not 400 <= outcome.code < 500:  # noqa: PLR2004 (RFC 5321 §4.2.1: transient)
        return Slow.RESTING if outcome.stage in _SESSION else Slow.NOBODY
    if outcome.code == 421 or outcome.stage in _SESSION or _BUSY.match(outcome.enhanced):  # noqa: PLR2004 (RFC 5321 §3.8)
        return Slow.RELAY
    return Slow.DOMAIN if _is_limit(outcome) else Slow.NOBODY


def _is_limit(outcome: Outcome) -> bool:
    if _ONE_MAILBOX.match(outcome.enhanced) or _NO_LIMIT.search(outcome.text):
        return False
    return bool(_POLICY.match(outcome.enhanced) or _LIMIT.search(outcome.text))
