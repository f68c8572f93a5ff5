"""The header fields: what goes in comes out, in one field, and nothing else comes in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parseaddr, parsedate_to_datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import headers
from newsletter.mail.headers import HeaderRefusedError
from tests.mail import parsers

REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\\?")
TEXTS = st.text(max_size=150).filter(lambda text: not REFUSED.search(text))
NAMES = TEXTS.map(lambda text: " ".join(text.split())).filter(bool)
WORD = re.compile(rb"=\?utf-8\?[qb]\?[^? ]*\?=")
PAYLOADS = [
    pytest.param("=?utf-8?q?Hi=0D=0ABcc:_a@b.example?=", id="encoded-word-q"),
    pytest.param("=?utf-8?b?SGkNCkJjYzogYUBiLmV4YW1wbGU=?=", id="encoded-word-b"),
    pytest.param("Hi =?us-ascii?Q?=0ABcc:_a@b?=", id="encoded-word-within"),
    pytest.param("=?", id="beginning-of-a-word"),
    *(
        pytest.param(f"Hi{chr(code)}Bcc: a@b.example", id=f"U+{code:04X}")
        for code in (*range(32), *range(127, 160))
    ),
    pytest.param("Hi\r\nBcc: a@b.example", id="crlf"),
    pytest.param("Hi\r\n\r\n<p>body", id="body"),
    pytest.param("Hi\u2028Bcc: a@b.example", id="line-separator"),
    pytest.param("Hi\u2029Bcc: a@b.example", id="paragraph-separator"),
    pytest.param("Hi\ud800", id="half-a-character"),
]


@given(TEXTS)
def test_text_comes_out_as_it_went_in(value: str) -> None:
    """A subject is read as it was written by each parser, and the message has one field."""
    message = headers.text("Subject", value) + b"\r\n"
    assert parsers.classic(message).keys() == ["Subject"]
    assert parsers.decoded(parsers.classic(message)["Subject"]) == value
    assert list(parsers.foreign(message).headers) == ["Subject"]
    assert parsers.foreign(message).headers["Subject"] == [value]


@given(TEXTS)
def test_text_is_folded(value: str) -> None:
    """No line is over 76 characters, no encoded-word over 75, and each word is whole UTF-8."""
    field = headers.text("Subject", value)
    assert all(len(line) <= 76 for line in parsers.lines(field))
    for word in WORD.findall(field):
        assert len(word) <= 75
        parsers.decoded(word.decode())
    assert field.isascii()


@given(NAMES)
def test_display_name_comes_out_as_it_went_in(name: str) -> None:
    """A display name is read as it was written, with its one address."""
    message = headers.address("To", "erika@example.org", name) + b"\r\n"
    display, address = parseaddr(parsers.classic(message)["To"].replace("\r\n", ""))
    assert (parsers.decoded(display), address) == (name, "erika@example.org")
    field = parsers.modern(message)["To"]
    assert [mailbox.addr_spec for mailbox in field.addresses] == ["erika@example.org"]
    assert list(parsers.foreign(message).headers) == ["To"]
    assert all(len(line) <= 76 for line in parsers.lines(message))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_injection_is_refused(payload: str) -> None:
    """What could begin another field is refused in every kind of field, naming field and value."""
    for write in (
        partial(headers.text, "Subject", payload),
        partial(headers.address, "Subject", "a@example.org", payload),
        partial(headers.address, "Subject", f"{payload}@example.org"),
        partial(headers.raw, "Subject", payload),
        partial(headers.list_id, payload, "a@example.org"),
    ):
        with pytest.raises(HeaderRefusedError) as caught:
            write()
        assert payload in caught.value.value
        assert caught.value.header in {"Subject", "List-Id"}


@pytest.mark.parametrize("name", ["", "Sub ject", "Subject:", "Bcc\r\nX", "Über"])
def test_wrong_names_are_refused(name: str) -> None:
    """A name of a field is printable ASCII without a colon (RFC 5322 §3.6.8)."""
    with pytest.raises(HeaderRefusedError):
        headers.raw(name, "x")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        pytest.param("", b"Subject:\r\n", id="empty"),
        pytest.param("Newsletter III", b"Subject: Newsletter III\r\n", id="plain"),
        pytest.param("Neues für alle", b"Subject: =?utf-8?q?Neues_f=C3=BCr_alle?=\r\n", id="q-when-shorter"),
        pytest.param("日本語", b"Subject: =?utf-8?b?5pel5pys6Kqe?=\r\n", id="b-when-shorter"),
        pytest.param("a  b", b"Subject: =?utf-8?q?a__b?=\r\n", id="two-spaces-kept"),
    ],
)
def test_text_as_written(value: str, field: bytes) -> None:
    """Plain where ASCII does, else the shorter encoding."""
    assert headers.text("Subject", value) == field


@pytest.mark.parametrize(
    ("mailbox", "name", "field"),
    [
        pytest.param("a@example.org", "", b"To: a@example.org\r\n", id="bare"),
        pytest.param("a@example.org", "  ", b"To: a@example.org\r\n", id="blank-name"),
        pytest.param(
            "a@example.org", 'Dr. "E" \\', b'To: "Dr. \\"E\\" \\\\" <a@example.org>\r\n', id="quoted"
        ),
        pytest.param("a@b.c", "x, <y@z>", b'To: "x, <y@z>" <a@b.c>\r\n', id="another-address-as-name"),
        pytest.param("a@b.c", "Ö <y@z>", b"To: =?utf-8?b?w5YgPHlAej4=?= <a@b.c>\r\n", id="encoded-name"),
        pytest.param("info@städte.example", "", b"To: info@xn--stdte-hra.example\r\n", id="idn"),
        pytest.param("info@STÄDTE.example", "", b"To: info@xn--stdte-hra.example\r\n", id="idn-capitals"),
        pytest.param('"a b"@example.org', "", b'To: "a b"@example.org\r\n', id="quoted-local-part"),
    ],
)
def test_address_as_written(mailbox: str, name: str, field: bytes) -> None:
    """Quoted where ASCII does, else encoded; domains in A-labels."""
    assert headers.address("To", mailbox, name) == field


@pytest.mark.parametrize(
    "mailbox",
    [
        *("", "a", "@b.c", "a@", "a@b@c", "a b@c.de", "a@b c.de", "a..b@c.de", "a@b..de", "a@-b.de"),
        *("a@b.de, c@d.de", "a,c@d.de", "a@b.de>", "<a@b.de", '"a" b"@c.de', "a@[127.0.0.1]"),
        *("jürgen@example.org", "a@ü..de", "a@\u200b.de", f"{'a' * 1000}@b.de"),
    ],
)
def test_wrong_addresses_are_refused(mailbox: str) -> None:
    """One mailbox stands in an address field, as every server takes it."""
    with pytest.raises(HeaderRefusedError) as caught:
        headers.address("To", mailbox)
    assert (caught.value.header, caught.value.value) == ("To", mailbox)


def test_letters_before_the_at_are_told_apart() -> None:
    """An address that needs SMTPUTF8 is refused with this as the reason."""
    with pytest.raises(HeaderRefusedError, match="before the @"):
        headers.ascii_address("To", "jürgen@example.org")


def test_raw_fields_stay_whole() -> None:
    """A long List-Unsubscribe is folded between its addresses only, and read unchanged."""
    value = f"<https://example.org/u?t={'x' * 200}>, <mailto:leave@example.org?subject=leave>"
    message = headers.raw("List-Unsubscribe", value) + b"\r\n"
    assert message.count(b"\r\n ") == 1
    assert b"=?" not in message
    assert parsers.modern(message)["List-Unsubscribe"] == value
    assert parsers.foreign(message).headers["List-Unsubscribe"] == [value]


@pytest.mark.parametrize("value", ["<https://städte.example>", "x" * 990])
def test_raw_fields_are_ascii_of_bearable_length(value: str) -> None:
    """What would have to be encoded, or has a line over 998 characters, is refused."""
    with pytest.raises(HeaderRefusedError):
        headers.raw("List-Unsubscribe", value)


@given(st.text(st.sampled_from("ab,; "), max_size=200))
def test_raw_fields_have_no_blank_lines(value: str) -> None:
    """However a value is made of separators, no folded line is blank (RFC 5322 §3.2.2)."""
    message = headers.raw("X-Test", value) + b"\r\n"
    assert all(line.strip() for line in parsers.lines(message)[:-2])
    assert parsers.classic(message)["X-Test"].replace("\r\n", "") == value.strip()


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - hypothesis wants them without
def test_date_comes_out_as_it_went_in(moment: datetime, offset: int) -> None:
    """The Date is the moment, to the second, in its own zone."""
    when = moment.replace(tzinfo=timezone(timedelta(hours=offset)), microsecond=0)
    read = parsedate_to_datetime(headers.date(when).decode().removeprefix("Date: "))
    assert (read, read.utcoffset()) == (when, when.utcoffset())


def test_date_needs_a_zone() -> None:
    """A time without a zone is a mistake of the caller."""
    with pytest.raises(ValueError, match="time zone"):
        headers.date(datetime(2023, 9, 14, 8, 30))  # noqa: DTZ001 - that is the point


def test_date_as_written() -> None:
    """English names whatever the locale, the offset in figures."""
    assert (
        headers.date(datetime(2023, 9, 14, 8, 30, tzinfo=UTC)) == b"Date: Thu, 14 Sep 2023 08:30:00 +0000\r\n"
    )


@given(st.sets(st.text(max_size=20).filter(str.isprintable), min_size=2, max_size=20))
def test_message_id_is_each_recipients_own(keys: set[str]) -> None:
    """No two recipients share one, and the same recipient has the same again."""
    made = {headers.message_id("d1", key, "example.org") for key in keys}
    assert made == {headers.message_id("d1", key, "example.org") for key in keys}
    assert len(made) == len(keys)
    assert made.isdisjoint(headers.message_id("d2", key, "example.org") for key in keys)


def test_message_id_as_written() -> None:
    """Forty hexadecimal digits at the sender's domain; fixed for good, as ledgers keep it."""
    made = headers.message_id("d", "42", "xn--stdte-hra.example")
    assert made == "<c38bfff5a5d9aae0240207e9f1af80100553f41b@xn--stdte-hra.example>"


def test_list_id_as_written() -> None:
    """The label is the sender's address with a dot, the title before it (RFC 2919 §3)."""
    assert (
        headers.list_id("News", "Anne.Meier@Example.org") == b'List-Id: "News" <anne-meier.example.org>\r\n'
    )
