"""Letters reach a server, whole and once, in each way of talking and on both event loops."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from newsletter.dispatch.model import Stage, State
from tests.dispatch.smtp.sending import job, post, send, settings
from tests.dispatch.smtp.server import PLENTY, Server
from tests.dispatch.smtp.talk import Mail, Rule

WAYS: dict[str, tuple[Sequence[str], bool]] = {
    "lock-step": ([one for one in PLENTY if one != "PIPELINING"], False),
    "overlap": (PLENTY, False),
    "streaming": (PLENTY, True),
    "no CHUNKING": ([one for one in PLENTY if one != "CHUNKING"], True),
    "nothing offered": ([], False),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> tuple[Sequence[str], bool]:
    """What the server offers, and whether the settings want streaming."""
    return WAYS[request.param]


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The event loop."""
    return str(request.param)


@pytest.mark.parametrize("dribble", [False, True], ids=["whole answers", "byte by byte"])
def test_every_letter_arrives_once(way: tuple[Sequence[str], bool], loop: str, *, dribble: bool) -> None:
    """Envelope and message are what they were, whatever the server offers and however its answers come."""
    offers, streaming = way
    letters = [job(number, size=50 + 3000 * number) for number in range(30)]
    with Server(offers=offers, dribble=dribble) as server:
        done = send(letters, settings(server.port, connections=3, streaming=streaming), loop=loop)
        mails = {mail.recipient: mail for mail in server.accepted}
    assert set(done.states().values()) == {State.ACCEPTED}
    assert len(server.accepted) == 30
    for letter in (one.letter for one in letters):
        assert mails[letter.recipient] == Mail(letter.sender, letter.recipient, letter.data)


def test_large_letters_go_through_small_pipes(way: tuple[Sequence[str], bool], loop: str) -> None:
    """A message larger than any buffer arrives whole."""
    offers, streaming = way
    letters = [job(number, size=5_000_000) for number in range(4)]
    with Server(offers=offers) as server:
        send(letters, settings(server.port, streaming=streaming), loop=loop)
        assert [len(mail.data) for mail in server.accepted] == [len(one.letter.data) for one in letters]


def test_a_letter_costs_one_round_trip() -> None:
    """With PIPELINING, body, dot and the next envelope come in one group; without, everything by itself."""
    groups = []
    for offers in (["PIPELINING"], []):
        with Server(offers=offers) as server:
            send(20, settings(server.port))
            groups.append(server.groups)
    assert 3 * groups[0] < groups[1]


def test_what_the_server_says_is_kept() -> None:
    """Code, enhanced code and words of the answer to the dot are in the outcome."""
    with Server() as server:
        outcome = send(1, settings(server.port)).outcomes[0]
    assert (outcome.code, outcome.enhanced, outcome.text) == (250, "2.0.0", "Ok: queued as 1")
    assert (outcome.stage, outcome.relay) == (Stage.DOT, "main")


def test_helo_where_ehlo_is_unknown() -> None:
    """A server of the old days is spoken to in its own way."""
    with Server(rules=[Rule(at="EHLO", says=b"502 5.5.1 Never heard of\r\n")]) as server:
        assert send(3, settings(server.port)).states() == dict.fromkeys(range(3), State.ACCEPTED)
        assert server.said[1] == b"HELO office.example"
        assert server.said[2] == b"MAIL FROM:<b+0@sender.example>"


def test_size_and_utf8_are_said_where_offered() -> None:
    """MAIL says how large the message is, and SMTPUTF8 where the address needs it."""
    with Server() as server:
        send([job(1, utf8=True), job(2)], settings(server.port))
        sizes = [line for line in server.said if line.startswith(b"MAIL")]
    assert sizes[0].endswith(b" SMTPUTF8")
    assert sizes[1] == b"MAIL FROM:<b+2@sender.example> SIZE=%d" % len(job(2).letter.data)
    assert "jürgen1@x.example".encode() in {mail.recipient for mail in server.accepted}


def test_an_address_the_server_cannot_take_is_refused_here() -> None:
    """Without SMTPUTF8 only the one address is refused; nothing is said to the server about it."""
    with Server(offers=["PIPELINING"]) as server:
        done = send([job(1, utf8=True), job(2)], settings(server.port))
        assert server.recipients == ["p2@x.example"]
    assert done.states() == {1: State.REFUSED, 2: State.ACCEPTED}
    assert done.outcomes[1].stage is Stage.LOCAL


def test_too_large_a_message_is_not_sent() -> None:
    """What is larger than the server's limit is our fault, and is not tried."""
    with Server(offers=["PIPELINING", "SIZE 1000"]) as server:
        done = send([job(1, size=2000), job(2)], settings(server.port))
        assert server.count(b"MAIL") == 1
    assert (done.outcomes[1].state, done.outcomes[1].blame) == (State.REFUSED, "sender")
    assert "1000" in done.outcomes[1].text


def test_connections_are_closed_politely() -> None:
    """Each connection ends with QUIT."""
    with Server() as server:
        send(20, settings(server.port, connections=3))
        assert server.count(b"QUIT") == server.met


def test_no_more_connections_than_allowed() -> None:
    """Work opens connections, the settings limit them."""
    with Server(delay=0.01) as server:
        send(60, settings(server.port, connections=3))
        assert server.most == 3


def test_one_letter_needs_one_connection() -> None:
    """Connections are opened as the work demands."""
    with Server() as server:
        send(1, settings(server.port, connections=10))
        assert server.met == 1


def test_a_letter_that_must_not_go_out_does_not(way: tuple[Sequence[str], bool]) -> None:
    """Recalled at the last moment, a letter stays pending, and the others arrive."""
    offers, streaming = way
    with Server(offers=offers) as server:
        done = send(post(6, refuses=frozenset({2})), settings(server.port, streaming=streaming))
        assert server.recipients == [f"p{number}@x.example" for number in (0, 1, 3, 4, 5)]
    assert done.outcomes[2].state is State.PENDING
    assert not done.troubles
