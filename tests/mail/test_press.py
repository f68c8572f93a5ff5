"""Letters: each recipient gets the whole message, and nothing in it can be broken from outside."""

from __future__ import annotations

import html
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import NewsletterError
from newsletter.mail.headers import HeaderRefusedError
from newsletter.mail.message_ids import MessageIds
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.mail.skeleton import PlaceRefusedError
from tests.mail import parsers, samples
from tests.mail.samples import DATE, EDITION, GENERAL, PLAIN_SETTINGS, RECIPIENT, SETTINGS
from tests.mail.test_headers import NAMES, PAYLOADS
from tests.mail.test_skeleton import KINDS, content, leaves

FIELDS = [
    *("Date", "From", "Reply-To", "Subject", "To", "Message-ID", "List-Unsubscribe", "CFBL-Feedback-ID"),
    *("List-Unsubscribe-Post", "List-Id", "List-Help", "List-Owner", "List-Archive", "List-Post"),
    *("Precedence", "X-Auto-Response-Suppress", "Feedback-ID", "CFBL-Address"),
    *("X-CSA-Complaints", "X-Office", "Content-Language", "MIME-Version", "Content-Type"),
]
PLAIN_FIELDS = [
    *("Date", "From", "Subject", "To", "Message-ID", "List-Unsubscribe", "List-Id", "List-Post"),
    *("Precedence", "X-Auto-Response-Suppress", "Content-Language", "MIME-Version", "Content-Type"),
]
LONG = (b"List-Unsubscribe:", b" <mailto:")
"""Lines over 76 characters: addresses cannot be folded."""
PERSONAL = samples.press(samples.PERSONAL_SUBJECT)


def _read(press: Press, recipient: Recipient = RECIPIENT) -> EmailMessage:
    return parsers.modern(press.letter(recipient).data)


def test_fields() -> None:
    """Each field is there once, in the same order, for each parser."""
    message = samples.message()
    assert parsers.modern(message).keys() == FIELDS
    assert parsers.classic(message).keys() == FIELDS
    foreign = parsers.foreign(message).headers
    assert sorted(name.lower() for name in foreign) == sorted(name.lower() for name in FIELDS)
    assert all(len(values) == 1 for values in foreign.values())


def test_fields_without_settings() -> None:
    """Where nothing is set, the fields of a list are there that need no setting."""
    assert _read(samples.press(settings=PLAIN_SETTINGS)).keys() == PLAIN_FIELDS


def test_who_and_what() -> None:
    """Sender, answers, recipient by name, subject and date are what settings, ledger and edition say."""
    read = _read(samples.press())
    assert read["From"].addresses[0].display_name == SETTINGS.sender.name
    assert read["From"].addresses[0].addr_spec == "newsletter@xn--stdte-hra.example"
    assert read["Reply-To"] == "redaktion@example.org"
    assert read["To"].addresses[0].display_name == "Erika Müller-Muster"
    assert read["To"].addresses[0].addr_spec == RECIPIENT.address
    assert (read["Subject"], read["Date"].datetime) == (EDITION.subject, DATE)
    assert (read["Precedence"], read["Content-Language"]) == ("bulk", "de")


def test_unknown_names_leave_the_address_alone() -> None:
    """Of whom no name is known, the address stands by itself."""
    assert _read(samples.press(), Recipient(1, "amt@example.org"))["To"] == "amt@example.org"


def test_envelope() -> None:
    """The envelope names the recipient, and a return path that names mailing and recipient."""
    press = samples.press()
    letter = press.letter(RECIPIENT)
    assert (letter.recipient, letter.utf8) == (b"erika.muster@example.org", False)
    local, _at, domain = letter.sender.decode().partition("@")
    assert domain == "xn--stdte-hra.example"
    assert press.mint.read("bounce", local.removeprefix("bounces+")) == (7, 42)


def test_ways_out_name_the_recipient() -> None:
    """The links in header and body, and the mail to write, carry the same token; it names the recipient."""
    press = samples.press()
    read = _read(press)
    token = read["List-Unsubscribe"].rpartition("-")[2].rstrip(">")
    assert press.mint.read("unsubscribe", token) == (7, 42)
    assert read["List-Unsubscribe"] == (
        f"<{samples.link(token)}>, <mailto:leave@example.org?subject=unsubscribe-{token}>"
    )
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Abmelden: {samples.link(token)}\n" in content(read, "plain")
    assert f'<a href="{html.escape(samples.link(token))}">' in content(read, "html")


def test_complaints_name_the_recipient() -> None:
    """The complaint's identifier is a token of its own purpose."""
    press = samples.press()
    token = _read(press)["CFBL-Feedback-ID"]
    assert press.mint.read("feedback", token) == (7, 42)
    assert press.mint.read("unsubscribe", token) is None


def test_variants_follow_the_segments() -> None:
    """A reader in a segment gets its variant, one in others only the general one."""
    press = samples.press()
    for segments, parts in (("", 5), ("cities", 5), ("districts", 3), ("cities+districts", 3)):
        read = _read(press, RECIPIENT._replace(segments=segments))
        assert len(list(read.walk())) == parts
        assert read["Feedback-ID"].split(":")[1] == ("general" if parts == 5 else "districts")


def test_personal_subject() -> None:
    """A place in the subject is filled, and the subject encoded after that."""
    assert _read(PERSONAL)["Subject"] == "Amt für <Straßen> & “Plätze”: Fördermittel"


def test_own_fields_fill_places() -> None:
    """A field of the newsletter's own stands in its place; in a letter without it, the neutral form."""
    press = samples.press()
    assert "  in Köln<" in content(_read(press), "html")
    assert "  in NRW<" in content(_read(press, RECIPIENT._replace(fields="{}")), "html")


@pytest.mark.parametrize(
    ("address", "wire", "utf8"),
    [
        pytest.param("jürgen@example.org", "jürgen@example.org", True, id="letters-before-the-at"),
        pytest.param("jürgen@städte.example", "jürgen@xn--stdte-hra.example", True, id="both"),
        pytest.param("info@städte.example", "info@xn--stdte-hra.example", False, id="domain-only"),
        pytest.param('"a b"@example.org', '"a b"@example.org', False, id="quoted"),
    ],
)
def test_addresses_beyond_ascii(address: str, wire: str, *, utf8: bool) -> None:
    """Letters beyond ASCII before the @ need SMTPUTF8 and stand as UTF-8 (RFC 6532); domains never do."""
    letter = samples.press().letter(RECIPIENT._replace(address=address))
    assert (letter.recipient.decode(), letter.utf8) == (wire, utf8)
    assert f"<{wire}>\r\n".encode() in letter.data
    assert letter.data.isascii() is not utf8


def test_long_names_are_folded_beside_addresses_beyond_ascii() -> None:
    """Lines are counted in octets, also where an address is UTF-8."""
    letter = samples.press().letter(
        RECIPIENT._replace(address=f"{'ü' * 30}@example.org", first_name="x" * 60)
    )
    assert all(len(line) <= 76 or line.startswith(LONG) for line in parsers.lines(letter.data))
    assert parsers.modern(letter.data).keys() == FIELDS


@given(
    st.builds(
        Recipient,
        person=st.integers(0, 2**40 - 1),
        address=st.just("erika@example.org"),
        form=st.sampled_from(["none", "frau", "herr", "neutral"]),
        title=NAMES | st.just(""),
        first_name=NAMES | st.just(""),
        last_name=NAMES | st.just(""),
        organisation=NAMES | st.just(""),
        fields=st.dictionaries(st.sampled_from(["district", "members"]), NAMES).map(json.dumps),
        segments=st.just(""),
    )
)
def test_any_values_leave_the_message_whole(recipient: Recipient) -> None:
    """Whatever readers are called, the message has its parts, its fields and its text, and fits the wire."""
    message = PERSONAL.letter(recipient).data
    read = parsers.modern(message)
    assert sorted(read.keys()) == sorted(FIELDS)
    assert [part.get_content_type() for part in read.walk()] == KINDS
    token = PERSONAL.mint.tokens(7, recipient.person).unsubscribe
    values = dict(PERSONAL._plate("").values(recipient), unsubscribe_url=samples.link(token))  # noqa: SLF001
    assert content(read, "plain") == EDITION.fill(GENERAL.text, values)
    assert content(read, "html") == EDITION.fill(GENERAL.html, values, html.escape)
    subject = EDITION.fill("zqP01zq: Fördermittel", values)
    assert parsers.decoded(parsers.classic(message)["Subject"]) == subject
    assert len(leaves(parsers.foreign(message))) == 3
    for line in parsers.lines(message):
        assert len(line) <= 76 or line.startswith(LONG)
        assert not line.startswith((b".", b"From "))


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("name", ["address", "first_name", "last_name", "organisation", "title", "fields"])
def test_injection_is_refused_or_harmless(name: str, payload: str) -> None:
    """What of a reader tries to begin another field is refused, or stands in the body; no field is new."""
    value = {"fields": json.dumps({"district": payload}), "address": f"{payload}@example.org"}.get(
        name, payload
    )
    try:
        message = PERSONAL.letter(Recipient(**{**RECIPIENT._asdict(), name: value})).data
    except (HeaderRefusedError, PlaceRefusedError):
        return
    assert name != "address"
    assert sorted(parsers.modern(message).keys()) == sorted(parsers.classic(message).keys()) == sorted(FIELDS)
    foreign = parsers.foreign(message).headers
    assert sorted(name.lower() for name in foreign) == sorted(name.lower() for name in FIELDS)
    assert all(len(values) == 1 for values in foreign.values())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_injection_by_settings_is_refused(payload: str) -> None:
    """No setting brings a field of its own either, and the press says so before the first letter."""
    for settings in (
        samples.with_sender(name=payload),
        samples.with_sender(address=f"{payload}@example.org"),
        samples.with_sender(reply_to=f"{payload}@example.org"),
        samples.with_sender(return_path=f"{payload}@example.org"),
        samples.with_list(help_url=f"https://{payload}/"),
        samples.with_list(owner=f"{payload}@example.org"),
        samples.with_list(unsubscribe_url=f"https://{payload}/{{token}}"),
        samples.with_list(unsubscribe_address=f"{payload}@example.org"),
        samples.with_list(feedback_address=f"{payload}@xn--stdte-hra.example"),
        samples.with_list(headers={"X-Test": payload}),
        samples.with_list(headers={payload: "x"}),
        SETTINGS.model_copy(update={"newsletter": SETTINGS.newsletter.model_copy(update={"title": payload})}),
    ):
        with pytest.raises(NewsletterError):
            samples.press(settings=settings)


def test_same_letter_same_bytes() -> None:
    """A letter printed again, by another press, is the same to the byte; another date changes only that."""
    letter = samples.press().letter(RECIPIENT)
    assert samples.press().letter(RECIPIENT) == letter
    later = samples.press().dated(DATE + timedelta(hours=2)).letter(RECIPIENT)
    assert later.data.replace(b"10:30:00 +0000", b"08:30:00 +0000") == letter.data != later.data


def test_threads_print_the_same() -> None:
    """Several threads at one press print what one alone prints."""
    people = [RECIPIENT._replace(person=n, segments=("", "districts")[n % 2]) for n in range(200)]
    press = samples.press()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(press.letter, people)) == [samples.press().letter(person) for person in people]


def test_message_ids_are_known_without_printing() -> None:
    """Stable over attempts, times and mailings, another for every recipient, told from the digest alone."""
    press = samples.press()
    ids = MessageIds.of(EDITION.digest, SETTINGS)
    later = samples.press(mailing=8).dated(DATE + timedelta(days=1))
    made = [_read(one, RECIPIENT)["Message-ID"] for one in (press, later)]
    assert made == [ids(42), ids(42)] == [press.message_id(42)] * 2
    assert _read(press, RECIPIENT._replace(person=43))["Message-ID"] == ids(43) != ids(42)


def test_tests_are_marked() -> None:
    """A test mail says so in its subject and to Gmail, and its Message-ID is never the mailing's."""
    test = samples.press(mailing=0, mark="[Test] ")
    read = _read(test)
    assert read["Subject"] == f"[Test] {EDITION.subject}"
    assert _read(samples.press(samples.PERSONAL_SUBJECT, mark="[Test] "))["Subject"].startswith(
        "[Test] Amt für"
    )
    assert read["Feedback-ID"] == "2023-3:general:test:staedte"
    other = _read(test, RECIPIENT._replace(address="max@example.org"))
    later = _read(test.dated(DATE + timedelta(minutes=1)))
    assert len({one["Message-ID"] for one in (read, other, later)} | {test.message_id(42)}) == 4


def test_sample_is_the_same_mail() -> None:
    """A preview has the same fields and text; its tokens are of no list."""
    sample = Press.sample(EDITION, SETTINGS, date=DATE)
    read = _read(sample)
    assert read.keys() == FIELDS
    token = read["CFBL-Feedback-ID"]
    assert samples.press().mint.read("feedback", token) is None
    assert content(read, "plain").startswith("Sehr geehrte Frau Dr. Müller-Muster,")


def test_segments_unknown_to_the_edition_do_not_matter() -> None:
    """A segment that no section is for leads to the general variant."""
    press = samples.press(replace(EDITION, segments=("districts",)))
    assert press.letter(RECIPIENT._replace(segments="gone")).data == press.letter(RECIPIENT).data
