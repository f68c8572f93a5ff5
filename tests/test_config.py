"""newsletter.toml and the environment: what is read, and how faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter import config
from newsletter.errors import FaultsFound
from newsletter.settings_model import Settings

MINIMAL = """\
[newsletter]
title = "Kreisblatt"

[sender]
name = "Redaktion"
address = "redaktion@kreis.example"
"""


def _load(folder: Path, text: str | bytes, **environ: str) -> Settings:
    path = folder / "newsletter.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return config.load(path, environ)


def _fault(folder: Path, text: str | bytes, **environ: str) -> str:
    """Return the only fault, without the folder."""
    with pytest.raises(FaultsFound) as caught:
        _load(folder, text, **environ)
    (fault,) = caught.value.faults
    return str(fault).removeprefix(f"{folder}/")


def test_defaults(tmp_path: Path) -> None:
    """Title and sender are enough; nothing is sent and nothing is hosted by itself."""
    settings = _load(tmp_path, MINIMAL)
    assert settings.newsletter.language == "de"
    assert settings.smtp.host is None
    assert settings.web.assets_url is None
    assert not settings.web.index


def test_environment_wins(tmp_path: Path) -> None:
    """NEWSLETTER_SECTION__KEY overrides the file; other variables are nobody's business."""
    settings = _load(
        tmp_path,
        f'{MINIMAL}\n[web]\nbase_url = "https://a.example"\n',
        NEWSLETTER_WEB__BASE_URL="https://b.example",
        NEWSLETTER_WEB__INDEX="true",
        NEWSLETTER_SMTP__PORT="25",
        NEWSLETTER_LANG="de",
        NEWSLETTER_CI="1",
        PATH="/bin",
    )
    assert settings.web.base_url == "https://b.example"
    assert settings.web.index
    assert settings.smtp.port == 25


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("NEWSLETTER_SMTP__PORT", "many", "NEWSLETTER_SMTP__PORT: “port”: a whole number belongs here."),
        (
            "NEWSLETTER_SMTP__PRT",
            "25",
            "NEWSLETTER_SMTP__PRT: “prt” is not known here.\n    Did you mean “port”?",
        ),
        (
            "NEWSLETTER_SMPT__PORT",
            "25",
            "NEWSLETTER_SMPT__PORT: “smpt” is not known here.\n    Did you mean “smtp”?",
        ),
    ],
)
def test_wrong_environment(tmp_path: Path, variable: str, value: str, fault: str) -> None:
    """A fault that comes from the environment names the variable, not a line of the file."""
    assert _fault(tmp_path, MINIMAL, **{variable: value}) == fault


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[web\n", "7:5: This is not valid TOML: "),
        ("[sender]\n", "7:8: This is not valid TOML: "),
        ("[wbe]\n", "7:1: “wbe” is not known here.\n    Did you mean “web”?"),
        ("[smtp]\nhst = 'a'\n", "8:1: “hst” is not known here.\n    Did you mean “host”?"),
        ("[smtp]\npassword = 'a'\n", "8:1: A password does not belong into this file, which others read."),
        ("[smtp]\nport = 0\n", "8:1: “port”: 1 or more belongs here."),
        ("[smtp]\nport = 'a'\n", "8:1: “port”: a whole number belongs here."),
        ("[smtp]\nrate = 0\n", "8:1: “rate”: more than 0 belongs here."),
        ("[smtp]\nsecurity = 'ssl'\n", "8:1: “security”: one of 'starttls', 'tls', 'none' belongs"),
        ("[web]\nindex = 'perhaps'\n", "8:1: “index”: true or false belongs here."),
        ("[web]\nbase_url = 'www.a.example'\n", "8:1: “base_url”: “www.a.example” is no web address"),
        ("[legal]\nimprint = 5\n", "8:1: “imprint”: text belongs here; put it in quotes."),
        ("[segments]\nBig.title = 'a'\n", "7:1: “Big”: small letters, digits and _ only"),
        ("[segments.a]\ntitel = 'a'\ntitle = 'a'\n", "8:1: “titel” is not known here.\n    Did you"),
        ("[fields.a]\ntype = 'txt'\n", "8:1: “type”: one of 'text', 'number', 'date', 'flag'"),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) and "\n" in value[-1:] else "",
)
def test_faults(tmp_path: Path, line: str, fault: str) -> None:
    """What is wrong is told at its line, in the editor's words."""
    assert _fault(tmp_path, MINIMAL + line).startswith(f"newsletter.toml:{fault}")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('title = "Kreisblatt"', 'title = " "', "2:1: “title”: this must not be empty."),
        ('title = "Kreisblatt"', "", "1:1: “title” is missing."),
        ("redaktion@kreis.example", "redaktion", "6:1: “address”: “redaktion” is no e-mail"),
        ("[newsletter]", "[newsletter]\ntimezone = 'Berlin'", "2:1: “timezone”: “Berlin” is no time"),
        ("[newsletter]", "[newsletter]\nissue_title = '{nr}'", "2:1: “issue_title”: “{nr}” cannot"),
        ("[newsletter]", "[newsletter]\nissue_title = '{'", "2:1: “issue_title”: “{” cannot be"),
        ("[newsletter]", "[newsletter]\nlanguage = 'fr'", "2:1: “language”: one of 'de', 'en'"),
    ],
)
def test_faults_of_the_minimum(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """The keys that every newsletter needs are checked too."""
    assert _fault(tmp_path, MINIMAL.replace(old, new)).startswith(f"newsletter.toml:{fault}")


def test_all_faults_at_once(tmp_path: Path) -> None:
    """Every fault is told, in the order of the lines."""
    with pytest.raises(FaultsFound) as caught:
        _load(tmp_path, "[newsletter]\nlanguage = 'fr'\n[smtp]\nhst = 1\n[web]\nindex = 5\n")
    assert [fault.where.line for fault in caught.value.faults] == [0, 1, 2, 4, 6]


def test_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark, as Windows editors write it, does no harm."""
    assert _load(tmp_path, "\ufeff" + MINIMAL).newsletter.title == "Kreisblatt"


def test_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is a fault that says what to do."""
    fault = _fault(tmp_path, MINIMAL.replace("Kreisblatt", "Blättchen").encode("cp1252"))
    assert fault == "newsletter.toml: The file is not UTF-8.\n    Save it as UTF-8."


def test_missing(tmp_path: Path) -> None:
    """A file that cannot be opened is a fault."""
    with pytest.raises(FaultsFound, match="cannot be read: No such file or directory"):
        config.load(tmp_path / "newsletter.toml", {})
