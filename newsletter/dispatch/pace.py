"""How fast mail may go: over all, per relay, per recipients' domain, for today; slower when asked to.

    [smtp.domains]
    "example.org" = { rate = 5 }              this domain
    "*.example.net" = { connections = 2 }     all domains below it together, as behind one gateway
    "*" = { rate = 20 }                       every other domain, each by itself

A connection of a domain is a message under way to it. Where nothing is limited, `limited` says so and
nobody needs to ask; `spend` and `freed` are called always, as the answers may bring limits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from newsletter.dispatch.gates import Bucket, Gate
from newsletter.dispatch.model import Outcome, State
from newsletter.dispatch.throttling import Slow, asked
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.settings_sending import DomainLimit, Smtp
from newsletter.subscribers.domains import ascii_form

MAIN = "main"
"""What the server of [smtp] itself is called; others have the names of their tables."""
_SUPPOSED = DomainLimit(connections=4, rate=8)
"""From where a domain without limits is slowed down when it asks for it."""
_MANY_DOMAINS = 3
"""When more domains than this ask at a time, it is the relay that speaks."""
_GATES_KEPT = 10_000
"""Gates of domains that are kept before idle ones are dropped."""
_COUNTS = frozenset({State.ACCEPTED, State.IN_DOUBT})
"""What counts for the day's allowance."""


def left_today(warmup: Sequence[int], *, days: int, today: int) -> int | None:
    """Return how many may still go out today; None: as many as there are.

    Args:
        warmup: the most for the first day, the second and so on.
        days: how many days before today mail went out.
        today: how many went out today already.
    """
    return max(warmup[days] - today, 0) if days < len(warmup) else None


def _pattern_of(text: str) -> str:
    try:
        return ascii_form(text)
    except ValueError as err:
        message = _("“{domain}” in [smtp.domains] of newsletter.toml is no domain.").format(domain=text)
        raise NewsletterError(message, cure=_("Write example.org, *.example.org, or * for all.")) from err


class Pace:
    """What may go out now, and how long to wait for what may not."""

    def __init__(
        self,
        smtp: Smtp,
        *,
        rate: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        allowance: int | None = None,
    ) -> None:
        self._clock = clock
        self._allowance = allowance
        self._all = Bucket(rate) if rate else None
        now = clock()
        servers = {MAIN: smtp, **smtp.relays}
        self._relays = {
            name: Gate(now, connections=server.connections, rate=server.rate)
            for name, server in servers.items()
        }
        self._patterns = {_pattern_of(text): limit for text, limit in smtp.domains.items()}
        self._gates: dict[str, Gate] = {}
        self._gates_kept = _GATES_KEPT
        self._slowed: set[Gate] = set()
        rates = any(server.rate for server in servers.values())
        self._always = bool(self._all or allowance is not None or self._patterns or rates)
        self.limited = self._always
        """Whether anything is to be asked at all."""

    @property
    def watched(self) -> int:
        """How many domains are kept in mind just now."""
        return len(self._gates)

    @property
    def used_up(self) -> bool:
        """Whether today's allowance is used up, by what went out and what is under way."""
        return self._allowance is not None and self._allowance <= 0

    def relay_wait(self, relay: str) -> float:
        """Return the seconds until a relay may get another message; infinity: not today any more."""
        if self.used_up:
            return math.inf
        now = self._clock()
        gate = self._relays.get(relay)
        wait = gate.wait(now) if gate else 0.0
        return max(wait, self._all.wait(now)) if self._all else wait

    def domain_wait(self, domain: str) -> float:
        """Return the seconds until a domain may get another message; infinity: when one is settled."""
        gate = self._gate(domain)
        if gate is None:
            return 0.0
        return math.inf if gate.full() else gate.wait(self._clock())

    def connections(self, relay: str) -> int:
        """Return how many connections a relay may have just now."""
        return self._relays[relay].connections or 1

    def spend(self, relay: str, domain: str) -> None:
        """Note that a message was taken."""
        if not self.limited:
            return
        now = self._clock()
        if self._allowance is not None:
            self._allowance -= 1
        if self._all:
            self._all.spend(now)
        for gate in (self._relays.get(relay), self._gate(domain)):
            if gate:
                gate.spend(now)

    def freed(self, relay: str, domain: str, outcome: Outcome) -> None:
        """Note what became of a message that was taken."""
        at_relay = self._relays.get(relay)
        accepted = outcome.state is State.ACCEPTED
        if accepted and not self.limited:
            if at_relay:
                at_relay.through += 1
            return
        if self._allowance is not None and outcome.state not in _COUNTS:
            self._allowance += 1
        at_domain = self._gate(domain)
        for gate in (at_relay, at_domain):
            if gate:
                gate.free()
        if accepted:
            self._recover(at_relay, at_domain)
        else:
            self._slow(relay, domain, asked(outcome))

    def troubled(self, relay: str, outcome: Outcome) -> None:
        """Note what went wrong with a relay as a whole."""
        self._slow(relay, "", asked(outcome))

    def _recover(self, at_relay: Gate | None, at_domain: Gate | None) -> None:
        now = self._clock()
        if at_relay is not None:
            at_relay.succeed(now)
        if at_domain is not None and at_domain.succeed(now):
            self._slowed.discard(at_domain)
        if not self._always:
            busy = any(gate.slowed or gate.wait(now) > 0 for gate in self._relays.values())
            self.limited = busy or bool(self._slowed)

    def _slow(self, relay: str, domain: str, who: Slow) -> None:
        if who is Slow.NOBODY:
            return
        now = self._clock()
        at_relay = self._relays.get(relay)
        if who is Slow.DOMAIN:
            gate = self._gate(domain) or self._gates.setdefault(domain, Gate(now))
            gate.slow(now, connections=_SUPPOSED.connections, rate=_SUPPOSED.rate)
            self._slowed.add(gate)
            if len(self._slowed) > _MANY_DOMAINS and at_relay:
                at_relay.slow(now)
        elif at_relay and who is Slow.RELAY:
            at_relay.slow(now)
        elif at_relay:
            at_relay.rest(now)
        self.limited = True

    def _gate(self, domain: str) -> Gate | None:
        gate = self._gates.get(domain)
        if gate is None and self._patterns:
            return self._gate_by_pattern(domain)
        return gate

    def _gate_by_pattern(self, domain: str) -> Gate | None:
        """Find or make the gate of a domain that newsletter.toml limits."""
        pattern = self._pattern(domain)
        if pattern is None:
            return None
        shared = domain if pattern == "*" else pattern
        gate = self._gates.get(shared)
        if gate is None:
            self._tidy()
            limit, now = self._patterns[pattern], self._clock()
            gate = self._gates[shared] = Gate(now, connections=limit.connections, rate=limit.rate)
        self._gates[domain] = gate
        return gate

    def _pattern(self, domain: str) -> str | None:
        if domain in self._patterns:
            return domain
        dot = domain.find(".")
        while dot >= 0:
            if (pattern := f"*{domain[dot:]}") in self._patterns:
                return pattern
            dot = domain.find(".", dot + 1)
        return "*" if "*" in self._patterns else None

    def _tidy(self) -> None:
        """Drop the gates of domains that nothing is under way to, before they become too many."""
        if len(self._gates) >= self._gates_kept:
            now = self._clock()
            self._gates = {name: gate for name, gate in self._gates.items() if not gate.idle(now)}
            self._gates_kept = max(_GATES_KEPT, 2 * len(self._gates))
