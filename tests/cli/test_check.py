"""`newsletter check` as an editor and a workflow give it: what it says, in which form, and its exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.office import HEAD, Office, clean_environ

GOOD = f"{HEAD}  - type: letter\n    text: Guten Tag, viel Freude beim Lesen.\n"
DEAD = f"""\
{HEAD}\
  - type: letter
    text: |
      Guten Tag.

      Mehr dazu [im Programm](#).
"""
"""The dead link stands in line 11."""
WARNED = f"{HEAD}  - type: letter\n    text: Guten Tag, siehe [das Programm](http://www.kreis.example/).\n"
OFF = '\n[check.off]\ncontent = "Die Prüfung des Inhalts übernimmt die Pressestelle."\n'
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _write(office: Office, issue: str, settings: str = "") -> None:
    office.put("issues/2024-1/issue.yaml", issue)
    path = office.root / "newsletter.toml"
    office.put("newsletter.toml", path.read_text(encoding="utf-8") + settings)


def test_an_issue_without_errors_may_go_out(office: Office) -> None:
    """Exit code 0, a summary, and where the report lies; nothing but data on standard output."""
    _write(office, GOOD)
    done = office.quick("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 errors" in done.stdout
    assert "Report: build/2024-1/check.html" in done.stdout
    assert (office.built / "check.html").is_file()
    assert (office.built / "mail.html").is_file()


def test_an_error_has_place_rule_sentence_and_cure(office: Office) -> None:
    """In this order; exit code 1."""
    _write(office, DEAD)
    done = office.quick("check")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "Errors (1)" in lines
    at = next(number for number, line in enumerate(lines) if "content.dead-link" in line)
    assert re.fullmatch(r"  issues/2024-1/issue\.yaml:11:\d+  content\.dead-link", lines[at])
    assert re.fullmatch(r"    \S.*\.", lines[at + 1])
    assert lines[at + 2].startswith("    → ")


def test_the_heaviest_come_first(office: Office) -> None:
    """Errors, then warnings, then hints, each under its name."""
    _write(office, WARNED.replace("siehe", "TODO"))
    heads = re.findall(r"^(Errors|Warnings|Hints) \(\d+\)$", office.quick("check").stdout, re.MULTILINE)
    assert heads == ["Errors", "Warnings", "Hints"]


def test_faults_of_the_file_are_findings(office: Office) -> None:
    """An issue that cannot be composed has a report as well, with the faults that `build` tells."""
    _write(office, f"{HEAD}  - type: letter\n    txt: Guten Tag.\n")
    done = office.quick("check")
    assert done.returncode == 1
    assert "issue.yaml:8:5  issue.fault" in done.stdout
    assert "Did you mean" in done.stdout
    assert (office.built / "check.json").is_file()


def test_warnings_fail_only_when_asked_to(office: Office) -> None:
    """By --strict."""
    _write(office, WARNED)
    assert "content.plain-http" in office.quick("check").stdout
    assert office.quick("check").returncode == 0
    assert office.quick("check", "--strict").returncode == 1


def test_json_has_the_keys_that_were_promised(office: Office) -> None:
    """Each finding with rule, severity, file, line, column, message and cure; the same as in check.json."""
    _write(office, DEAD)
    done = office.quick("check", "--json")
    facts = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert (facts["id"], facts["errors"], facts["page"]) == ("2024-1", 1, "build/2024-1/check.html")
    dead = next(finding for finding in facts["findings"] if finding["rule"] == "content.dead-link")
    assert (dead["severity"], dead["file"], dead["line"]) == ("error", "issues/2024-1/issue.yaml", 11)
    assert {"column", "message", "cure"} <= dead.keys()
    weights = [finding["severity"] for finding in facts["findings"]]
    assert [weights.count(weight) for weight in ("error", "warning", "hint")] == [
        facts["errors"], facts["warnings"], facts["hints"],
    ]  # fmt: skip
    kept = json.loads((office.built / "check.json").read_text(encoding="utf-8"))
    assert kept == {name: value for name, value in facts.items() if name != "page"}


def test_sarif_is_the_only_thing_printed(office: Office) -> None:
    """A code host can read it as it comes."""
    _write(office, DEAD)
    done = office.quick("check", "--sarif")
    log = json.loads(done.stdout)
    assert (log["version"], done.returncode) == ("2.1.0", 1)
    assert "content.dead-link" in {result["ruleId"] for result in log["runs"][0]["results"]}


def test_github_gets_a_line_for_each_finding(office: Office) -> None:
    """On standard output; the numbers are talk."""
    _write(office, DEAD)
    done = office.quick("check", "--github")
    dead = next(line for line in done.stdout.splitlines() if "content.dead-link" in line)
    assert dead.startswith("::error file=issues/2024-1/issue.yaml,line=11,col=")
    assert all(line.startswith("::") for line in done.stdout.splitlines())
    assert "1 error" in done.stderr


def test_one_form_at_a_time(office: Office) -> None:
    """Two of them are a wrong call."""
    done = office.quick("check", "--json", "--sarif")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (("content.dead-link",), {"content.dead-link"}),
        (("content",), {"content.dead-link", "content.plain-http"}),
        (("content.plain-http", "wording"), {"content.plain-http"}),
    ],
)
def test_single_rules_can_be_asked(office: Office, rules: tuple[str, ...], expected: set[str]) -> None:
    """By name or family; no report is kept of what is only a part, and an older one stays."""
    _write(office, DEAD.replace("](#)", "](#) und [der Ordnung](http://www.kreis.example/)"))
    arguments = [word for rule in rules for word in ("--rule", rule)]
    facts = json.loads(office.quick("check", "--json", *arguments).stdout)
    assert {finding["rule"] for finding in facts["findings"]} == expected
    assert "page" not in facts
    assert not office.built.exists()


def test_a_rule_that_does_not_exist_is_a_wrong_call(office: Office) -> None:
    """With a guess at what was meant."""
    for option in ("--rule", "--explain"):
        done = office.quick("check", option, "content.dead-lnk")
        assert (done.returncode, done.stdout) == (2, "")
        assert "content.dead-link" in done.stderr


def test_what_is_set_off_is_told_with_its_reason(office: Office) -> None:
    """It does not count, and the report says who hides how much."""
    _write(office, WARNED, OFF)
    done = office.quick("check", "--strict", "--rule", "content")
    assert done.returncode == 0
    assert "content  (newsletter.toml; 1 finding hidden)" in done.stdout
    assert "Die Prüfung des Inhalts übernimmt die Pressestelle." in done.stdout


def test_a_rule_is_explained(tmp_path: Path) -> None:
    """What it demands, its weight, source, and how it is set off; wherever one is, for any newsletter."""
    told = Office(tmp_path).quick("check", "--explain", "content.dead-link").stdout
    for expected in ("content.dead-link: ", "“send” refuses", "Based on", "[check.off]\n", "check:\n"):
        assert expected in told
    assert '"content.dead-link" = "why it does not count"' in told
    assert "cannot be set off" in Office(tmp_path).quick("check", "--explain", "issue.fault").stdout


def test_what_explains_how_to_set_off_does_it(office: Office) -> None:
    """The lines shown are taken over as they are, into either file."""
    told = office.quick("check", "--explain", "content.plain-http").stdout
    toml, yaml = re.findall(r"\n((?:    .*(?:\[check|check:)\S*\n)(?:    .*\n)+)", told)
    unindented = [re.sub("^    ", "", block, flags=re.MULTILINE) for block in (toml, yaml)]
    for place, issue, settings in (
        ("newsletter.toml", WARNED, f"\n{unindented[0]}"),
        ("issue.yaml", WARNED.replace("sections:", f"{unindented[1]}sections:"), ""),
    ):
        office.furnish()
        _write(office, issue, settings)
        facts = json.loads(office.quick("check", "--json", "--rule", "content.plain-http").stdout)
        assert [(one["place"], one["hidden"]) for one in facts["off"]] == [(place, 1)]


def test_all_rules_are_listed(tmp_path: Path) -> None:
    """By family; as JSON with why and source, each of which says something."""
    office = Office(tmp_path)
    assert "content.dead-link" in office.quick("check", "--list").stdout
    rules = json.loads(office.quick("check", "--list", "--json").stdout)
    assert len(rules) == len({rule["rule"] for rule in rules}) > 30
    for rule in rules:
        assert all(rule[name] for name in ("family", "severity", "title", "why", "source")), rule["rule"]


def test_the_language_can_be_chosen(office: Office) -> None:
    """For this command, whatever the system speaks; the page says which it is in."""
    _write(office, GOOD)
    office.quick("check", "--lang", "de", environ={"LANG": "en_GB.UTF-8"})
    assert '<html lang="de">' in (office.built / "check.html").read_text(encoding="utf-8")
    assert office.quick("check", "--lang", "fr").returncode == 2


def test_paths_are_seen_from_here(office: Office) -> None:
    """As terminals and editors follow them, in whatever folder of the newsletter one stands."""
    _write(office, DEAD)
    done = office.run("check", "--rule", "content.dead-link", cwd=office.root / "issues")
    assert "\n  2024-1/issue.yaml:11:" in done.stdout


def test_colours_only_on_a_terminal(office: Office) -> None:
    """Not in a pipe, and nowhere where NO_COLOR is set."""
    _write(office, DEAD)
    assert ANSI.search(office.quick("check").stdout) is None
    assert ANSI.search(_on_terminal(office)) is not None
    assert ANSI.search(_on_terminal(office, NO_COLOR="1")) is None


def test_a_terminal_is_not_steered(office: Office) -> None:
    """What an issue quotes is shown without what would move the cursor or write over the lines above."""
    _write(office, GOOD.replace("Guten Tag,", '"TODO \\e[2J\\u009b31m').replace("Lesen.", 'Lesen."'))
    said = office.quick("check").stdout
    assert "\x1b" not in said
    assert "\x9b" not in said


def test_no_issue_is_told(tmp_path: Path) -> None:
    """Outside of a newsletter, and in one without such an issue."""
    assert Office(tmp_path).quick("check").returncode == 1
    done = Office(tmp_path / "office").furnish().quick("check", "2031-1")
    assert (done.returncode, "2024-1" in done.stderr) == (1, True)


def _on_terminal(office: Office, **environ: str) -> str:
    """Run the command with its output on a terminal; return what it wrote."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        office.command("check", "--rule", "content"),
        cwd=office.root,
        env={**clean_environ(), **environ},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    ):
        os.close(follower)
        said = b""
        try:
            while part := os.read(leader, 65536):
                said += part
        except OSError:  # Linux tells the end of a terminal so
            pass
    os.close(leader)
    return said.decode()
