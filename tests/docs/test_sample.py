"""What `newsletter init` copies is fit to be copied."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from newsletter import config
from newsletter.issue import scaffold
from newsletter.issue.schema import FILENAME
from tests.docs.documents import ROOT

FILES = [path for path in sorted(scaffold.SAMPLE.rglob("*")) if path.is_file()]
TEXTS = [path for path in FILES if path.suffix != ".png"]
_HOST = re.compile(r"(?:https?://|[\w.+-]+@)([\w.-]+)")
_ASLEEP = re.compile(r"^# (?!where)(?=[a-z_]+ = )", re.MULTILINE)


def _name(path: Path) -> str:
    return str(path.relative_to(scaffold.SAMPLE))


@pytest.mark.parametrize("path", TEXTS, ids=_name)
def test_addresses_in_the_sample_belong_to_nobody(path: Path) -> None:
    """A mail to an address of the sample reaches no one: all end in `.example` (RFC 2606)."""
    hosts = _HOST.findall(path.read_text(encoding="utf-8"))
    assert [host for host in hosts if not host.endswith(".example")] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".png"], ids=_name)
def test_pictures_of_the_sample_are_small(path: Path) -> None:
    """They travel with every workspace."""
    assert path.stat().st_size < 40_000


@pytest.mark.parametrize("lang", ["de", "en"])
def test_both_samples_have_the_same_parts(lang: str) -> None:
    """Settings, look, issue with its picture, and what stays out of version control."""
    kinds = [path.suffix or path.name for path in FILES if lang in path.relative_to(scaffold.SAMPLE).parts]
    assert sorted(kinds) == [".png", ".toml", ".toml", ".yaml", "dot-gitignore"]


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_sample_issue_names_its_schema_first(lang: str) -> None:
    """Editors look for it in the first line."""
    text = (scaffold.SAMPLE / lang / "issues" / "ID" / "issue.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=../{FILENAME}\n")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_settings_of_sending_can_be_turned_on(lang: str, tmp_path: Path) -> None:
    """Whoever takes the “#” away from every line of a table gets settings without a fault."""
    text = (scaffold.SAMPLE / lang / "newsletter.toml").read_text(encoding="utf-8")
    path = tmp_path / config.FILENAME
    path.write_text(_ASLEEP.sub("", text), encoding="utf-8")
    settings = config.load(path, {})
    assert settings.smtp.host
    assert settings.sender.return_path
    assert settings.sending.approval
    assert settings.list.unsubscribe_url
    assert settings.dkim.key_file


@pytest.mark.parametrize(
    "name", ["subscribers.db-wal", "subscribers.db.sending-1", "subscribers.key", "dkim.pem"]
)
@pytest.mark.parametrize("ignored", [ROOT / ".gitignore", *scaffold.SAMPLE.rglob("dot-gitignore")], ids=str)
def test_addresses_and_secrets_stay_out_of_version_control(ignored: Path, name: str) -> None:
    """The database, the journals of sending beside it, keys."""
    patterns = ignored.read_text(encoding="utf-8").splitlines()
    assert any(fnmatch(name, pattern) for pattern in patterns)
