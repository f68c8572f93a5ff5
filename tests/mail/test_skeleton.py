"""The body: three parsers agree on what is in it, and whatever is put in leaves it whole."""

from __future__ import annotations

import html
from dataclasses import replace
from email.message import EmailMessage

import pytest
from fast_mail_parser import PyMimePart

from newsletter.compose.edition import Edition, Variant
from newsletter.mail.skeleton import PlaceRefusedError, Skeleton
from newsletter.mail.ways_out import WaysOut
from tests.mail import parsers, samples
from tests.mail.samples import EDITION, GENERAL, PLAIN_SETTINGS, SETTINGS, WITHOUT_IMAGE

KINDS = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
TOKEN = "f" * 40
VALUES = {**samples.VALUES, "unsubscribe_url": samples.link(TOKEN)}


def content(message: EmailMessage, kind: str) -> str:
    """Return what the plain or the html part says, with LF."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def leaves(part: PyMimePart) -> list[PyMimePart]:
    """Return the parts that hold no others."""
    return [leaf for child in part.children for leaf in leaves(child)] or [part]


def _message(
    edition: Edition = EDITION, variant: Variant = GENERAL, values: dict[str, str] | None = None
) -> bytes:
    """Print a body under the one field it needs."""
    skeleton = Skeleton.of(edition, variant, WaysOut.of(SETTINGS))
    coded = skeleton.coded(samples.VALUES if values is None else values, TOKEN)
    return b"".join((skeleton.content_type, b"\r\n", *skeleton.body(coded)))


def test_structure() -> None:
    """Text first, HTML with its image after it, no defect anywhere, for both of Python's policies."""
    message = _message()
    for read in (parsers.modern, parsers.classic):
        parts = list(read(message).walk())
        assert [part.get_content_type() for part in parts] == KINDS
        assert [part.defects for part in parts] == [[]] * 5
    kinds = [leaf.content_type for leaf in leaves(parsers.foreign(message))]
    assert kinds == ["text/plain", "text/html", "image/png"]


def test_parts_say_what_the_edition_says() -> None:
    """Both parts decode to the edition's text with the values filled in, escaped in HTML only."""
    message = _message()
    read = parsers.modern(message)
    text, page = EDITION.fill(GENERAL.text, VALUES), EDITION.fill(GENERAL.html, VALUES, html.escape)
    assert (content(read, "plain"), content(read, "html")) == (text, page)
    first, second, _image = (leaf.content or b"" for leaf in leaves(parsers.foreign(message)))
    assert first.decode().replace("\r\n", "\n") == text
    assert second.decode().replace("\r\n", "\n") == page


def test_text_part_is_flowed() -> None:
    """The text part says format=flowed, delsp=no (RFC 3676), both are UTF-8 in quoted-printable."""
    _top, text, _related, page, _image = parsers.modern(_message()).walk()
    assert (text.get_param("format"), text.get_param("delsp")) == ("flowed", "no")
    for part in (text, page):
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "quoted-printable"


def test_image_travels_with_the_variant_that_shows_it() -> None:
    """Only images that the HTML names by `cid:` are in the mail, inline, octet for octet."""
    image = list(parsers.modern(_message()).walk())[-1]
    assert image.get_payload(decode=True) == samples.ASSETS[0].data
    assert image["Content-ID"] == "<logo-1@example.org>"
    assert (image.get_content_disposition(), image.get_filename()) == ("inline", "logo-1.png")


def test_variant_without_images_has_no_related_part() -> None:
    """Without an inline image the HTML stands in the alternative itself."""
    parts = list(parsers.modern(_message(variant=WITHOUT_IMAGE)).walk())
    assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]


def test_fallbacks_stand_for_what_is_not_known() -> None:
    """A place without a value, or with an empty one, has the edition's neutral form."""
    text = content(parsers.modern(_message(values={"salutation": ""})), "plain")
    assert text.startswith("Sehr geehrte Damen und Herren,\n")
    assert "Ihre Verwaltung" in text


def test_without_a_page_readers_leave_by_mail() -> None:
    """Where no address to unsubscribe at is set, the neutral way out stands in the body."""
    skeleton = Skeleton.of(EDITION, GENERAL, WaysOut.of(PLAIN_SETTINGS))
    body = b"".join((skeleton.content_type, b"\r\n", *skeleton.body(skeleton.coded({}, TOKEN))))
    text = content(parsers.modern(body), "plain")
    assert text.endswith("Abmelden: mailto:redaktion@example.org?subject=Abmelden\n")


@pytest.mark.parametrize("value", ["a\nb", "a\r\n.\r\nQUIT", "a\x00", "a\u2028b", "\x85", "\ud800"])
def test_values_are_one_line(value: str) -> None:
    """A line break in a value is refused, naming the place and the value."""
    with pytest.raises(PlaceRefusedError) as caught:
        _message(values={"organisation": value})
    assert (caught.value.place, caught.value.value) == ("organisation", value)


def test_boundaries_follow_the_digest() -> None:
    """Another edition has other boundaries, each with `=_`, which no encoded body contains."""
    other = replace(EDITION, preheader="etwas anderes")
    boundaries = [
        part.get_boundary() or ""
        for edition in (EDITION, other)
        for part in parsers.modern(_message(edition)).walk()
        if part.is_multipart()
    ]
    assert len(set(boundaries)) == 4
    assert all("=_" in boundary and len(boundary) <= 70 for boundary in boundaries)


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
    message = _message(variant=Variant("general", frozenset(), (), text, text), values={"salutation": "S"})
    for kind in ("plain", "html"):
        assert content(parsers.modern(message), kind) == f"{body}\n"
    wanted = f"{body}\n".replace("\n", "\r\n").encode()
    assert [leaf.content for leaf in leaves(parsers.foreign(message))] == [wanted] * 2
