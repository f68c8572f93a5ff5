"""DKIM: what we sign, others take, and what was changed on the way, they do not."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail import canonical, dkim, quoted
from newsletter.mail.dkim import DkimKeyError, Key
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.settings_sending import Dkim, DkimKey
from tests.mail import parsers, samples, verifiers
from tests.mail.samples import EDITION, RECIPIENT
from tests.mail.test_headers import NAMES
from tests.mail.test_quoted import TEXTS
from tests.mail.verifiers import Records, needs_mail_dkim, needs_opendkim

DOMAIN = "xn--stdte-hra.example"
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
LINES = "".join(
    f"{line}\n"
    for line in (
        *(
            "..",
            ".",
            ". Punkt",
            "From hier",
            "Grüße aus Köln „heute“",
            "x" * 2000,
            "ü" * 700,
            "Ende mit Leerzeichen  ",
        ),
        *("  davor  und  dazwischen\tTab", "\t", " ", "", "", "zqP00zq  zqP01zq ", "zqP02zq", "", ""),
    )
)
"""What breaks signatures: dots, long lines, spaces at the end, blank lines at the end."""
TRAPS = replace(
    EDITION,
    variants=(replace(EDITION.general, text=LINES, html=f"<p>{LINES}</p>"),),
    subject="zqP01zq  für Sie",
)


class Signed(NamedTuple):
    """A press that signs, and what the DNS would say about its keys."""

    press: Press
    records: Records


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two keys: `rsa`, `ed25519`."""
    folder = tmp_path_factory.mktemp("keys")
    samples.make_key(folder / "rsa", *RSA)
    samples.make_key(folder / "ed25519", "-algorithm", "ed25519")
    return folder


@pytest.fixture(scope="module")
def signed(keys: Path) -> Signed:
    """A press with both keys and every trap."""
    press = samples.press(TRAPS, samples.signed("rsa", "ed25519"), root=keys)
    records = {name: text for key in keys.iterdir() for name, text in verifiers.record(key, DOMAIN).items()}
    return Signed(press, records)


def _tags(message: bytes) -> list[dict[str, str]]:
    """Return the tags of each signature."""
    fields = [str(value) for value in parsers.classic(message).get_all("DKIM-Signature", [])]
    return [dict(re.findall(r"(\w+)=([^;]*)", re.sub(r"\s+", "", field))) for field in fields]


def test_dkimpy_takes_it(signed: Signed) -> None:
    """The signature verifies by dkimpy, with every trap in the text."""
    assert verifiers.by_dkimpy(signed.press.letter(RECIPIENT).data, signed.records)


@needs_opendkim
def test_opendkim_takes_it(signed: Signed, tmp_path: Path) -> None:
    """OpenDKIM takes both."""
    message = signed.press.letter(RECIPIENT).data
    assert verifiers.by_opendkim(message, signed.records, tmp_path) == ["pass", "pass"]


@needs_mail_dkim
def test_mail_dkim_takes_it(signed: Signed, tmp_path: Path) -> None:
    """Mail::DKIM takes RSA; it knows nothing of Ed25519 (1.20230212), which is why both sign."""
    results = verifiers.by_mail_dkim(signed.press.letter(RECIPIENT).data, signed.records, tmp_path)
    assert results[0] == "rsa-sha256 pass"
    assert len(results) == 2


@settings(max_examples=40, deadline=None)
@given(name=NAMES, organisation=NAMES, person=st.integers(1, 2**40 - 1))
def test_any_letter_is_taken(signed: Signed, name: str, organisation: str, person: int) -> None:
    """Whatever a reader is called, the letter's signature verifies."""
    recipient = Recipient(person, "erika@example.org", "frau", "", name, name, organisation)
    assert verifiers.by_dkimpy(signed.press.letter(recipient).data, signed.records)


def test_addresses_beyond_ascii_are_signed_as_they_stand(signed: Signed) -> None:
    """A To field in UTF-8 (RFC 6532) is signed octet for octet (RFC 8616 §5)."""
    letter = signed.press.letter(RECIPIENT._replace(address="jürgen@example.org"))
    assert "jürgen@example.org".encode() in letter.data
    assert verifiers.by_dkimpy(letter.data, signed.records)


CHANGES = [
    pytest.param(rb"Gr=C3=BC", b"Gr=C3=BD", id="body"),
    pytest.param(rb"\r\nSubject: ", b"\r\nSubject: Gewinn! ", id="subject"),
    pytest.param(rb"(t=[0-9a-f]{39})[0-9a-f]", rb"\1x", id="unsubscribe"),
    pytest.param(rb"List-Unsubscribe-Post:[^\r]*\r\n", b"", id="one-click-removed"),
    pytest.param(rb"\r\nFrom: ", b"\r\nFrom: evil@example.org\r\nFrom: ", id="another-from-above"),
    pytest.param(rb"\r\nTo: ", b"\r\nTo: you@example.org\r\nTo: ", id="another-to-above"),
    pytest.param(
        rb"\r\nMIME-Version: ", b"\r\nSubject: Gewinn!\r\nMIME-Version: ", id="another-subject-below"
    ),
    pytest.param(rb"\r\nMIME-Version: ", b"\r\nReply-To: evil@example.org\r\nMIME-Version: ", id="reply-to"),
    pytest.param(rb"multipart/alternative", b"multipart/mixed", id="content-type"),
    pytest.param(rb"CFBL-Feedback-ID: ", b"CFBL-Feedback-ID: 1", id="complaint"),
    pytest.param(rb"\Z", b"--\r\n", id="appended"),
]


@pytest.mark.parametrize(("found", "change"), CHANGES)
def test_changed_letters_are_not_taken(signed: Signed, found: bytes, change: bytes) -> None:
    """Every field that matters, and the body, is signed; five fields also against another one."""
    message = signed.press.letter(RECIPIENT).data
    changed = re.sub(found, change, message, count=1)
    assert changed != message
    assert not verifiers.by_dkimpy(changed, signed.records)


@needs_opendkim
@needs_mail_dkim
@pytest.mark.parametrize(("found", "change"), CHANGES[:5])
def test_changed_letters_are_not_taken_elsewhere(
    signed: Signed, found: bytes, change: bytes, tmp_path: Path
) -> None:
    """OpenDKIM and Mail::DKIM agree."""
    changed = re.sub(found, change, signed.press.letter(RECIPIENT).data, count=1)
    assert set(verifiers.by_opendkim(changed, signed.records, tmp_path)) == {"fail"}
    assert verifiers.by_mail_dkim(changed, signed.records, tmp_path)[0] == "rsa-sha256 fail"


def test_refolded_letters_are_taken(signed: Signed) -> None:
    """Relaxed: a server that folds a field otherwise or takes away spaces at the end breaks nothing."""
    message = signed.press.letter(RECIPIENT).data
    refolded = message.replace(b",\r\n <mailto:", b", <mailto:").replace(
        b"\r\nSubject: ", b"\r\nSubject:\t  "
    )
    assert refolded != message
    assert verifiers.by_dkimpy(refolded, signed.records)


def test_what_is_signed(signed: Signed) -> None:
    """All that readers and providers go by, both ways out among it; five fields once more than there are."""
    for tags in _tags(signed.press.letter(RECIPIENT).data):
        names = tags["h"].split(":")
        once = {name for name in names if names.count(name) == 1}
        assert {name for name in names if names.count(name) == 2} == set(dkim.SEALED)
        assert once | set(dkim.SEALED) == dkim.SIGNED
        assert (tags["v"], tags["c"], tags["d"]) == ("1", "relaxed/relaxed", DOMAIN)
        assert tags["t"] == str(int(samples.DATE.timestamp()))


def test_signatures_follow_the_settings(keys: Path) -> None:
    """The first key is [dkim]'s own, the others follow; each may have a domain of its own."""
    also = {"second": DkimKey(domain="städte.example", selector="x.y", key_file=Path("ed25519"))}
    wanted = Dkim(domain="example.org", selector="s2023", key_file=keys / "rsa", also=also)
    press = samples.press(settings=samples.SETTINGS.model_copy(update={"dkim": wanted}), root=keys)
    tags = _tags(press.letter(RECIPIENT).data)
    assert [(one["a"], one["d"], one["s"]) for one in tags] == [
        ("rsa-sha256", "example.org", "s2023"),
        ("ed25519-sha256", DOMAIN, "x.y"),
    ]


def test_signature_is_folded(signed: Signed) -> None:
    """No line of a signature is over 76 characters."""
    head = signed.press.letter(RECIPIENT).data.partition(b"\r\nDate:")[0]
    assert head.startswith(b"DKIM-Signature: ")
    assert max(map(len, head.split(b"\r\n"))) <= 76


def test_rsa_is_costly(keys: Path) -> None:
    """Threads pay where RSA signs, not with Ed25519 alone or without a signature."""
    for names, costly in ((["rsa"], True), (["rsa", "ed25519"], True), (["ed25519"], False)):
        assert samples.press(settings=samples.signed(*names), root=keys).costly is costly
    assert not samples.press().costly


def test_threads_sign_the_same(signed: Signed) -> None:
    """Several threads at one press sign what one alone signs."""
    people = [RECIPIENT._replace(person=number) for number in range(50)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(signed.press.letter, people)) == [signed.press.letter(one) for one in people]


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_canonical_bodies_may_be_joined(texts: list[str]) -> None:
    """Pieces made canonical one by one are the canonical whole, as dkimpy makes it."""
    pieces = [quoted.encode(text) + quoted.SOFT_BREAK for text in texts]
    whole = b"".join((*pieces, b"  \t--end \t--\t \r\n"))
    ours = b"".join(map(canonical.body, (*pieces, b"  \t--end \t--\t \r\n")))
    assert ours == Relaxed.canonicalize_body(whole)


@given(st.text(st.sampled_from(" \tab:"), max_size=30).map(str.strip))
def test_canonical_fields(value: str) -> None:
    """A field is made canonical as dkimpy does it."""
    field = f"X-TeSt: {value}\r\n".encode()
    [(name, made)] = Relaxed.canonicalize_headers([(b"X-TeSt", f" {value}\r\n".encode())])
    assert canonical.header(field) == name + b":" + made


BAD = [
    pytest.param(("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:768"), "768 bits", id="too-short"),
    pytest.param(("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "kind", id="elliptic-curve"),
    pytest.param((*RSA, "-aes256", "-pass", "pass:secret"), "holds no private key", id="with-a-password"),
    pytest.param((*RSA, "-outform", "DER"), "holds no private key", id="not-pem"),
]


@pytest.mark.parametrize(("options", "told"), BAD)
def test_unusable_keys_are_told(options: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """A key that cannot sign mail is refused before anything is sent, with a cure."""
    samples.make_key(tmp_path / "key", *options)
    with pytest.raises(DkimKeyError, match=told) as caught:
        Key.load("example.org", "s", tmp_path / "key")
    assert "openssl genrsa 2048" in caught.value.cure


def test_unusable_files_are_told(tmp_path: Path) -> None:
    """A missing file, a folder, a file without a key, and one that others can read: each is told apart."""
    readable, empty = tmp_path / "readable", tmp_path / "empty"
    samples.make_key(readable, *RSA)
    readable.chmod(0o640)
    empty.touch(mode=0o600)
    (tmp_path / "folder").mkdir()
    for name, told in (
        ("gone", "missing"),
        ("folder", "cannot be read"),
        ("empty", "holds no private key"),
        ("readable", "can be read by others"),
    ):
        with pytest.raises(DkimKeyError, match=told):
            samples.press(settings=samples.signed(name), root=tmp_path)


def test_shortest_key_is_accepted(tmp_path: Path) -> None:
    """1024 bits still sign (RFC 8301 §3.2)."""
    samples.make_key(tmp_path / "key", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    assert Key.load("example.org", "s", tmp_path / "key").algorithm == "rsa-sha256"
