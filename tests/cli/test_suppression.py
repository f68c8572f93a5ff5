"""`newsletter subscribers suppression …` as a process: whom mail must not reach."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.office import Office


def _run(office: Office, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return office.quick("subscribers", *arguments)


def _facts(office: Office, *arguments: str | Path) -> Any:
    done = _run(office, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _suppress(office: Office, pattern: str) -> Any:
    return _facts(office, "suppression", "add", pattern, "--reason", "Beschwerde")


def test_an_entry_comes_and_goes(office: Office) -> None:
    """An entry is added once, listed with reason, source and time, and taken out."""
    assert _suppress(office, "Example.org") == {"pattern": "@example.org", "added": True}
    assert _suppress(office, "@example.org") == {"pattern": "@example.org", "added": False}
    (entry,) = _facts(office, "suppression", "list")
    assert list(entry) == ["pattern", "reason", "source", "at"]
    assert (entry["pattern"], entry["reason"], entry["source"]) == (
        "@example.org",
        "Beschwerde",
        "command line",
    )
    assert _run(office, "suppression", "list").stdout.startswith("@example.org ")
    removed = {"pattern": "@example.org", "removed": True}
    assert _facts(office, "suppression", "remove", "example.org") == removed
    assert _facts(office, "suppression", "list") == []


def test_an_entry_as_text(office: Office) -> None:
    """Text says the entry on stdout, and talk on stderr."""
    first = _run(office, "suppression", "add", "A@example.org", "--reason", "x")
    assert (first.stdout, first.stderr) == ("a@example.org\n", "")
    second = _run(office, "suppression", "add", "a@example.org", "--reason", "x")
    assert (second.returncode, second.stdout) == (0, "a@example.org\n")
    assert second.stderr == "a@example.org was there already.\n"
    assert _run(office, "suppression", "remove", "a@example.org").stdout == "a@example.org\n"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["add", "nonsense", "--reason", "x"], 2, "no address, domain or pattern"),
        (["add", "a@example.org"], 2, "--reason"),
        (["add", "a@example.org", "--reason", "\x1b[2J"], 2, "control character"),
        (["remove", "a@example.org"], 1, "is not on the suppression list"),
        (["import", "missing.csv", "--reason", "x"], 1, "missing.csv"),
        (["import", "bad.csv", "--reason", "x"], 1, "bad.csv:3:1"),
        (["export", "bad.csv"], 2, "is there already"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done(office: Office, arguments: list[str], code: int, told: str) -> None:
    """Wrong usage ends with 2, everything else that is wrong with 1; nothing is written."""
    office.put("bad.csv", "pattern;reason\na@example.org;x\nnonsense;x\n")
    done = _run(office, "suppression", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert _facts(office, "suppression", "list") == []


@pytest.mark.parametrize("pattern", ["a@example.org", "@example.org", "a@*", "*@ex*.org"])
def test_nobody_suppressed_gets_on_the_list(office: Office, pattern: str) -> None:
    """A suppressed address is neither added nor imported nor moved to, and the reason is told."""
    _suppress(office, pattern)
    done = _run(office, "add", "A@Example.org")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "A@Example.org is on the suppression list: Beschwerde.\n"
    office.put("people.csv", "email\nA@example.org\nb@other.example\n")
    imported = _run(office, "import", "people.csv", "--json")
    assert imported.returncode == 1
    found = json.loads(imported.stdout)
    assert (found["added"], found["rejected"][0]["reason"]) == (1, "is on the suppression list: Beschwerde")
    assert _run(office, "edit", "b@other.example", "--address", "a@example.org").returncode == 1


def test_entries_travel_as_a_file(office: Office) -> None:
    """What is exported is imported elsewhere with reason, source and time, and then there is nothing new."""
    _suppress(office, "a@example.org")
    _suppress(office, "@köln.de")
    entries = _facts(office, "suppression", "list")
    done = _run(office, "suppression", "export", "out.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "2 entries written\n")
    for entry in entries:
        _facts(office, "suppression", "remove", entry["pattern"])
    assert _facts(office, "suppression", "import", "out.csv", "--reason", "x") == {"added": 2, "unchanged": 0}
    assert _facts(office, "suppression", "list") == entries
    again = _run(office, "suppression", "import", "out.csv", "--reason", "x")
    assert again.stdout == "0 entries added\n"
    shown = _run(office, "suppression", "export")
    assert shown.stdout.lstrip("\ufeff").splitlines()[0] == "pattern;reason;source;at"
    assert _run(office, "suppression", "export", "out.csv", "--overwrite").returncode == 0
