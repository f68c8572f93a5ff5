"""E-mail addresses: which are taken, and which spellings are the same person."""

from __future__ import annotations

import unicodedata

import email_validator
import pytest
from hypothesis import assume, example, given, reject
from hypothesis import strategies as st

from newsletter import address
from newsletter.address import Address, AddressError, key_of, shortened

PIECE = st.text("abz019-_+.'ÄßKſİ", min_size=1, max_size=12)
DOMAINS = st.sampled_from(
    ["Example.ORG", "müller.de", "xn--mller-kva.de", "MÜLLER.de", "bücher.example", "a-b.co"]
)
ANY = st.one_of(
    st.builds(
        "{}@{}.{}".format, PIECE, PIECE, st.sampled_from(["de", "test", "example", "museum", "c0m", "köln"])
    ),
    st.builds("{}@{}".format, PIECE, DOMAINS),
    st.emails(),
    st.text(max_size=30),
    st.builds("{}@{}".format, st.text(max_size=8), DOMAINS),
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Erika@Example.ORG", "erika@example.org"),
        ("a@müller.de", "a@xn--mller-kva.de"),
        ("a@MÜLLER.de", "a@xn--mller-kva.de"),
        ("a@xn--mller-kva.de", "a@xn--mller-kva.de"),
        ("JÜRGEN@example.org", "jürgen@example.org"),
        ("ju\u0308rgen@example.org", "jürgen@example.org"),
        ('"a b"@example.org', '"a b"@example.org'),
        ("o'hara+x@example.org", "o'hara+x@example.org"),
    ],
    ids=[
        "capitals",
        "U-label",
        "capital U-label",
        "A-label",
        "umlaut",
        "decomposed umlaut",
        "quoted",
        "signs",
    ],
)
def test_key(text: str, key: str) -> None:
    """Each spelling has the one key; the spelling itself is kept."""
    assert Address.parse(f" {text} ") == Address(text, key)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty."),
        ("erika.example.org", "the @ is missing."),
        ("a b@example.org", "one address without spaces"),
        ("a@example.org, b@example.org", "one address without spaces"),
        ("a@rechner.local", "no mail reaches the domain rechner.local."),
        ("a@@example.org", "it is not of the form name@example.org."),
        ("a@example", "it is not of the form name@example.org."),
        ("a..b@example.org", "it is not of the form name@example.org."),
        ("a\0b@example.org", "it is not of the form name@example.org."),
        ("a@-x.org", "it is not of the form name@example.org."),
        ("a@x." + "y" * 64 + ".org", "it is not of the form name@example.org."),
        ("l" * 65 + "@example.org", "it is not of the form name@example.org."),
        ("l" * 64 + "@" + "d" * 251 + ".org", "it has 320 characters, 254 are possible."),
    ],
    ids=[
        "empty",
        "no @",
        "space",
        "two",
        "local",
        "two @",
        "no dot",
        "two dots",
        "NUL",
        "hyphen",
        "long label",
        "long local part",
        "320 characters",
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What no mail could reach is refused with the likely reason, in the editor's words."""
    with pytest.raises(AddressError) as caught:
        key_of(text)
    assert caught.value.reason.startswith(reason)
    assert caught.value.value == text


def test_messages_carry_no_control_characters() -> None:
    """A refused address cannot send escape sequences to a terminal."""
    with pytest.raises(AddressError) as caught:
        key_of("\x1b[31m\r\n@x")
    assert str(caught.value).isprintable()


def test_different_mailboxes_stay_different() -> None:
    """`ß` and `ss` before the @ are two mailboxes."""
    assert key_of("strauß@example.org") != key_of("strauss@example.org")


def test_special_domains_are_those_of_the_validator() -> None:
    """The short way knows every top-level domain that email-validator refuses."""
    assert set(email_validator.SPECIAL_USE_DOMAIN_NAMES) == address._SPECIAL  # noqa: SLF001 (the claim is about it)


@given(ANY)
@example("K@example.org")
@example("ſ@example.org")
@example("a@x.ab--cd.de")
@example("a@xn--0.de")
@example("a@localhost.test")
def test_the_short_way_accepts_what_the_validator_accepts(text: str) -> None:
    """No address comes in by the short way that email-validator refuses, nor with another key."""
    try:
        key = key_of(text)
    except AddressError:
        reject()
    valid = email_validator.validate_email(
        text, check_deliverability=False, allow_quoted_local=True, strict=True
    )
    local = unicodedata.normalize("NFC", valid.local_part.lower())
    assert key == f"{local}@{valid.ascii_domain.lower()}"


@given(ANY)
def test_the_short_way_refuses_nothing(text: str) -> None:
    """What email-validator accepts has a key, unless it is too long."""
    assume(len(text) <= address.MAX_LENGTH)
    try:
        email_validator.validate_email(text, check_deliverability=False, allow_quoted_local=True, strict=True)
    except email_validator.EmailNotValidError:
        reject()
    assert key_of(text)


@given(ANY)
def test_a_key_is_its_own_key(text: str) -> None:
    """Taking the key of a key changes nothing."""
    try:
        key = key_of(text)
    except AddressError:
        reject()
    assert key_of(key) == key


@given(st.text("abcäöüéñжяαβ.-", min_size=1, max_size=12), DOMAINS)
def test_spellings_meet(local: str, domain: str) -> None:
    """Capitals and decomposed letters have the key of the plain spelling."""
    text = f"{local}@{domain}"
    try:
        key = key_of(text)
    except AddressError:
        reject()
    assert key_of(f"{local.upper()}@{domain.upper()}") == key
    assert key_of(unicodedata.normalize("NFD", text)) == key
    assert key_of(key.rpartition("@")[0] + "@" + domain) == key


@pytest.mark.parametrize(
    ("text", "short"),
    [("erika@example.org", "e…@example.org"), ("@example.org", "…@example.org"), ("erika", "e…")],
    ids=["address", "no local part", "no address"],
)
def test_shortened(text: str, short: str) -> None:
    """Logs show the domain and one letter."""
    assert shortened(text) == short
