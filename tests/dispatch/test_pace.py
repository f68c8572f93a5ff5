"""Pace: limits that hold at every moment, slowing down when asked to, and getting going again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.gates import EARLY, Bucket
from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.dispatch.pace import MAIN, Pace, left_today
from newsletter.dispatch.throttling import Slow, asked
from newsletter.errors import NewsletterError
from newsletter.settings_sending import Smtp

ACCEPTED = Outcome(State.ACCEPTED, Stage.DOT, 250)
BUSY = Outcome(State.DEFERRED, Stage.MAIL, 421, "4.3.2", "Too many connections")
THROTTLED = Outcome(State.DEFERRED, Stage.RCPT, 450, "4.7.1", "Too much mail for this domain")
RATES = st.floats(min_value=0.01, max_value=5000)
PAUSES = st.lists(st.floats(min_value=0, max_value=3), max_size=60)


@dataclass
class Clock:
    """A clock that is put forward by hand."""

    time: float = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.time


def smtp(**values: Any) -> Smtp:
    """Return settings of a relay."""
    return Smtp.model_validate({"host": "mail.example.org", **values})


def send(pace: Pace, domain: str = "example.org", outcome: Outcome = ACCEPTED, relay: str = MAIN) -> None:
    """Take a message and settle it."""
    pace.spend(relay, domain)
    pace.freed(relay, domain, outcome)


def going(pace: Pace, clock: Clock, seconds: float, domain: str = "example.org") -> int:
    """Send whatever may go, for a while or until nothing is limited; return how many that were."""
    end, count = clock.time + seconds, 0
    while clock.time < end and pace.limited:
        wait = max(pace.relay_wait(MAIN), pace.domain_wait(domain))
        if wait > 0:
            clock.time += min(wait, end - clock.time)
            continue
        send(pace, domain)
        count += 1
    return count


def most_in_any_span(times: Sequence[float], rate: float) -> float:
    """Return by how many the busiest span of time went beyond `rate * (span + EARLY) + 1`."""
    return max(
        (
            number + 1 - (rate * (end - start + EARLY) + 1)
            for first, start in enumerate(times)
            for number, end in enumerate(times[first:])
        ),
        default=-math.inf,
    )


@given(rate=RATES, pauses=PAUSES)
def test_no_span_of_time_has_more_than_its_rate(rate: float, pauses: Sequence[float]) -> None:
    """However greedily it is asked, in any time at most rate × (time + 0.1 s) + 1 come through."""
    bucket, now, times = Bucket(rate), 0.0, list[float]()
    for pause in pauses:
        now += pause
        while bucket.wait(now) <= 0 and len(times) < 200:
            bucket.spend(now)
            times.append(now)
    assert most_in_any_span(times, rate) < 0.02  # a microsecond is a rounding error


@given(rate=RATES, pauses=PAUSES)
def test_a_wait_is_true(rate: float, pauses: Sequence[float]) -> None:
    """Who waits as long as it was told may come, and who comes earlier may not."""
    bucket, now = Bucket(rate), 0.0
    for pause in pauses:
        now += pause
        while (wait := bucket.wait(now)) <= 0 and rate * EARLY < 50:
            bucket.spend(now)
        assert bucket.wait(now + wait) <= 0
        assert bucket.wait(now + wait / 2) >= wait / 2 * 0.999 - 1e-5


@given(rate=st.floats(min_value=0.5, max_value=50), late=st.floats(min_value=0, max_value=EARLY))
def test_late_timers_cost_no_rate(rate: float, late: float) -> None:
    """Woken up to 0.1 s late each time, as many come through as the rate allows."""
    bucket, now, count = Bucket(rate), 0.0, 0
    while now < 100:
        if (wait := bucket.wait(now)) > 0:
            now += wait + late
        bucket.spend(now)
        count += 1
    assert count >= 100 * rate * 0.98 - 1


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["a.example", "b.example", "x.city.example", "y.city.example", "else.example"]),
            st.sampled_from([ACCEPTED, ACCEPTED, ACCEPTED, THROTTLED, BUSY]),
            st.floats(min_value=0, max_value=5),
        ),
        max_size=80,
    )
)
def test_nobody_starves(steps: list[tuple[str, Outcome, float]]) -> None:
    """Whatever was answered, with nothing under way every domain may get mail after a time that is told."""
    clock = Clock()
    domains = {"a.example": {"rate": 2}, "*.city.example": {"connections": 1}, "*": {"rate": 10}}
    pace = Pace(smtp(rate=20, domains=domains), rate=15, clock=clock)
    for domain, outcome, pause in steps:
        clock.time += pause
        send(pace, domain, outcome)
    for domain in ("a.example", "x.city.example", "else.example"):
        for _again in range(3):
            wait = max(pace.relay_wait(MAIN), pace.domain_wait(domain))
            assert wait <= 3 * 60
            clock.time += wait
            assert max(pace.relay_wait(MAIN), pace.domain_wait(domain)) <= 0
            send(pace, domain)


@pytest.mark.parametrize(
    ("values", "rate", "allowance", "limited"),
    [
        ({}, None, None, False),
        ({"connections": 8}, None, None, False),
        ({"rate": 5}, None, None, True),
        ({"domains": {"example.org": {"connections": 1}}}, None, None, True),
        ({"relays": {"second": {"host": "b.example", "rate": 1}}}, None, None, True),
        ({}, 10.0, None, True),
        ({}, None, 50, True),
    ],
    ids=["nothing", "connections", "rate", "domain", "second relay", "command line", "warm-up"],
)
def test_only_limits_limit(
    values: dict[str, Any], *, rate: float | None, allowance: int | None, limited: bool
) -> None:
    """Without any limit nobody needs to ask."""
    pace = Pace(smtp(**values), rate=rate, allowance=allowance, clock=Clock())
    assert pace.limited is limited
    assert pace.relay_wait(MAIN) == pace.domain_wait("example.org") == 0


@pytest.mark.parametrize("relay", [MAIN, "second", "outbox"])
def test_the_rate_of_a_run_is_for_all_relays(relay: str) -> None:
    """`--rate` counts whatever goes out, by whichever way."""
    clock = Clock()
    pace = Pace(smtp(relays={"second": {"host": "b.example"}}), rate=2, clock=clock)
    send(pace, relay=relay)
    assert [pace.relay_wait(one) for one in (MAIN, "second", "outbox")] == [pytest.approx(0.4)] * 3


def test_each_relay_has_its_rate() -> None:
    """One relay's rate does not hold another one up."""
    pace = Pace(smtp(rate=1, relays={"second": {"host": "b.example", "rate": 10}}), clock=Clock())
    send(pace)
    assert pace.relay_wait(MAIN) == pytest.approx(0.9)
    assert pace.relay_wait("second") == 0


def test_a_domain_gets_so_many_at_a_time() -> None:
    """With all connections of a domain in use there is no telling how long, until one is free."""
    pace = Pace(smtp(domains={"example.org": {"connections": 2}}), clock=Clock())
    pace.spend(MAIN, "example.org")
    assert pace.domain_wait("example.org") == 0
    pace.spend(MAIN, "example.org")
    assert pace.domain_wait("example.org") == math.inf
    assert pace.domain_wait("example.com") == 0
    pace.freed(MAIN, "example.org", ACCEPTED)
    assert pace.domain_wait("example.org") == 0


@pytest.mark.parametrize(
    ("pattern", "spent", "others"),
    [
        ("a.example", "a.example", {"a.example": True, "b.a.example": False, "b.example": False}),
        ("*.a.example", "x.a.example", {"y.a.example": True, "z.y.a.example": True, "a.example": False}),
        ("*", "a.example", {"a.example": True, "b.example": False}),
        ("Köln.example", "xn--kln-sna.example", {"xn--kln-sna.example": True}),
    ],
    ids=["exact", "below", "every", "umlaut"],
)
def test_a_limit_is_for_whom_it_names(pattern: str, spent: str, others: dict[str, bool]) -> None:
    """A domain alone, all domains below one together, or every domain by itself."""
    pace = Pace(smtp(domains={pattern: {"rate": 0.1}}), clock=Clock())
    send(pace, spent)
    assert {domain: pace.domain_wait(domain) > 0 for domain in others} == others


def test_the_closest_pattern_counts() -> None:
    """The domain itself comes before a pattern, and a long pattern before a short one."""
    limits = {
        "*": {"rate": 1},
        "*.example": {"rate": 2},
        "*.a.example": {"rate": 4},
        "x.a.example": {"rate": 8},
    }
    pace = Pace(smtp(domains=limits), clock=Clock())
    domains = ["else.test", "b.example", "y.a.example", "x.a.example"]
    for domain in domains:
        send(pace, domain)
    assert [pace.domain_wait(domain) for domain in domains] == pytest.approx([0.9, 0.4, 0.15, 0.025])


def test_a_domain_that_is_none_is_told() -> None:
    """What cannot be a domain is named, with the cure."""
    with pytest.raises(NewsletterError, match=r"“a\(b\)ü\.example”.*no domain"):
        Pace(smtp(domains={"a(b)ü.example": {"rate": 1}}))


def test_gates_of_many_domains_are_dropped() -> None:
    """With a limit for every domain, those not written to any more cost no memory."""
    clock = Clock()
    pace = Pace(smtp(domains={"*": {"rate": 5}}), clock=clock)
    for number in range(25_000):
        clock.time += 0.01
        send(pace, f"d{number}.example")
    assert pace.watched <= 10_000


@pytest.mark.parametrize(
    ("outcome", "who"),
    [
        (ACCEPTED, Slow.NOBODY),
        (BUSY, Slow.RELAY),
        (Outcome(State.DEFERRED, Stage.GREETING, 421), Slow.RELAY),
        (Outcome(State.DEFERRED, Stage.CONNECT), Slow.RESTING),
        (Outcome(State.DEFERRED, Stage.AUTH, 454, "4.7.0"), Slow.RELAY),
        (Outcome(State.DEFERRED, Stage.DOT, 421, "4.7.28", "An unusual rate of mail"), Slow.RELAY),
        (Outcome(State.DEFERRED, Stage.DOT, 452, "4.3.1", "Insufficient system storage"), Slow.RELAY),
        (THROTTLED, Slow.DOMAIN),
        (Outcome(State.DEFERRED, Stage.DOT, 451, "", "Message rate limit exceeded"), Slow.DOMAIN),
        (Outcome(State.DEFERRED, Stage.RCPT, 450, "4.7.1", "Greylisted, come back later"), Slow.NOBODY),
        (Outcome(State.DEFERRED, Stage.RCPT, 452, "4.2.2", "Mailbox full, over its limit"), Slow.NOBODY),
        (Outcome(State.DEFERRED, Stage.RCPT, 451, "4.4.4", "Temporary lookup failure"), Slow.NOBODY),
        (Outcome(State.REFUSED, Stage.RCPT, 550, "5.1.1"), Slow.NOBODY),
        (Outcome(State.REFUSED, Stage.MAIL, 550, "5.7.1", blame=Blame.SENDER), Slow.NOBODY),
        (Outcome(State.IN_DOUBT, Stage.DOT), Slow.NOBODY),
        (Outcome(State.PENDING, Stage.LOCAL), Slow.NOBODY),
    ],
)  # fmt: skip
def test_an_answer_says_who_is_to_get_less(outcome: Outcome, who: Slow) -> None:
    """A busy server is told from a domain that has had enough, and both from one person's trouble."""
    assert asked(outcome) is who


def test_a_relay_that_is_busy_gets_half() -> None:
    """After a 421: a rest, then half the connections and half of what went through until then."""
    clock = Clock()
    pace = Pace(smtp(connections=8), clock=clock)
    for _message in range(100):
        send(pace)
    clock.time += 10
    pace.troubled(MAIN, BUSY)
    assert pace.limited
    assert pace.connections(MAIN) == 4
    assert pace.relay_wait(MAIN) == 1
    clock.time += 1
    assert going(pace, clock, 4) == pytest.approx(20, abs=2)


def test_refusals_at_once_are_one() -> None:
    """Ten connections that all hear the same 421 halve the speed once."""
    clock = Clock()
    pace = Pace(smtp(connections=8), clock=clock)
    for _connection in range(10):
        pace.troubled(MAIN, BUSY)
        clock.time += 0.05
    assert pace.connections(MAIN) == 4


def test_rests_grow_while_nothing_goes_through() -> None:
    """A relay that stays away is asked after 1, 2, 4 … seconds, at most every minute."""
    clock, waits = Clock(), []
    pace = Pace(smtp(connections=8), clock=clock)
    for _try in range(8):
        pace.troubled(MAIN, Outcome(State.DEFERRED, Stage.CONNECT))
        waits.append(pace.relay_wait(MAIN))
        clock.time += max(pace.relay_wait(MAIN), 1)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pace.connections(MAIN) == 8
    send(pace)
    assert not pace.limited


def test_one_connection_is_always_left() -> None:
    """However often a relay is busy, a connection and some rate remain."""
    clock = Clock()
    pace = Pace(smtp(connections=5, rate=4), clock=clock)
    for _time in range(20):
        pace.troubled(MAIN, BUSY)
        clock.time += 60
    assert pace.connections(MAIN) == 1
    assert going(pace, clock, 80) == pytest.approx(20, abs=2)


def test_speed_comes_back_step_by_step() -> None:
    """With every 5 seconds and 20 messages an eighth comes back, until nothing is limited any more."""
    clock = Clock()
    pace = Pace(smtp(connections=8), clock=clock)
    for _time in range(3):
        pace.troubled(MAIN, BUSY)
        clock.time += 10
    seen = []
    while pace.limited:
        clock.time += 5.5
        for _message in range(20):
            send(pace)
        seen.append(pace.connections(MAIN))
    assert seen == [2, 3, 4, 5, 6, 7, 8]


def test_a_configured_rate_comes_back_whole() -> None:
    """After a slow-down the relay's own rate holds again, no more and no less."""
    clock = Clock()
    pace = Pace(smtp(rate=40), clock=clock)
    pace.troubled(MAIN, BUSY)
    going(pace, clock, 120)
    assert going(pace, clock, 10) == pytest.approx(400, abs=5)


def test_a_throttled_domain_is_slowed_alone() -> None:
    """The domain that had enough gets 4 a second and 2 at a time; others go on as before."""
    clock = Clock()
    pace = Pace(smtp(), clock=clock)
    send(pace, "a.example", THROTTLED)
    assert pace.domain_wait("b.example") == pace.relay_wait(MAIN) == 0
    assert pace.domain_wait("a.example") == 1
    clock.time += 1
    assert going(pace, clock, 4, "a.example") == pytest.approx(16, abs=2)
    clock.time += 1
    for _message in range(2):
        assert pace.domain_wait("a.example") <= 0.25
        pace.spend(MAIN, "a.example")
    assert pace.domain_wait("a.example") == math.inf


def test_a_domain_recovers() -> None:
    """A domain without limits of its own has none again after enough has gone through."""
    clock = Clock()
    pace = Pace(smtp(), clock=clock)
    send(pace, "a.example", THROTTLED)
    going(pace, clock, 60, "a.example")
    assert not pace.limited
    for _message in range(50):
        pace.spend(MAIN, "a.example")
    assert pace.domain_wait("a.example") == 0


def test_many_throttled_domains_mean_the_relay() -> None:
    """When domain after domain is said to have enough, it is the relay that wants less."""
    clock = Clock()
    pace = Pace(smtp(connections=8), clock=clock)
    for number in range(3):
        send(pace, f"d{number}.example", THROTTLED)
    assert pace.connections(MAIN) == 8
    send(pace, "d3.example", THROTTLED)
    assert pace.connections(MAIN) == 4


def test_greylisting_slows_nobody() -> None:
    """To come again later is not to come less often."""
    pace = Pace(smtp(), clock=Clock())
    send(pace, outcome=THROTTLED._replace(text="Greylisting in action"))
    assert not pace.limited


def test_the_allowance_counts_what_was_accepted() -> None:
    """What was refused or deferred uses nothing up; what is in doubt does."""
    pace = Pace(smtp(), allowance=3, clock=Clock())
    refused = Outcome(State.REFUSED, Stage.RCPT, 550, "5.1.1")
    for outcome in (ACCEPTED, refused, refused, Outcome(State.IN_DOUBT, Stage.DOT)):
        send(pace, outcome=outcome)
        assert pace.relay_wait(MAIN) == 0
    pace.spend(MAIN, "example.org")
    assert (pace.relay_wait(MAIN), pace.used_up) == (math.inf, True)
    pace.freed(MAIN, "example.org", refused)
    assert (pace.relay_wait(MAIN), pace.used_up) == (0, False)


@pytest.mark.parametrize(
    ("days", "today", "left"),
    [(0, 0, 50), (0, 20, 30), (0, 60, 0), (1, 0, 200), (2, 0, None), (9, 5, None)],
)
def test_warming_up_goes_by_days(days: int, today: int, left: int | None) -> None:
    """Each day of sending has its most; after the last there is none."""
    assert left_today((50, 200), days=days, today=today) == left
