"""The command line as a process: help, output, exit codes, and what `build` prints."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from newsletter import __version__
from newsletter.cli import COMMANDS
from tests.cli.office import ISSUE, ROOT, SETTINGS, Office, clean_environ, tree

KEYS = [
    "id", "digest", "language", "title", "subject", "preheader", "variant", "html_bytes", "html_limit",
    "text_bytes", "eml_bytes", "files", "variants", "places", "links", "images",
]  # fmt: skip


def test_help(tmp_path: Path) -> None:
    """`--help` lists every command with a line about it, anywhere, without a newsletter."""
    done = Office(tmp_path).run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", done.stdout, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(tmp_path: Path, name: str) -> None:
    """Every command explains itself and each of its options."""
    done = Office(tmp_path).run(name, "-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: newsletter {name} ")
    options = done.stdout.split("Options:")[1].split("\n\n")[0]
    assert all(re.search(r"\w  +\w|^ {10,}\w", line) for line in options.strip("\n").splitlines())


def test_help_is_light(office: Office) -> None:
    """Help is told without loading what only a build needs."""
    wrapped = [*office.command()[:1], "-X", "importtime", "-m", "newsletter"]
    for arguments in (["--help"], ["build", "--help"], ["--version"]):
        done = subprocess.run(
            [*wrapped, *arguments],
            cwd=office.root,
            env=clean_environ(),
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = {line.split("|")[-1].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "click" in loaded
        assert not loaded & {"pydantic", "jinja2", "PIL", "ruamel", "lxml", "mjml", "premailer", "babel"}


def test_version(tmp_path: Path) -> None:
    """`--version` names the program and its version."""
    assert Office(tmp_path).run("--version").stdout == f"newsletter {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Usage: newsletter"),
        (["bild"], "No such command 'bild'"),
        (["build", "--jsn"], "No such option"),
        (["build", "2024-1", "2024-2"], "unexpected extra argument"),
        (["init"], "Missing argument 'DIR'"),
        (["build", "drei"], "“drei” is no issue ID.\n    An ID is YEAR-NUMBER, such as 2023-3."),
        (["new", "2024-00"], "“2024-00” is no issue ID."),
        (
            ["build", "--sample", "first_nam=E"],
            "“first_nam” is not known of a reader.\n    Did you mean “first_name”?",
        ),
        (["build", "--sample", "reader.toml"], "reader.toml cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(office: Office, arguments: list[str], told: str) -> None:
    """A call that cannot work ends with 2, says why on stderr, and does nothing."""
    done = office.quick(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert not office.built.exists()


def test_unknown_issue(office: Office) -> None:
    """An ID without an issue ends with 1 and tells which there are."""
    done = office.quick("build", "2025-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"There is no issue 2025-1 in {office.root / 'issues'}.\n    There are: 2024-1.\n"


@pytest.mark.parametrize("arguments", [["build"], ["new"], ["schema"]], ids=lambda arguments: arguments[0])
def test_no_workspace(tmp_path: Path, arguments: list[str]) -> None:
    """Outside of a newsletter every command says how one is made."""
    done = Office(tmp_path).quick(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "newsletter init DIR" in done.stderr


def test_debug(office: Office) -> None:
    """A traceback is shown with --debug only, before the message."""
    office.put("issues/2024-1/issue.yaml", "")
    plain, debug = office.quick("build"), office.quick("--debug", "build")
    assert plain.returncode == debug.returncode == 1
    assert "Traceback" not in plain.stderr
    assert debug.stderr.startswith("Traceback (most recent call last):")
    assert debug.stderr.endswith(plain.stderr)


def test_broken_pipe(office: Office) -> None:
    """When the reader of the output goes away, there is no traceback."""
    command = " ".join(office.command("schema", "--print"))
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"],
        cwd=office.root, env=clean_environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")


def test_full_output(office: Office) -> None:
    """Output that cannot be written is told in a sentence."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            office.command("schema", "--print"),
            cwd=office.root, env=clean_environ(), stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "No space left on device\n")


def test_build_prints(built_office: Office) -> None:
    """`build` prints what it made to stdout and says nothing else; every path it names is there."""
    done = built_office.run("build", cwd=built_office.root / "issues")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Newsletter I / 2024 (2024-1)\n")
    paths = re.findall(r"\S+/build/2024-1/\S+", done.stdout)
    assert [Path(path).name for path in paths] == [
        "mail.html",
        "mail.txt",
        "mail.eml",
        "index.html",
        "edition.json",
    ]
    assert all(Path(path).is_file() for path in paths)
    assert "Neues aus dem Kreis" in done.stdout


def test_short_paths(built_office: Office) -> None:
    """Paths are told as seen from here, when they lie below."""
    told = built_office.quick("build").stdout
    assert "build/2024-1/mail.html  " in told
    assert str(built_office.root) not in told


def test_json(built_office: Office) -> None:
    """`--json` prints edition.json, whose keys and their order are a promise."""
    done = built_office.quick("build", "2024-1", "--json")
    facts = json.loads(done.stdout)
    assert done.stdout == (built_office.built / "edition.json").read_text(encoding="utf-8")
    assert list(facts) == KEYS
    assert facts["id"] == "2024-1"
    assert re.fullmatch("[0-9a-f]{64}", facts["digest"])
    assert all((built_office.built / name).is_file() for name in facts["files"].values())
    assert facts["html_bytes"] < facts["html_limit"]
    assert facts["text_bytes"] == (built_office.built / "mail.txt").stat().st_size
    assert facts["eml_bytes"] == (built_office.built / "mail.eml").stat().st_size
    assert [image["width"] for image in facts["images"]] == [16]


SAMPLE = "first_name=Erika,last_name=Beispiel,form=frau,region=Köln,segments=cities"
TOML = """
first_name = "Erika"
last_name = "Beispiel"
form = "frau"
region = "Köln"
segments = ["cities"]
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (SAMPLE, ""),
        ("reader.toml", TOML),
        ("reader.json", json.dumps(tomllib.loads(TOML))),
    ],
    ids=["fields", "TOML", "JSON"],
)  # fmt: skip
def test_sample(office: Office, name: str, content: str) -> None:
    """`--sample` builds the mail as this reader gets it; the edition and the page are the same for all."""
    text = ISSUE.replace("Guten Tag.", "Grüße nach {{ region | NRW }}.")
    office.put(
        "issues/2024-1/issue.yaml", f"{text}  - type: letter\n    text: Nur Städte.\n    only: cities\n"
    )
    if content:
        office.put(name, content)
    done = office.quick("build", "--json", "--sample", name)
    facts = json.loads(done.stdout)
    mail = (office.built / "mail.txt").read_text(encoding="utf-8")
    assert facts["variant"] == "cities"
    assert "Sehr geehrte Frau Beispiel," in mail
    assert "Grüße nach Köln." in mail
    assert "Nur Städte." in mail
    page = (office.built / "archive/index.html").read_text(encoding="utf-8")
    assert "Beispiel" not in page
    assert "Grüße nach NRW." in re.sub("\u00ad", "", page)


def test_german(office: Office) -> None:
    """An editor whose language is German is told everything in German."""
    german = {"NEWSLETTER_LANG": "de"}
    assert "Show the version" not in office.run("--help", environ=german).stdout
    done = office.quick("build", "2025-1", environ=german)
    assert (done.returncode, "There is no issue" in done.stderr) == (1, False)
    assert "2025-1" in done.stderr


def test_launcher(built_office: Office) -> None:
    """`python cli.py`, `python -m newsletter` and the installed command are the same program."""
    launcher = [built_office.command()[0], str(ROOT / "cli.py"), "build", "--json"]
    done = subprocess.run(
        launcher,
        cwd=built_office.root,
        env=clean_environ(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == (built_office.built / "edition.json").read_text(encoding="utf-8")


def test_settings_from_the_environment(built_office: Office) -> None:
    """A setting from the environment wins over newsletter.toml for this call."""
    before = tree(built_office.built)
    done = built_office.quick("build", "--json", environ={"NEWSLETTER_NEWSLETTER__TITLE": "Anders"})
    assert "Anders" in (built_office.built / "mail.html").read_text(encoding="utf-8")
    assert done.returncode == 0
    assert tree(built_office.built) != before
    assert "Kreisblatt" in SETTINGS
