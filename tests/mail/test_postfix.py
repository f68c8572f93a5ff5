"""Letters travel: what Postfix hands over after two hops is what we gave it, to the byte."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from newsletter.mail.letter import Letter
from newsletter.settings_sending import Dkim
from tests.mail import samples, verifiers
from tests.mail.conftest import RealIssue
from tests.mail.samples import RECIPIENT
from tests.mail.test_dkim import DOMAIN, RSA, TRAPS
from tests.postfix import Postfix, needs_postfix, postfix

pytestmark = needs_postfix
REAL_DOMAIN = "interkommunales.example"


class Road(NamedTuple):
    """Two servers: mail given to the first is delivered by the last."""

    first: Postfix
    last: Postfix


@pytest.fixture(scope="module")
def road() -> Iterator[Road]:
    """Two real servers, one relaying to the other."""
    with postfix() as last, postfix(deliver=last.address) as first:
        yield Road(first, last)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one key, `rsa`."""
    folder = tmp_path_factory.mktemp("keys")
    samples.make_key(folder / "rsa", *RSA)
    return folder


def _send(road: Road, letters: list[Letter]) -> list[bytes]:
    """Send letters and return them as they were delivered, lines ending in CRLF again."""
    with smtplib.SMTP("127.0.0.1", road.first.port, local_hostname="office.example") as client:
        for letter in letters:
            options = ["SMTPUTF8", "BODY=8BITMIME"] if letter.utf8 else []
            sender, recipient = letter.sender.decode(), letter.recipient.decode()
            client.sendmail(sender, [recipient], letter.data, mail_options=options)
    delivered = [mail.replace(b"\n", b"\r\n") for mail in road.last.mails(len(letters))]
    return [next(mail for mail in delivered if _message_id(letter.data) in mail) for letter in letters]


def _message_id(message: bytes) -> bytes:
    return message.partition(b"\r\nMessage-ID: ")[2].partition(b"\r\n")[0]


def test_letters_arrive_to_the_byte(road: Road, keys: Path, real_issue: RealIssue) -> None:
    """Every trap, an address in UTF-8, the real issue: nothing but servers' own fields is added on top."""
    press = samples.press(TRAPS, samples.signed("rsa"), root=keys)
    settings = real_issue.settings.model_copy(update={"dkim": Dkim(selector="rsa", key_file=keys / "rsa")})
    real = samples.press(real_issue.edition, settings)
    letters = [
        press.letter(RECIPIENT),
        press.letter(RECIPIENT._replace(person=43, address="jürgen@example.org")),
        real.letter(RECIPIENT),
    ]
    records = verifiers.record(keys / "rsa", DOMAIN) | verifiers.record(keys / "rsa", REAL_DOMAIN)
    for letter, arrived in zip(letters, _send(road, letters), strict=True):
        head, _found, rest = arrived.partition(b"DKIM-Signature:")
        assert _found + rest == letter.data
        assert f"Return-Path: <{letter.sender.decode()}>".encode() in head
        assert verifiers.by_dkimpy(arrived, records)
