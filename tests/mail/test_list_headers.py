"""The fields about the list: what mail programs and providers read in them, or why they cannot stand."""

from __future__ import annotations

import pytest

from newsletter.mail import further, list_headers
from newsletter.mail.headers import HeaderRefusedError
from newsletter.mail.return_path import ReturnPath, ReturnPathError
from newsletter.mail.ways_out import WaysOut
from newsletter.settings_model import Settings
from newsletter.settings_sending import Sender
from tests.mail import parsers, samples
from tests.mail.samples import EDITION, PLAIN_SETTINGS, SETTINGS

TOKEN = "0123456789" * 4


def _fields(settings: Settings) -> dict[str, str]:
    """Return what is the same for all readers, by name."""
    message = b"".join(list_headers.fields(EDITION, EDITION.general, settings, test=False)) + b"\r\n"
    return {name: str(value) for name, value in parsers.modern(message).items()}


def test_list_fields() -> None:
    """All fields of the list as the settings have them, addresses as ASCII."""
    assert _fields(SETTINGS) == {
        "List-Id": "Interkommunales für Übermorgen <newsletter.xn--stdte-hra.example>",
        "List-Help": "<https://example.org/hilfe>",
        "List-Owner": "<mailto:redaktion@example.org>",
        "List-Archive": "<https://archiv.example/newsletter>",
        "List-Post": "NO",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": "2023-3:general:newsletter:staedte",
        "CFBL-Address": "fbl@post.xn--stdte-hra.example; report=arf",
    }


def test_list_fields_without_settings() -> None:
    """Without settings there are those that need none."""
    assert list(_fields(PLAIN_SETTINGS)) == [
        *("List-Id", "List-Post", "Precedence", "X-Auto-Response-Suppress"),
    ]


@pytest.mark.parametrize(
    ("url", "written"),
    [
        pytest.param("https://example.org", "https://example.org", id="as-it-is"),
        pytest.param(
            "https://example.org/a?b=1&c=%20#d", "https://example.org/a?b=1&c=%20#d", id="encoded-already"
        ),
        pytest.param(
            "https://städte.example:8443/ü", "https://xn--stdte-hra.example:8443/%C3%BC", id="umlauts"
        ),
        pytest.param("http://[::1]:8025/x", "http://[::1]:8025/x", id="ipv6"),
        pytest.param("https://u:p@städte.example/", "https://u:p@xn--stdte-hra.example/", id="with-a-login"),
        pytest.param("https://example.org/<a>,b", "https://example.org/%3Ca%3E,b", id="brackets"),
    ],
)
def test_web_addresses_are_ascii(url: str, written: str) -> None:
    """A web address stands in a header without letters beyond ASCII and without brackets."""
    assert list_headers.web_address("List-Help", url) == written


@pytest.mark.parametrize(
    "url", ["https://", "https://a>b/", "https://a b/", "https://[x/", "https://ü..x/", "https://a,b/"]
)
def test_wrong_web_addresses_are_refused(url: str) -> None:
    """What has no host cannot be an address."""
    with pytest.raises(HeaderRefusedError):
        list_headers.web_address("List-Help", url)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        pytest.param("a+b@example.org", "mailto:a+b@example.org", id="plus"),
        pytest.param("a&b=c?d%e@example.org", "mailto:a%26b%3Dc%3Fd%25e@example.org", id="signs-of-an-url"),
        pytest.param('"a b"@example.org', "mailto:%22a%20b%22@example.org", id="quoted"),
    ],
)
def test_mail_addresses_in_links(address: str, written: str) -> None:
    """An address stands in a mailto link as RFC 6068 wants it."""
    assert list_headers.mailto("List-Owner", address) == written


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("fbl@städte.example", True),
        ("fbl@XN--STDTE-HRA.example", True),
        ("fbl@a.b.städte.example", True),
        ("fbl@example.org", False),
        ("fbl@allestädte.example", False),
        ("fbl@xxn--stdte-hra.example", False),
    ],
)
def test_complaints_go_to_the_senders_domain(address: str, *, fits: bool) -> None:
    """CFBL-Address is in the sender's domain or below it (RFC 9477 §3.1); else its cure is told."""
    settings = samples.with_list(feedback_address=address)
    if fits:
        assert _fields(settings)["CFBL-Address"].endswith("; report=arf")
        return
    with pytest.raises(list_headers.FeedbackAddressError, match="feedback_address"):
        _fields(settings)


def test_feedback_id_has_four_parts() -> None:
    """Whatever a variant is called, the sender's name is the fourth and last part."""
    made = b"".join(list_headers.fields(EDITION, samples.WITHOUT_IMAGE, SETTINGS, test=True))
    assert b"Feedback-ID: 2023-3:districts:test:staedte\r\n" in made


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        pytest.param(
            PLAIN_SETTINGS, f"<mailto:amt@example.org?subject=unsubscribe-{TOKEN}>", id="to-the-sender"
        ),
        pytest.param(
            samples.with_list(unsubscribe_url=None, unsubscribe_address=None),
            f"<mailto:redaktion@example.org?subject=unsubscribe-{TOKEN}>",
            id="to-who-answers",
        ),
        pytest.param(
            samples.with_list(unsubscribe_url=None),
            f"<mailto:leave@example.org?subject=unsubscribe-{TOKEN}>",
            id="to-its-own-address",
        ),
        pytest.param(
            samples.with_list(unsubscribe_url="https://example.org/{token}/ü"),
            f"<https://example.org/{TOKEN}/%C3%BC>, <mailto:leave@example.org?subject=unsubscribe-{TOKEN}>",
            id="one-click-first",
        ),
    ],
)
def test_ways_out(settings: Settings, field: str) -> None:
    """The web address first where there is one, then the mail address; one click only with the first."""
    ways_out = WaysOut.of(settings)
    message = ways_out.unsubscribe(TOKEN) + ways_out.post + b"\r\n"
    assert parsers.modern(message)["List-Unsubscribe"] == field
    assert parsers.foreign(message).headers["List-Unsubscribe"] == [field]
    assert ("List-Unsubscribe-Post" in parsers.modern(message)) == ("https://" in field)
    assert b"=?" not in message


@pytest.mark.parametrize(
    "name",
    [
        *("From", "to", "CC", "bcc", "Subject", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
        *(
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
            "DKIM-Signature",
            "Resent-To",
            "Sender",
        ),
        *(
            "Return-Path",
            "Received",
            "Feedback-ID",
            "CFBL-Address",
            "Disposition-Notification-To",
            "Precedence",
        ),
        *("X Test", "X:Test", "", "=?x?q?y?=", "X-Ü", "9"),
    ],
)
def test_further_fields_are_further_ones(name: str) -> None:
    """A field that we write, that is not the sender's, or that is no name, is refused with a cure."""
    with pytest.raises(HeaderRefusedError, match=r"\[list\.headers\]") as caught:
        list(further.fields({name: "x"}))
    assert (caught.value.header, caught.value.value) == (name, "x")


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "=?utf-8?q?x?=", "x" * 1000])
def test_further_values_are_one_line(value: str) -> None:
    """An empty value, one with a line break or too long a one is refused."""
    with pytest.raises(HeaderRefusedError):
        list(further.fields({"X-Test": value}))


def test_further_fields_stand_once() -> None:
    """Two spellings of a name are the same field."""
    with pytest.raises(HeaderRefusedError):
        list(further.fields({"X-Test": "1", "x-test": "2"}))


def test_further_fields_as_written() -> None:
    """Plain values stand as they are, others as encoded-words; List-Subscribe may be set."""
    wanted = {
        "X-CSA-Complaints": "a@example.org",
        "X-Office": "Büro",
        "List-Subscribe": "<https://example.org/>",
    }
    read = parsers.modern(b"".join(further.fields(wanted)) + b"\r\n")
    assert dict(read.items()) == wanted


@pytest.mark.parametrize(
    ("path", "address"),
    [
        pytest.param(None, b"amt@xn--stdte-hra.example", id="the-sender"),
        pytest.param("bounces@example.org", b"bounces@example.org", id="one-for-all"),
        pytest.param("b-{token}-x@städte.example", f"b-{TOKEN}-x@xn--stdte-hra.example".encode(), id="verp"),
        pytest.param("{token}@städte.example", f"{TOKEN}@xn--stdte-hra.example".encode(), id="token-alone"),
        pytest.param("b@{token}.example.org", f"b@{TOKEN}.example.org".encode(), id="token-in-the-domain"),
    ],
)
def test_return_path(path: str | None, address: bytes) -> None:
    """Without a setting the sender's address; with a token each recipient has one of their own."""
    made = ReturnPath.of(Sender(name="Amt", address="amt@städte.example", return_path=path))
    assert made.address(TOKEN) == address


def test_return_path_is_not_too_long() -> None:
    """A local part over 64 characters would be refused by servers; the cure says what there is room for."""
    with pytest.raises(ReturnPathError, match="24 characters"):
        ReturnPath.of(
            Sender(name="Amt", address="a@example.org", return_path=f"{'b' * 25}{{token}}@example.org")
        )
