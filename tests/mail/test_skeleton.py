"""The whole message: three parsers agree on what is in it, and nothing in it can be broken from outside."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from fast_mail_parser import PyMimePart
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.edition import Edition, Variant
from newsletter.mail.headers import HeaderRefusedError
from newsletter.mail.skeleton import PlaceRefusedError, Skeleton
from newsletter.settings_sending import Sender
from tests.mail import parsers, samples
from tests.mail.samples import EDITION, ENVELOPE, GENERAL, SETTINGS, WITHOUT_IMAGE
from tests.mail.test_headers import NAMES, PAYLOADS

FIELDS = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
]
FIELDS += ["List-Id", "Precedence", "Content-Language", "MIME-Version", "Content-Type"]
KINDS = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


def _expected(text: str, edition: Edition = EDITION, *, escape: bool) -> str:
    return edition.fill(text, ENVELOPE.values, html.escape if escape else str)


def _content(message: EmailMessage, kind: str) -> str:
    """Return what the plain or the html part says, with LF."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def _leaves(part: PyMimePart) -> list[PyMimePart]:
    return [leaf for child in part.children for leaf in _leaves(child)] or [part]


def _messages(envelope_values: dict[str, str]) -> bytes:
    return samples.skeleton().message(replace(ENVELOPE, values=envelope_values))


def test_structure() -> None:
    """Text first, HTML with its image after it, no defect anywhere, for both of Python's policies."""
    message = samples.skeleton().message(ENVELOPE)
    for read in (parsers.modern, parsers.classic):
        parts = list(read(message).walk())
        assert [part.get_content_type() for part in parts] == KINDS
        assert [part.defects for part in parts] == [[]] * 5
    leaves = _leaves(parsers.foreign(message))
    assert [leaf.content_type for leaf in leaves] == ["text/plain", "text/html", "image/png"]


def test_parts_say_what_the_edition_says() -> None:
    """Both parts decode to the edition's text with the values filled in, escaped in HTML only."""
    message = samples.skeleton().message(ENVELOPE)
    read = parsers.modern(message)
    assert _content(read, "plain") == _expected(GENERAL.text, escape=False)
    assert _content(read, "html") == _expected(GENERAL.html, escape=True)
    text, page, _image = (leaf.content or b"" for leaf in _leaves(parsers.foreign(message)))
    assert text.decode().replace("\r\n", "\n") == _expected(GENERAL.text, escape=False)
    assert page.decode().replace("\r\n", "\n") == _expected(GENERAL.html, escape=True)


def test_text_part_is_flowed() -> None:
    """The text part says format=flowed, delsp=no (RFC 3676), both are UTF-8 in quoted-printable."""
    _top, text, _related, page, _image = parsers.modern(samples.skeleton().message(ENVELOPE)).walk()
    assert (text.get_param("format"), text.get_param("delsp")) == ("flowed", "no")
    for part in (text, page):
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "quoted-printable"


def test_image_travels_with_the_variant_that_shows_it() -> None:
    """Only images that the HTML names by `cid:` are in the mail, inline, octet for octet."""
    image = list(parsers.modern(samples.skeleton().message(ENVELOPE)).walk())[-1]
    assert image.get_payload(decode=True) == samples.ASSETS[0].data
    assert image["Content-ID"] == "<logo-1@example.org>"
    assert (image.get_content_disposition(), image.get_filename()) == ("inline", "logo-1.png")


def test_variant_without_images_has_no_related_part() -> None:
    """Without an inline image the HTML stands in the alternative itself."""
    message = Skeleton.of(EDITION, WITHOUT_IMAGE, SETTINGS).message(ENVELOPE)
    parts = list(parsers.modern(message).walk())
    assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]
    assert [part.defects for part in parts] == [[]] * 3


def test_header_fields() -> None:
    """Each field is there once, in this order, and says what settings, edition and envelope say."""
    message = samples.skeleton().message(ENVELOPE)
    read = parsers.modern(message)
    assert read.keys() == FIELDS
    assert list(parsers.foreign(message).headers) == FIELDS
    (sender,) = read["From"].addresses
    assert sender.display_name == SETTINGS.sender.name
    assert sender.addr_spec == "newsletter@xn--stdte-hra.example"
    assert read["Reply-To"] == "redaktion@example.org"
    assert read["Subject"] == EDITION.subject
    assert read["Date"].datetime == ENVELOPE.date
    assert parsers.decoded(parsers.classic(message)["List-Id"]) == (
        "Interkommunales für Übermorgen <newsletter.xn--stdte-hra.example>"
    )
    assert (read["Precedence"], read["Content-Language"]) == ("bulk", "de")
    assert read["List-Unsubscribe"] == ENVELOPE.extra_headers[0][1]
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_no_reply_to_without_one() -> None:
    """Without a reply address there is no Reply-To: answers go to the sender."""
    settings = SETTINGS.model_copy(update={"sender": Sender(name="Amt", address="amt@example.org")})
    message = Skeleton.of(EDITION, GENERAL, settings).message(ENVELOPE)
    assert "Reply-To" not in parsers.modern(message)


def test_fallbacks_stand_for_what_is_not_known() -> None:
    """A place without a value, or with an empty one, has the edition's neutral form."""
    text = _content(parsers.modern(_messages({"salutation": ""})), "plain")
    assert text.startswith("Sehr geehrte Damen und Herren,\n")
    assert "Ihre Verwaltung" in text


def test_personal_subject() -> None:
    """A place in the subject is filled, and the subject encoded after that."""
    message = samples.skeleton(samples.PERSONAL_SUBJECT).message(ENVELOPE)
    assert parsers.modern(message)["Subject"] == "Amt für <Straßen> & “Plätze”: Fördermittel"


@given(st.dictionaries(st.sampled_from(["salutation", "organisation", "unsubscribe"]), NAMES), NAMES)
def test_any_values_leave_the_message_whole(values: dict[str, str], name: str) -> None:
    """Whatever readers are called, the message has its parts, its fields and its text, and fits the wire."""
    envelope = replace(ENVELOPE, values=values, to_name=name)
    message = samples.skeleton(samples.PERSONAL_SUBJECT).message(envelope)
    read = parsers.modern(message)
    assert read.keys() == FIELDS
    assert [part.get_content_type() for part in read.walk()] == KINDS
    assert _content(read, "plain") == EDITION.fill(GENERAL.text, values)
    assert _content(read, "html") == EDITION.fill(GENERAL.html, values, html.escape)
    assert parsers.decoded(parsers.classic(message)["Subject"]) == EDITION.fill(
        "zqP01zq: Fördermittel", values
    )
    for line in parsers.lines(message):
        assert len(line) <= 76 or line.startswith(b"List-Unsubscribe:")
        assert not line.startswith((b".", b"From "))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_injection_is_refused(payload: str) -> None:
    """A value cannot begin another field, by display name, subject, address or further field."""
    envelopes = [
        replace(ENVELOPE, to_name=payload),
        replace(ENVELOPE, to_address=f"{payload}@example.org"),
        replace(ENVELOPE, extra_headers=(("X-Test", payload),)),
        replace(ENVELOPE, values={"organisation": payload}),
    ]
    skeleton = samples.skeleton(samples.PERSONAL_SUBJECT)
    for envelope in envelopes:
        with pytest.raises((HeaderRefusedError, PlaceRefusedError)):
            skeleton.message(envelope)


@pytest.mark.parametrize("value", ["a\nb", "a\r\n.\r\nQUIT", "a\x00", "a\u2028b", "\x85"])
def test_values_are_one_line(value: str) -> None:
    """A line break in a value is refused, naming the place and the value."""
    with pytest.raises(PlaceRefusedError) as caught:
        _messages({"organisation": value})
    assert (caught.value.place, caught.value.value) == ("organisation", value)


@pytest.mark.parametrize("name", ["To", "bcc", "Subject", "Message-ID", "Content-Type", "X-Twice"])
def test_further_fields_are_further_ones(name: str) -> None:
    """A field that is there already, or must not be there, cannot be added."""
    with pytest.raises(HeaderRefusedError):
        samples.skeleton().message(replace(ENVELOPE, extra_headers=(("X-Twice", "1"), (name, "2"))))


def test_same_edition_same_bytes() -> None:
    """A message built again is the same to the byte, boundaries included."""
    assert samples.skeleton(replace(EDITION)).message(ENVELOPE) == samples.skeleton().message(ENVELOPE)


def test_boundaries_follow_the_digest() -> None:
    """Another edition has other boundaries, each with `=_`, which no encoded body contains."""
    other = replace(EDITION, preheader="etwas anderes")
    boundaries = [
        part.get_boundary() or ""
        for edition in (EDITION, other)
        for part in parsers.modern(samples.skeleton(edition).message(ENVELOPE)).walk()
        if part.is_multipart()
    ]
    assert len(set(boundaries)) == 4
    assert all("=_" in boundary and len(boundary) <= 70 for boundary in boundaries)


def test_message_id_is_the_recipients() -> None:
    """Stable over attempts and times, another for every recipient, told without building the message."""
    skeleton = samples.skeleton()
    later = replace(ENVELOPE, date=ENVELOPE.date + timedelta(days=1), to_name="")
    made = [
        parsers.modern(skeleton.message(envelope))["Message-ID"]
        for envelope in (ENVELOPE, later, replace(ENVELOPE, recipient_key="43"))
    ]
    assert made[0] == made[1] == skeleton.message_id("42")
    assert made[2] == skeleton.message_id("43") != made[0]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        pytest.param("zqP00zq", "S", id="only-a-place"),
        pytest.param("zqP00zqzqP00zq", "SS", id="places-side-by-side"),
        pytest.param("\nzqP00zq\n", "\nS", id="place-on-its-own-line"),
        pytest.param("", "", id="nothing"),
        pytest.param("a zqP00zq b", "a S b", id="within-a-line"),
    ],
)
def test_places_anywhere(text: str, body: str) -> None:
    """Wherever places stand, the part decodes to the text, ending in a line end."""
    edition = replace(EDITION, variants=(Variant("general", frozenset(), (), text, text),))
    message = samples.skeleton(edition).message(replace(ENVELOPE, values={"salutation": "S"}))
    for kind in ("plain", "html"):
        assert _content(parsers.modern(message), kind) == f"{body}\n"
    assert [leaf.content for leaf in _leaves(parsers.foreign(message))] == [
        f"{body}\n".replace("\n", "\r\n").encode()
    ] * 2
