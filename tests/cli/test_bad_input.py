"""Whatever is wrong, an editor gets one clear message, with its place and cure, and keeps the last build."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.office import HEAD, ISSUE, SETTINGS, Office, png, tree

FILE = "issues/2024-1/issue.yaml"
TEMPLATE = "templates/sections/letter/mail.mjml.j2"
PICTURE = "issues/2024-1/feld.png"
BASE = Path(__file__).parents[2] / "newsletter" / "theme"
LETTER = (BASE / "sections/letter/mail.mjml.j2").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something that is wrong, and what is told about it."""

    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    """What is written over the workspace; None takes a file away."""
    place: str
    """FILE:LINE:COLUMN, seen from the workspace."""
    message: str
    cure: str


def _letter(text: str) -> str:
    """Return an issue with this text in lines 9 and on."""
    lines = "".join(f"      {line}\n" for line in text.split("\n"))
    return f"{HEAD}  - type: letter\n    text: |\n{lines}"


def _picture(name: str) -> str:
    return ISSUE.replace("feld.png", name)


CASES = {
    "not YAML": Case(
        files={FILE: ISSUE.replace("subject: Neues", "subject: Neues: jetzt")},
        place=f"{FILE}:4:15", message="This is not valid YAML", cure="needs quotes",
    ),
    "empty file": Case(files={FILE: ""}, place=FILE, message="The file is empty", cure="newsletter new"),
    "not UTF-8": Case(
        files={FILE: ISSUE.encode("cp1252")},
        place=f"{FILE}:5:43", message="The file is not UTF-8", cure="Save it as UTF-8",
    ),
    "wrong type": Case(
        files={FILE: ISSUE.replace("text: |\n      Guten Tag.", "text: 5")},
        place=f"{FILE}:8:11", message="“text”: text belongs here", cure="",
    ),
    "unknown section": Case(
        files={FILE: ISSUE.replace("type: letter", "type: lettre")},
        place=f"{FILE}:7:11", message="There is no section type “lettre”", cure="Did you mean “letter”?",
    ),
    "unknown key": Case(
        files={FILE: ISSUE.replace("      alt:", "      atl: A\n      alt:")},
        place=f"{FILE}:13:7", message="“atl” is not known here", cure="Did you mean “alt”?",
    ),
    "missing image": Case(
        files={PICTURE: None, "issues/2024-1/feldd.png": png()},
        place=f"{FILE}:12:13", message="There is no image “feld.png”", cure="Did you mean “feldd.png”?",
    ),
    "huge image": Case(
        files={PICTURE: png(9000, 9000)},
        place=f"{FILE}:12:13", message="more than 50 million pixels", cure="Save it smaller",
    ),
    "corrupt image": Case(
        files={PICTURE: png(600, 600)[:200]},
        place=f"{FILE}:12:13", message="“feld.png” is damaged", cure="save it anew",
    ),
    "no image": Case(
        files={PICTURE: "just words"},
        place=f"{FILE}:12:13", message="“feld.png” is no image", cure="PNG, JPEG, GIF and WebP",
    ),
    "path traversal": Case(
        files={FILE: _picture("../feld.png"), "issues/feld.png": png()},
        place=f"{FILE}:12:13", message="“../feld.png” lies outside the folder", cure="Put the image into",
    ),
    "no alternative text": Case(
        files={FILE: ISSUE.replace("      alt: Ein rotes Feld.\n", "")},
        place=f"{FILE}:12:7", message="the image needs “alt”", cure="",
    ),
    "unknown personal field": Case(
        files={FILE: _letter("Hallo,\n{{ first_nam | Sie }}!")},
        place=f"{FILE}:10:1",
        message="There is no personal field “first_nam”", cure="Did you mean “first_name”?",
    ),
    "raw HTML": Case(
        files={FILE: _letter("Eins.\n\nzwei <br> drei")},
        place=f"{FILE}:11:1", message="HTML is not allowed in the text: <br>", cure="Use Markdown",
    ),
    "javascript link": Case(
        files={FILE: _letter("Eins\n[zwei](javascript:alert(1))")},
        place=f"{FILE}:10:1", message="Links with “javascript:” are not allowed", cure="https, http, mailto",
    ),
    "reader without a section": Case(
        files={FILE: f"{HEAD}  - type: letter\n    text: T\n    only: cities\n"},
        place=f"{FILE}:7:5", message="would get an empty issue", cure="Leave at least one section",
    ),
    "template that fails": Case(
        files={TEMPLATE: f"{LETTER}\n{{{{ nobody.knows }}}}\n"},
        place=f"{TEMPLATE}:{LETTER.count(chr(10)) + 2}:1", message="'nobody' is undefined", cure="",
    ),
    "template that is none": Case(
        files={TEMPLATE: f"{LETTER}{{% if %}}\n"},
        place=f"{TEMPLATE}:{LETTER.count(chr(10)) + 1}:1", message="Expected an expression", cure="",
    ),
    "unknown MJML component": Case(
        files={TEMPLATE: f"{LETTER}\n<mj-sektion></mj-sektion>\n"},
        place=f"{TEMPLATE}:{LETTER.count(chr(10)) + 2}:1",
        message="There is no MJML component <mj-sektion>", cure="Did you mean “mj-section”?",
    ),
    "unknown MJML attribute": Case(
        files={TEMPLATE: f'{LETTER}<mj-section paddin="0"></mj-section>\n'},
        place=f"{TEMPLATE}:{LETTER.count(chr(10)) + 1}:1",
        message="<mj-section> has no attribute “paddin”", cure="Did you mean “padding”?",
    ),
    "MJML not closed": Case(
        files={TEMPLATE: f"{LETTER}<mj-section></mj-column>\n"},
        place=f"{TEMPLATE}:{LETTER.count(chr(10)) + 1}:1",
        message="The MJML is not well formed", cure="Each tag is closed",
    ),
    "broken section type": Case(
        files={"templates/sections/letter/section.toml": "title = \n"},
        place="templates/sections/letter/section.toml:1:9", message="This is not valid TOML", cure="",
    ),
    "broken theme": Case(
        files={"templates/theme.toml": '[light]\ncanvs = "#fff"\n'},
        place="templates/theme.toml",
        message="“light.canvs” is not known here", cure="Did you mean “canvas”?",
    ),
    "broken settings": Case(
        files={"newsletter.toml": f"{SETTINGS}\n[web]\nindx = true\n"},
        place="newsletter.toml:21:1", message="“indx” is not known here", cure="Did you mean “index”?",
    ),
    "title that cannot be made": Case(
        files={"newsletter.toml": SETTINGS.replace("[sender]", 'issue_title = "{nr}"\n\n[sender]')},
        place="newsletter.toml:4:1", message="“{nr}” cannot be filled in", cure="",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input(built_office: Office, case: Case) -> None:
    """One message names the place and the cure, the exit code is 1, and the last good build is untouched."""
    before = tree(built_office.built)
    for name, content in case.files.items():
        if content is None:
            (built_office.root / name).unlink()
        else:
            built_office.put(name, content)
    done = built_office.quick("build")
    first, *rest = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert first.startswith(f"{case.place}: ")
    assert case.message in first
    assert case.cure in "\n".join(rest)
    assert all(line.startswith("    ") for line in rest), "one message, with its cure below"
    assert tree(built_office.built) == before


def test_everything_at_once(built_office: Office) -> None:
    """Faults of structure, text, link and image are one list, in the order of the file."""
    text = (
        _letter("a <i>\n[a](b)")
        + "  - type: nope\n  - type: image\n    image: {file: x.png, alt: A}\n    foo: 1\n"
    )
    built_office.put(FILE, text)
    done = built_office.quick("build")
    places = [line.split(": ")[0] for line in done.stderr.splitlines() if not line.startswith(" ")]
    file = FILE
    assert places == [f"{file}:9:1", f"{file}:10:1", f"{file}:11:11", f"{file}:14:5"]


def test_unreadable_issue(built_office: Office) -> None:
    """An issue that may not be read is a fault, not a traceback."""
    (built_office.root / FILE).chmod(0)
    done = built_office.wrapped(_WITHOUT_RIGHTS, "build")
    assert done.returncode == 1
    assert done.stderr == f"{FILE}: The file cannot be read: Permission denied.\n"


_WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Root passes over modes; without these two capabilities it is bound by them like anybody else."""
_UNWRITABLE = "The build cannot be written to"


def _refused(office: Office, before: Mapping[str, bytes], stderr: str, reason: str) -> None:
    assert stderr.startswith(
        f"{_UNWRITABLE} {office.built}: {reason}.\n    The last good build is untouched."
    )
    assert stderr.count("\n") == 2
    assert tree(office.built) == before
    assert sorted(path.name for path in office.built.parent.iterdir()) == [".cache", ".lock", "2024-1"]


def test_build_folder_unwritable(built_office: Office) -> None:
    """A build folder that may not be written to is told as such."""
    before = tree(built_office.built)
    built_office.put(FILE, _letter("Neu."))
    built_office.built.parent.chmod(0o555)
    done = built_office.wrapped(_WITHOUT_RIGHTS, "build")
    assert done.returncode == 1
    _refused(built_office, before, done.stderr, "Permission denied")


def test_build_folder_is_a_file(office: Office) -> None:
    """A file where the build folder should be is told as such."""
    shutil.rmtree(office.root / "build")
    office.put("build", "")
    done = office.quick("build")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{_UNWRITABLE} {office.built}: ")
    assert "Traceback" not in done.stderr


def test_file_size_limit(built_office: Office) -> None:
    """When a file cannot be written to its end (EFBIG), nothing of the new build stays."""
    before = tree(built_office.built)
    built_office.put(FILE, _letter("Neu."))
    # What measures coverage writes a file of its own, which the limit would hit as well.
    unmeasured = ["env", "-u", "COVERAGE_PROCESS_CONFIG", "-u", "COVERAGE_PROCESS_START"]
    done = built_office.wrapped([*unmeasured, "prlimit", "--fsize=8192"], "build")
    assert done.returncode == 1
    _refused(built_office, before, done.stderr, "File too large")


@pytest.mark.parametrize("size", ["60k", "200k"])
def test_disk_full(office: Office, size: str) -> None:
    """On a disk that is really full (ENOSPC) the last good build stays; with room, the next one works."""
    script = (
        f'mount -t tmpfs -o size={size} tmpfs build || exit 77; cp -a good build/2024-1; "$@"; code=$?; '
        "rm -rf seen; cp -a build seen; mount -o remount,size=10m build; "
        '"$@" >/dev/null 2>&1; cp -a build/2024-1 after; exit $code'
    )
    office.put("good/edition.json", "{}")
    office.put("good/mail.html", "the last good build")
    office.put("build/.keep", "")
    office.put(FILE, _letter("Neu. " * 4000))
    done = office.wrapped(["unshare", "-m", "sh", "-c", script, "sh"], "build")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no mount is possible here")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{_UNWRITABLE} {office.built}: No space left on device.")
    assert tree(office.root / "seen/2024-1") == {"edition.json": b"{}", "mail.html": b"the last good build"}
    assert not list((office.root / "seen").glob(".2024-1*"))
    assert (office.root / "after/archive/index.html").stat().st_size > 20_000


def test_strange_folder_in_the_way(office: Office) -> None:
    """A folder that no build made is never replaced: it may be somebody's work."""
    office.put("build/2024-1/thesis.txt", "three years")
    done = office.quick("build")
    assert done.returncode == 1
    assert "was not made by “newsletter build”; nothing was changed" in done.stderr
    assert tree(office.built) == {"thesis.txt": b"three years"}


def test_build_folder_is_the_issues_folder(office: Office) -> None:
    """Even when the settings send builds into the issues, the issue survives."""
    office.put("newsletter.toml", f'{SETTINGS}\n[paths]\nbuild = "issues"\n')
    before = tree(office.root / "issues/2024-1")
    done = office.quick("build")
    assert done.returncode == 1
    assert tree(office.root / "issues/2024-1") == before
