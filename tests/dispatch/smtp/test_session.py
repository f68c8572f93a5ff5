"""The session without input and output of its own: each byte in, each byte out, whatever the server does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.dispatch.model import Job, Outcome, Stage, State
from newsletter.dispatch.smtp.opening import Manners, opening
from newsletter.dispatch.smtp.session import Phase, Session, Want
from newsletter.dispatch.smtp.transfers import WINDOW
from newsletter.mail.letter import Letter
from tests.dispatch.smtp.model import ACTS, Model
from tests.dispatch.smtp.sending import job

MANNERS = Manners(relay="main", hello="office.example", starttls=False)
EHLO = b"250-server.example\r\n250-SIZE\r\n"


def session(*offers: str, streaming: bool = False, manners: Manners = MANNERS) -> Session:
    """Open a session with a server that offers this."""
    made = Session(opening(manners), relay="main", streaming=streaming)
    made.receive(b"220 server.example\r\n")
    assert written(made) == b"EHLO office.example\r\n"
    made.receive(EHLO + b"".join(b"250-%b\r\n" % offer.encode() for offer in offers) + b"250 OK\r\n")
    assert made.phase is Phase.READY
    return made


def written(made: Session) -> bytes:
    """Take what is to be written."""
    out = b"".join(made.out)
    made.out.clear()
    return out


def settled(made: Session) -> list[tuple[Job, Outcome]]:
    """Take what became of messages."""
    taken = list(made.settled)
    made.settled.clear()
    return taken


def wants(made: Session) -> str:
    """What is needed to go on."""
    return made.want.name


def states(outcomes: Iterable[tuple[Job, Outcome]]) -> list[tuple[int, str, str]]:
    """Who, what became of it, and at which stage."""
    return [(one.seq, str(outcome.state), str(outcome.stage)) for one, outcome in outcomes]


def envelope(number: int) -> bytes:
    """What is said before the body."""
    size = len(job(number).letter.data)
    return b"MAIL FROM:<b+%d@sender.example> SIZE=%d\r\nRCPT TO:<p%d@x.example>\r\n" % (number, size, number)


def test_overlap_is_one_group_a_message() -> None:
    """Body, final dot and the next MAIL, RCPT and DATA are written together (RFC 2920)."""
    made = session("PIPELINING")
    made.offer(job(1))
    assert written(made) == envelope(1) + b"DATA\r\n"
    assert wants(made) == "NOTHING"
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    assert wants(made) == "START"
    made.start()
    assert wants(made) == "JOB"
    made.offer(job(2))
    assert written(made) == job(1).letter.data + b".\r\n" + envelope(2) + b"DATA\r\n"
    made.receive(b"250 Ok: queued\r\n250 Ok\r\n250 Ok\r\n354 Go\r\n")
    assert states(settled(made)) == [(1, "accepted", "dot")]
    assert made.due.seq == 2


def test_lock_step_waits_for_each_answer() -> None:
    """Without PIPELINING one command is written at a time."""
    made = session()
    made.offer(job(1))
    mail, rcpt = envelope(1).splitlines(keepends=True)
    for line, answer in [(mail, b"250 Ok"), (rcpt, b"250 Ok"), (b"DATA\r\n", b"354 Go")]:
        assert (written(made), wants(made)) == (line, "NOTHING")
        made.receive(answer + b"\r\n")
    made.start()
    assert written(made) == job(1).letter.data + b".\r\n"
    assert wants(made) == "NOTHING"
    made.receive(b"250 Ok\r\n")
    assert wants(made) == "JOB"


def test_streaming_keeps_a_window_on_the_way() -> None:
    """With CHUNKING several messages are written, each in one piece, without waiting."""
    made = session("PIPELINING", "CHUNKING", streaming=True)
    for number in range(WINDOW):
        assert wants(made) == "JOB"
        made.offer(job(number))
        made.start()
        data = job(number).letter.data
        assert written(made) == b"RSET\r\n" + envelope(number) + b"BDAT %d LAST\r\n" % len(data) + data
    assert wants(made) == "NOTHING"
    made.receive(b"250 Ok\r\n250 Ok\r\n250 Ok\r\n250 Ok\r\n")
    assert states(settled(made)) == [(0, "accepted", "dot")]
    assert wants(made) == "JOB"


@pytest.mark.parametrize("offers", [("PIPELINING",), ("CHUNKING",), ()], ids=str)
def test_streaming_needs_both_extensions(offers: tuple[str, ...]) -> None:
    """Where CHUNKING or PIPELINING is missing, DATA is used."""
    made = session(*offers, streaming=True)
    made.offer(job(1))
    assert b"BDAT" not in written(made)


def test_a_refused_recipient_leaves_no_trace() -> None:
    """RSET comes before the next message: a strict server would refuse MAIL within a transaction."""
    made = session("PIPELINING")
    made.offer(job(1))
    written(made)
    made.receive(b"250 Ok\r\n550 5.1.1 Nobody\r\n554 5.5.1 No valid recipients\r\n")
    assert states(settled(made)) == [(1, "refused", "rcpt")]
    made.offer(job(2))
    assert written(made) == b"RSET\r\n" + envelope(2) + b"DATA\r\n"
    made.receive(b"250 Ok\r\n250 Ok\r\n250 Ok\r\n354 Go\r\n")
    assert made.due.seq == 2


def test_a_lone_dot_ends_what_has_no_recipient() -> None:
    """A server that wants the body although nobody gets it is given an empty one, and believed nothing."""
    made = session("PIPELINING")
    made.offer(job(1))
    written(made)
    made.receive(b"250 Ok\r\n550 5.1.1 Nobody\r\n354 Go\r\n")
    assert states(settled(made)) == [(1, "refused", "rcpt")]
    made.offer(job(2))
    assert written(made) == b".\r\nRSET\r\n" + envelope(2) + b"DATA\r\n"
    made.receive(b"250 Ok\r\n250 Ok\r\n250 Ok\r\n250 Ok\r\n354 Go\r\n")
    assert states(settled(made)) == []
    assert made.due.seq == 2


def test_without_pipelining_rset_has_its_own_turn() -> None:
    """After a refusal RSET is said and answered before MAIL."""
    made = session()
    made.offer(job(1))
    written(made)
    made.receive(b"250 Ok\r\n")
    written(made)
    made.receive(b"550 5.1.1 Nobody\r\n")
    assert states(settled(made)) == [(1, "refused", "rcpt")]
    made.offer(job(2))
    assert written(made) == b"RSET\r\n"
    made.receive(b"250 Ok\r\n")
    assert written(made) == envelope(2).splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("answers", "first", "second"),
    [
        (b"", (1, "in_doubt", "dot"), (2, "pending", "mail")),
        (b"250 Ok\r\n", (1, "accepted", "dot"), (2, "pending", "mail")),
        (b"250 Ok\r\n250 Ok\r\n", (1, "accepted", "dot"), (2, "deferred", "rcpt")),
        (b"250 Ok\r\n250 Ok\r\n250 Ok\r\n", (1, "accepted", "dot"), (2, "deferred", "data")),
        (b"451 Later\r\n", (1, "deferred", "dot"), (2, "pending", "mail")),
    ],
    ids=["nothing said", "accepted", "MAIL answered", "RCPT answered", "deferred"],
)
def test_a_lost_connection_is_judged_by_stage(
    answers: bytes, first: tuple[int, str, str], second: tuple[int, str, str]
) -> None:
    """Only what was handed over and not answered is in doubt; what waited behind it goes again at once."""
    made = session("PIPELINING")
    made.offer(job(1))
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    made.start()
    made.offer(job(2))
    written(made)
    made.receive(answers)
    made.lost("gone")
    assert states(settled(made)) == [first, second]
    assert made.ending is not None
    assert made.ending.text == "gone"


@pytest.mark.parametrize(
    ("unsent", "state"),
    [
        (0, "in_doubt"),
        (1, "in_doubt"),
        (len(envelope(2)) + 6, "in_doubt"),
        (len(envelope(2)) + 7, "deferred"),
    ],
    ids=["all sent", "a part of the next envelope not", "all but the next envelope", "not even the dot"],
)
def test_what_the_system_never_took_is_not_in_doubt(unsent: int, state: str) -> None:
    """While the final dot is still with us, the server cannot have accepted the message."""
    made = session("PIPELINING")
    made.offer(job(1))
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    made.start()
    made.offer(job(2))
    written(made)
    made.lost("gone", unsent=unsent)
    assert states(settled(made))[0][:2] == (1, state)


def test_a_body_that_was_not_flushed_is_not_in_doubt() -> None:
    """What was never written was never handed over."""
    made = session("PIPELINING")
    made.offer(job(1))
    written(made)
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    made.start()
    made.lost("gone")
    assert states(settled(made)) == [(1, "deferred", "data")]


def test_an_acceptance_before_the_end_is_nonsense() -> None:
    """A server cannot accept a message whose end has not left us; such an answer ends the session."""
    made = session("PIPELINING")
    made.offer(job(1))
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    made.start()
    written(made)
    made.receive(b"250 Ok: queued\r\n", unsent=10)
    assert states(settled(made)) == [(1, "deferred", "data")]
    assert made.phase is Phase.CLOSED


def test_an_unasked_421_is_nobodys_fault() -> None:
    """A server that goes away between two messages does not touch them."""
    made = session("PIPELINING")
    made.offer(job(1))
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    made.start()
    written(made)
    made.receive(b"250 Ok: queued\r\n421 4.3.2 Shutting down\r\n")
    assert states(settled(made)) == [(1, "accepted", "dot")]
    assert (made.phase, made.ending and made.ending.code) == (Phase.CLOSED, 421)


def test_421_to_the_next_message_returns_it() -> None:
    """“Too many messages in this connection” is said to MAIL: another connection takes it at once."""
    made = session("PIPELINING")
    made.offer(job(1))
    made.receive(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
    made.start()
    made.offer(job(2))
    written(made)
    made.receive(b"250 Ok: queued\r\n421 4.7.0 Too many messages\r\n")
    assert states(settled(made)) == [(1, "accepted", "dot"), (2, "pending", "mail")]


def test_421_to_the_first_message_is_for_later() -> None:
    """Otherwise a server that says so to every connection would be asked without end."""
    made = session("PIPELINING")
    made.offer(job(1))
    written(made)
    made.receive(b"421 4.7.0 Not now\r\n")
    assert states(settled(made)) == [(1, "deferred", "mail")]


def test_421_while_streaming_touches_only_the_first() -> None:
    """A server that closes has done nothing beyond: what follows goes out again at once."""
    made = session("PIPELINING", "CHUNKING", streaming=True)
    for number in range(3):
        made.offer(job(number))
        made.start()
    written(made)
    made.receive(4 * b"250 Ok\r\n" + 3 * b"250 Ok\r\n" + b"421 4.3.0 Disk full\r\n")
    assert states(settled(made)) == [(0, "accepted", "dot"), (1, "deferred", "dot"), (2, "pending", "dot")]


@pytest.mark.parametrize(
    "answer",
    [
        b"250 Ok\r\n250 Ok\r\n250 Ok\r\n",
        b"250 Ok\r\n354 Go\r\n",
        b"250 Ok\r\n250 Ok\r\n354 Go\r\n354 Go\r\n",
        b"?\r\n",
    ],
    ids=["250 to DATA", "354 to RCPT", "one too many", "garbage"],
)
def test_answers_are_counted_strictly(answer: bytes) -> None:
    """An answer that does not fit what was asked ends the session; the message was not handed over."""
    made = session("PIPELINING")
    made.offer(job(1))
    written(made)
    made.receive(answer)
    assert made.phase is Phase.CLOSED
    ((_job, outcome),) = settled(made)
    assert outcome.state in {State.DEFERRED, State.PENDING}


def test_two_answers_to_one_command_are_not_taken() -> None:
    """In lock-step the second answer was there before the second command was written: it is none to that."""
    made = session()
    made.offer(job(1))
    written(made)
    made.receive(b"250 Ok\r\n250 Ok\r\n")
    assert made.phase is Phase.CLOSED


def test_an_answer_before_the_question_is_not_taken() -> None:
    """An answer that came in the same piece as the greeting cannot be one to EHLO, which was not said yet."""
    made = Session(opening(MANNERS), relay="main")
    made.receive(b"220 server.example\r\n250 server.example\r\n")
    assert made.phase is Phase.CLOSED


@pytest.mark.parametrize(
    "said",
    [b"220 Go\r\n250 injected\r\n", b"220 Go\r\n250", b"220 Go\r\nx\r\n"],
    ids=["answer", "part", "garbage"],
)
def test_nothing_may_follow_starttls(said: bytes) -> None:
    """What came in clear after the answer to STARTTLS would be taken for encrypted: the session ends."""
    manners = Manners(relay="main", hello="office.example", starttls=True)
    made = Session(opening(manners), relay="main")
    made.receive(b"220 server.example\r\n")
    made.receive(b"250-server.example\r\n250 STARTTLS\r\n")
    made.receive(said)
    assert made.phase is Phase.CLOSED


def test_what_was_offered_in_clear_is_forgotten() -> None:
    """After STARTTLS the server is asked again, and only that counts (RFC 3207 §4.2)."""
    made = Session(opening(Manners(relay="main", hello="office.example", starttls=True)), relay="main")
    made.receive(b"220 server.example\r\n")
    made.receive(b"250-server.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
    made.receive(b"220 Go\r\n")
    written(made)
    made.secured()
    assert written(made) == b"EHLO office.example\r\n"
    made.receive(b"250 server.example\r\n")
    assert (made.phase, made.features.pipelining) == (Phase.READY, False)


@pytest.mark.parametrize(
    "letter",
    [
        Letter(b"a@b.example>\r\nRSET", b"a@b.example", b"Hi\r\n", utf8=False),
        Letter(b"a@b.example", b"a@b.example\r\nDATA", b"Hi\r\n", utf8=False),
        Letter(b"a@b.example", b"a@b.example", b"no end", utf8=False),
    ],
    ids=["sender", "recipient", "data"],
)
def test_nothing_can_be_smuggled_into_commands(letter: Letter) -> None:
    """An address with a line break, or a message without its last line end, never reaches the wire."""
    made = session("PIPELINING")
    bad = job(1)
    bad.letter = letter
    made.offer(bad)
    assert written(made) == b""
    assert states(settled(made)) == [(1, "refused", "local")]


OFFERS = {
    "lock-step": (),
    "overlap": (b"PIPELINING",),
    "streaming": (b"PIPELINING", b"CHUNKING"),
}


@pytest.mark.parametrize("way", OFFERS)
@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_belief_is_truth(way: str, data: st.DataObject) -> None:
    """Against a server that decides at random, cut at random places: everybody once, accepted is accepted.

    Bytes get stuck on our side at random too, and the connection breaks at a random moment.
    """
    acts = (*ACTS, "twice") if way != "streaming" else ACTS  # without 354 nothing tells an answer too many
    server = Model(lambda at: data.draw(st.sampled_from(acts), label=at), OFFERS[way])
    made = Session(opening(MANNERS), relay="main", streaming=way == "streaming")
    waiting = [job(number, size=10) for number in range(6)]
    offered: list[int] = []
    outcomes: dict[int, Outcome] = {}
    pipe = bytearray()

    def settle() -> None:
        for one, outcome in settled(made):
            assert one.seq not in outcomes, "settled twice"
            outcomes[one.seq] = outcome

    for _round in range(data.draw(st.sampled_from((5, 10, 20, 40, 80)), label="rounds")):
        while (want := made.want) is not Want.NOTHING and (want is Want.START or waiting):
            if want is Want.START:
                made.start()
            else:
                offered.append(waiting[0].seq)
                made.offer(waiting.pop(0))
        pipe += written(made)
        taken = data.draw(st.sampled_from((len(pipe), len(pipe) // 2, len(pipe) - 1, 1)), label="bytes taken")
        server.feed(bytes(pipe[: max(taken, 0)]))
        del pipe[: max(taken, 0)]
        cut = data.draw(st.sampled_from((1000, 80, 20, 1, 0)), label="bytes read")
        piece = bytes(server.out[:cut])
        del server.out[:cut]
        if piece:
            made.receive(piece, unsent=len(pipe))
        settle()
        if made.phase is Phase.CLOSED or (server.closed and not server.out):
            break
    made.lost("the end", unsent=len(pipe))
    settle()
    assert sorted(outcomes) == offered, "forgotten"
    believed = {number for number, outcome in outcomes.items() if outcome.state is State.ACCEPTED}
    doubted = {number for number, outcome in outcomes.items() if outcome.state is State.IN_DOUBT}
    really = {int(recipient[1:-10]) for recipient in server.accepted}
    assert len(really) == len(server.accepted)
    assert believed <= really
    assert really <= believed | doubted
    assert len(doubted) <= (WINDOW if way == "streaming" else 1)
    assert all(outcomes[number].stage is Stage.DOT for number in doubted)
