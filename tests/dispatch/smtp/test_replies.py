"""Answers of mail servers: cut out of a stream of bytes, within limits, and shown safely."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.dispatch.smtp.features import Features
from newsletter.dispatch.smtp.replies import MAX_LINE, MAX_LINES, MAX_TEXT, Reader, Reply, one_line


def read(data: bytes, *cuts: int) -> tuple[list[Reply], str]:
    """Read bytes that come in pieces; return the answers and the fault."""
    reader = Reader()
    marks = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    found = [reply for at, to in pairwise(marks) for reply in reader.feed(data[at:to])]
    return found, reader.fault


lines = st.binary(max_size=60).map(lambda text: text.replace(b"\n", b"").replace(b"\r", b""))
answers = st.lists(
    st.tuples(st.integers(200, 559).filter(lambda n: n % 100 < 60), st.lists(lines, min_size=1))
)


@settings(deadline=None)
@given(answers, st.lists(st.integers(0, 5000)))
def test_answers_come_back_however_they_are_cut(said: list[tuple[int, list[bytes]]], cuts: list[int]) -> None:
    """Each answer is found with its code and its lines, wherever the network cuts the bytes."""
    data = b"".join(
        b"".join(b"%d-%b\r\n" % (code, text) for text in texts[:-1]) + b"%d %b\r\n" % (code, texts[-1])
        for code, texts in said
    )
    found, fault = read(data, *cuts)
    assert not fault
    assert [(reply.code, reply.raw.replace(b"\r", b"").split(b"\n")) for reply in found] == said


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300)))
def test_whatever_comes_is_bounded(pieces: list[bytes]) -> None:
    """No bytes make the reader fail, keep more than a line, or show anything unprintable."""
    reader = Reader()
    for piece in pieces:
        for reply in reader.feed(piece):
            assert 200 <= reply.code < 560
            assert reply.text.isprintable()
            assert len(reply.text) <= MAX_TEXT
    assert reader.fault.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n",
        b"199 too low\r\n",
        b"560 too high\r\n",
        b"260 no such second digit\r\n",
        b"250_ok\r\n",
        b"25\r\n",
        b"\r\n",
        b"250-one\r\n251 two\r\n",
        b"250-one\r\nhello\r\n",
        b"250 " + MAX_LINE * b"x" + b"\r\n",
        MAX_LINE * b"x" + b"x",
        MAX_LINES * b"250-x\r\n" + b"250-x\r\n",
        "２５０ ok\r\n".encode(),
    ],
    ids=range(13),
)
def test_what_makes_no_sense_ends_it(data: bytes) -> None:
    """A line that is none, is too long, or goes on without end is a fault; what came before still counts."""
    found, fault = read(b"250 before\r\n" + data + b"250 after\r\n")
    assert [reply.text for reply in found] == ["before"]
    assert fault


def test_a_line_feed_alone_ends_a_line() -> None:
    """Servers that forget the carriage return are understood."""
    assert read(b"250-a\n250 b\n") == ([Reply(250, b"a\nb")], "")


@pytest.mark.parametrize(
    ("answer", "enhanced", "text"),
    [
        (b"250 2.1.5 Ok\r\n", "2.1.5", "Ok"),
        (b"550-5.1.1 No such user;\r\n550 5.1.1 sorry\r\n", "5.1.1", "No such user; sorry"),
        (b"550 5.1.1\r\n", "5.1.1", ""),
        (b"550\r\n", "", ""),
        (b"450 5.1.1 of another class\r\n", "", "of another class"),
        (b"550 127.0.0.1 is no code\r\n", "", "127.0.0.1 is no code"),
        (b"550 5.1.1000 too long\r\n", "", "5.1.1000 too long"),
        (b"550 5.7.1 a\x1b[31mred\x00\x07\xe2\x80\xae\r\n", "5.7.1", "a [31mred"),
        (b"550 na\xc3\xafve \xff\r\n", "", "naïve �"),
    ],
    ids=range(9),
)
def test_words_are_safe_to_show(answer: bytes, enhanced: str, text: str) -> None:
    """Code and words are parted; control and steering characters become spaces."""
    (reply,), fault = read(answer)
    assert (reply.enhanced, reply.text, fault) == (enhanced, text, "")


def test_long_words_are_cut() -> None:
    """A report stays readable whatever a server writes."""
    assert len(one_line("x" * 1000)) == MAX_TEXT
    assert one_line("a\n\tb") == "a b"


def test_features_are_read_from_ehlo() -> None:
    """Keywords in any case; unknown ones and strange sizes are passed over."""
    (reply,), _fault = read(
        b"250-server.example at your service\r\n250-PIPELINING\r\n250-size 10240000\r\n"
        b"250-AUTH PLAIN login\r\n250-AUTH=CRAM-MD5\r\n250-\r\n250-X-SOMETHING yes\r\n"
        b"250-ChunkING\r\n250 SMTPUTF8\r\n"
    )
    assert Features.of(reply) == Features(
        pipelining=True,
        chunking=True,
        utf8=True,
        sized=True,
        size=10_240_000,
        auth=frozenset({"PLAIN", "LOGIN", "CRAM-MD5"}),
    )


@pytest.mark.parametrize("size", ["", "0", "-1", "many", "9" * 30])
def test_no_size_is_no_limit(size: str) -> None:
    """SIZE without a usable number limits nothing."""
    (reply,), _fault = read(f"250-server.example\r\n250 SIZE {size}\r\n".encode())
    assert (Features.of(reply).sized, Features.of(reply).size) == (True, 0)
