"""What keeps a relay from taking mail at all."""

from __future__ import annotations

from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.errors import NewsletterError


class Trouble(NewsletterError, ConnectionError):
    """A mail server cannot be used."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.text)


def lasting(stage: Stage, text: str, relay: str) -> Outcome:
    """Trouble that stays until somebody does something about it."""
    return Outcome(State.REFUSED, stage, text=text, relay=relay, blame=Blame.SENDER)


def passing(stage: Stage, text: str, relay: str) -> Outcome:
    """Trouble that may be gone a little later."""
    return Outcome(State.DEFERRED, stage, text=text, relay=relay)
