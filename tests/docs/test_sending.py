"""The document about sending: its commands do what it says, and it leaves no setting and no state out.

What the commands print is compared by test_generated.py; `python -m tests.docs.generate` writes it anew.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from newsletter import config, language
from newsletter.cli import mailing_words
from newsletter.dispatch.model import State
from newsletter.settings_sending import Dkim, DkimKey, DomainLimit, MailingList, Relay, Sender, Sending, Smtp
from newsletter.workspace import Workspace
from tests.docs.documents import DOCS, Block, blocks, code_spans
from tests.docs.transcript import SENDING, played
from tests.docs.workspaces import sample
from tests.mail import verifiers

_HOST = re.compile(r"@([\w.-]*\w)")
_WORD = re.compile(r"\w+")
_PARTS = (Dkim, DkimKey, DomainLimit, MailingList, Relay, Sender, Sending, Smtp)
_TOLD_ELSEWHERE = {"name", "address", "reply_to", "block"}
"""Settings of the sender that the first page about newsletter.toml explains."""
SETTINGS = blocks(SENDING, "toml")


@pytest.fixture
def office(tmp_path: Path) -> Workspace:
    """The German workspace."""
    return sample(tmp_path / "office", "de")


def test_every_command_ends_as_it_says() -> None:
    """Those that are refused or leave somebody open are marked so, all others succeed."""
    runs = played(SENDING, "de").runs
    assert len(runs) > 30
    assert [run for run in runs if not run.ended_as_marked] == []


def test_nobody_in_the_document_gets_it_twice() -> None:
    """Whatever breaks in it: each recipient of the mailings is accepted once, but for those who get tests."""
    arrived = Counter(mail.recipient.decode() for mail in played(SENDING, "de").arrived)
    tests = {address for address in arrived if address.endswith("@stadtland.example")}
    assert len(arrived) - len(tests) == 6
    assert {address for address, count in arrived.items() if count > 1} <= tests


@verifiers.needs_opendkim
def test_what_the_document_signs_is_signed(tmp_path: Path) -> None:
    """Both keys, made and published as it says, give signatures that an independent verifier takes."""
    result = played(SENDING, "de")
    rsa, ed25519 = (run.output for run in result.runs if run.line.startswith("openssl pkey"))
    records = {
        "nl2026._domainkey.stadtland.example": f"v=DKIM1; k=rsa; p={rsa.strip()}",
        "nl2026e._domainkey.stadtland.example": f"v=DKIM1; k=ed25519; p={ed25519.strip()}",
    }
    message = result.arrived[-1].data
    assert verifiers.by_opendkim(message, records, tmp_path) == ["pass", "pass"]


def test_every_setting_is_told() -> None:
    """Whatever newsletter.toml knows of sending stands in a table, a sentence or an example."""
    spans = {word for span in code_spans(SENDING) for word in _WORD.findall(span)}
    shown = {word for block in SETTINGS for word in _WORD.findall(block.text)}
    known = {name for part in _PARTS for name in part.model_fields} - _TOLD_ELSEWHERE
    assert known - spans - shown - {"password"} == set()
    assert "NEWSLETTER_SMTP__PASSWORD" in spans


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_an_example_of_settings_is_valid(block: Block, office: Workspace) -> None:
    """What stands there can be put into newsletter.toml."""
    path = office.root / config.FILENAME
    text = path.read_text(encoding="utf-8")
    for table in tomllib.loads(block.text):
        text = re.sub(rf"^\[{table}\]\n(?:[^\[].*\n|\n)*", "", text, flags=re.MULTILINE)
    path.write_text(f"{text}\n{block.text}", encoding="utf-8")
    assert config.load(path, {}).newsletter.title


def test_every_state_is_told() -> None:
    """Each state of a recipient, by its name on the screen and the one in files."""
    language.use("de")
    told = SENDING.read_text(encoding="utf-8")
    rows = [f"| {mailing_words.state(state)} | `{state}` |" for state in State]
    assert [row for row in rows if row not in told] == []


def test_the_other_guides_lead_here() -> None:
    """Whoever has built an issue, or imported a list, finds how to send."""
    for name in ("anleitung.md", "leserliste.md"):
        assert f"({SENDING.name}" in (DOCS / name).read_text(encoding="utf-8"), name


def test_people_of_the_document_are_made_up() -> None:
    """No address of it can belong to anybody (RFC 2606)."""
    hosts = _HOST.findall(SENDING.read_text(encoding="utf-8"))
    assert [host for host in hosts if not host.endswith(".example")] == []
