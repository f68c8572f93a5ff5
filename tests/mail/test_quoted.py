"""The quoted-printable pieces: whatever is joined decodes to what was said, and travels unchanged."""

from __future__ import annotations

import email
import quopri
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import quoted
from tests.mail import parsers

FRAGMENTS = st.sampled_from(
    [".", "..", "From ", "F", " ", "\n", "\n.", "\nFrom ", "=", "--", "ü", "€", "👩‍👧", "x" * 74]
)
"""What encoders stumble over; plain random text seldom has it."""
TEXTS = st.lists(FRAGMENTS | st.text(max_size=30), max_size=30).map("".join)
VALUES = TEXTS.map(lambda text: text.replace("\n", "").replace("\r", ""))
HEAD = (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def _spliced(texts: list[str]) -> bytes:
    return quoted.SOFT_BREAK.join(map(quoted.encode, texts))


def _told(texts: list[str]) -> str:
    """Return the text itself: each piece with its line ends made LF, one after the other."""
    return "".join(text.replace("\r\n", "\n") for text in texts)


def _unix(octets: bytes) -> str:
    """Take the CRLF of the wire for the LF it stands for (a CR of the text is never before an LF)."""
    return octets.decode().replace("\r\n", "\n")


@given(st.lists(TEXTS.filter(lambda text: not text.endswith("\r")), min_size=1, max_size=6))
def test_spliced_pieces_decode_to_the_text(texts: list[str]) -> None:
    """Pieces joined by soft breaks decode to the pieces joined by nothing, by quopri and by email."""
    body = _spliced([*texts, "\n"])
    want = _told([*texts, "\n"])
    assert _unix(quopri.decodestring(body)) == want
    part = email.message_from_bytes(HEAD + body, policy=policy.default)
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert _unix(payload) == want
    assert part.defects == []


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_spliced_pieces_decode_elsewhere(texts: list[str]) -> None:
    """A parser that is not Python's decodes the same octets as Python's does."""
    body = _spliced([*texts, "\n"])
    assert parsers.foreign(HEAD + body).content == quopri.decodestring(body)


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_no_line_is_changed_on_the_way(texts: list[str]) -> None:
    """No line is over 76, begins with `.` or `F`, ends in a space, or holds anything but printable ASCII."""
    for line in parsers.lines(_spliced(texts)):
        assert len(line) <= 76
        assert not line.startswith((b".", b"F"))
        assert not line.endswith((b" ", b"\t"))
        assert all(0x20 <= octet <= 0x7E for octet in line)


@given(VALUES)
def test_a_value_brings_no_line_of_its_own(value: str) -> None:
    """A value without line breaks adds only soft breaks, so it cannot end the part or the message."""
    assert all(line.endswith(b"=") for line in quoted.encode(value).split(b"\r\n")[:-1])


@given(TEXTS)
def test_no_boundary_in_a_body(text: str) -> None:
    """`=_`, which every boundary contains, is never written."""
    assert b"=_" not in quoted.encode(text + "=_")


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        pytest.param("", b"", id="nothing"),
        pytest.param("a b", b"a b", id="inner-space"),
        pytest.param("a \nb ", b"a=20\r\nb=20", id="space-at-line-and-piece-end"),
        pytest.param("a\t\n", b"a=09\r\n", id="tab"),
        pytest.param("a\tb", b"a=09b", id="inner-tab"),
        pytest.param(".", b"=2E", id="dot-alone"),
        pytest.param("a\x7f", b"a=7F", id="delete"),
        pytest.param("...", b"=2E..", id="dots"),
        pytest.param("x\nFrom y", b"x\r\n=46rom y", id="from"),
        pytest.param("a=b", b"a=3Db", id="equals"),
        pytest.param("ü€", b"=C3=BC=E2=82=AC", id="utf-8"),
        pytest.param("a\r\nb\rc", b"a\r\nb=0Dc", id="line-ends"),
        pytest.param("x" * 73, b"x" * 73, id="just-fits"),
        pytest.param("x" * 74, b"x" * 73 + b"=\r\nx", id="folded"),
        pytest.param("x" * 73 + ".", b"x" * 73 + b"=\r\n=2E", id="dot-after-fold"),
        pytest.param("x" * 72 + "ü", b"x" * 72 + b"=\r\n=C3=BC", id="code-stays-whole"),
    ],
)
def test_what_is_written(text: str, coded: bytes) -> None:
    """Each rule, octet by octet."""
    assert quoted.encode(text) == coded
