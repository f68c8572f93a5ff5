"""Builds: all of a folder or none of it, whatever happens, and the same bytes from the same sources."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from newsletter.build import BuildError, build
from newsletter.issue_id import IssueId
from newsletter.mail.salutation import Reader
from newsletter.workspace import Workspace
from tests.cli.office import HEAD, ISSUE, Office, clean_environ, tree

FILES = [
    "archive/images/feld-NAME.png",
    "archive/index.html",
    "edition.json",
    "images/feld-NAME.png",
    "mail.eml",
    "mail.html",
    "mail.txt",
]
ID = IssueId(2024, 1)


def _build(office: Office) -> str:
    """Build in this process; return the digest."""
    return build(Workspace.find(office.root, {}), ID, Reader()).edition.digest


def _version(word: str) -> str:
    return ISSUE.replace("Guten Tag.", f"Guten {word}.")


def _rest(office: Office) -> list[str]:
    return sorted(path.name for path in office.built.parent.iterdir())


def test_files(office: Office) -> None:
    """A build is one folder with mail, text, message, page, images and facts, and nothing beside it."""
    done = build(Workspace.find(office.root, {}), ID, Reader())
    (picture,) = (office.built / "images").iterdir()
    assert sorted(tree(office.built)) == [name.replace("feld-NAME.png", picture.name) for name in FILES]
    assert all(path.is_file() for path in done.files.values())
    assert _rest(office) == [".cache", ".lock", "2024-1"]
    assert oct(office.built.stat().st_mode & 0o777) == "0o755"


def test_variants(office: Office) -> None:
    """An issue for several segments has a folder for each variant, whose images lie in the build's own."""
    office.put("issues/2024-1/issue.yaml", f"{ISSUE}  - type: letter\n    text: Stadt\n    only: cities\n")
    _build(office)
    variants = office.built / "variants"
    assert sorted(path.name for path in variants.iterdir()) == ["cities", "general"]
    assert "Stadt" in (variants / "cities/mail.txt").read_text(encoding="utf-8")
    assert "Stadt" not in (variants / "general/mail.txt").read_text(encoding="utf-8")
    assert '"../../images/feld-' in (variants / "cities/mail.html").read_text(encoding="utf-8")


def test_nothing_old_stays(office: Office) -> None:
    """What the new build does not hold is gone with the old one."""
    _build(office)
    office.put("build/2024-1/variants/old/mail.txt", "old")
    _build(office)
    assert not (office.built / "variants").exists()


def test_killed_between_the_renames(office: Office) -> None:
    """An old build that a killed process had put aside comes back, even when the issue has faults now."""
    _build(office)
    before = tree(office.built)
    office.built.rename(office.built.with_name(".2024-1.old"))
    office.put("build/.2024-1.new-x/mail.html", "half")
    office.put("issues/2024-1/issue.yaml", "")
    assert office.quick("build").returncode == 1
    assert tree(office.built) == before
    assert _rest(office) == [".cache", ".lock", "2024-1"]


def test_killed_after_the_renames(office: Office) -> None:
    """An old build that a killed process left behind goes; other issues' folders are left alone."""
    _build(office)
    for name in (".2024-1.old", ".2024-1.new-x", ".2024-11.old", ".2024-11.new-x"):
        office.put(f"build/{name}/mail.html", "left")
    _build(office)
    assert _rest(office) == [".2024-11.new-x", ".2024-11.old", ".cache", ".lock", "2024-1"]


def test_unforeseen_end(office: Office) -> None:
    """A folder that no build made stops the build before anything is written."""
    office.put("build/2024-1/words.txt", "mine")
    with pytest.raises(BuildError, match="was not made by"):
        _build(office)
    assert tree(office.built) == {"words.txt": b"mine"}


def _killed(office: Office, delay: float) -> int:
    """Start a build, wait until it writes, and kill it `delay` seconds later; return how it ended."""
    left = set(office.built.parent.glob(".2024-1.new-*"))
    child = office.forked("build")
    end = time.monotonic() + 30
    while time.monotonic() < end and set(office.built.parent.glob(".2024-1.new-*")) <= left:
        time.sleep(0.0002)
    time.sleep(delay)
    os.kill(child.pid, signal.SIGKILL)
    return child.wait().returncode


def test_kill(built_office: Office) -> None:
    """Killed at any moment of writing, the old build or the new one is there as a whole, and the next works.

    Between the two renames (some microseconds) the old one is called `.2024-1.old`, and comes back.
    """
    old = tree(built_office.built)
    built_office.put("issues/2024-1/issue.yaml", _version("Abend"))
    other = Office(Path(shutil.copytree(built_office.root, built_office.root.with_name("other"))))
    _build(other)
    new = tree(other.built)
    assert old != new
    chance = random.Random(2024)  # noqa: S311 (the same moments in every run)
    ends = []
    for number in range(15):
        ends.append(_killed(built_office, 0.006 * chance.random()))
        aside = built_office.built.with_name(".2024-1.old")
        assert tree(built_office.built if built_office.built.exists() else aside) in (old, new), number
    assert -signal.SIGKILL in ends
    _build(built_office)
    assert tree(built_office.built) == new
    assert _rest(built_office) == [".cache", ".lock", "2024-1"]


def _waits_for_a_lock(pid: int) -> bool:
    """Say whether a process waits for a file lock (proc(5): a waiting one is listed behind `->`)."""
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who waits for a lock")
def test_interrupt(built_office: Office) -> None:
    """Stopped by Ctrl-C while it waits for another build, it says so and leaves nothing behind."""
    before = tree(built_office.built)
    with (built_office.root / "build/.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen(
            built_office.command("build"),
            cwd=built_office.root,
            env=clean_environ(),
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            end = time.monotonic() + 60
            while time.monotonic() < end and not _waits_for_a_lock(process.pid):
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            try:
                _out, told = process.communicate(timeout=60)
            finally:
                process.kill()
    assert (process.returncode, told.strip()) == (1, "Stopped.")
    assert tree(built_office.built) == before


def test_two_at_once(office: Office) -> None:
    """Several builds of one issue wait for each other; all succeed, and the folder is whole."""
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _n: office.run("build", "--json"), range(3)))
    assert [one.returncode for one in done] == [0] * 3
    assert len({one.stdout for one in done}) == 1
    assert (office.built / "edition.json").read_text(encoding="utf-8") == done[0].stdout
    assert _rest(office) == [".cache", ".lock", "2024-1"]


SURROUNDINGS = {
    "as it is": {},
    "other time zone": {"TZ": "Pacific/Kiritimati"},
    "other order of sets": {"PYTHONHASHSEED": "7"},
    "other language": {"LANG": "de_DE.UTF-8", "NEWSLETTER_LANG": "de"},
    "no locale": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "without cache": {"NEWSLETTER_PATHS__BUILD": "elsewhere"},
}
RICH = f"""\
{HEAD}\
  - type: letter
    text: "{{{{ first_name | Guten Tag }}}}, „Öffentlichkeit“ und [Verweis](https://a.example/ä?b=c&d=e)."
  - type: letter
    text: Nur für Städte.
    only: cities
  - type: letter
    text: Nicht für Kreise.
    not: districts
  - type: events
    events: [{{title: A, date: 2024-05-01, time: 9:30}}, {{title: B, date: 2024-05-01}}]
  - type: image
    image: {{file: feld.png, alt: Ein rotes Feld.}}
"""


@pytest.fixture(scope="module")
def surrounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, bytes]]]:
    """The build of one issue in each of the surroundings, in another folder, on another day by its files."""

    def one(name: str) -> dict[str, bytes]:
        office = Office(tmp_path_factory.mktemp(name.replace(" ", "")) / "office").furnish()
        file = office.put("issues/2024-1/issue.yaml", RICH)
        os.utime(file, (len(name) * 1e8, len(name) * 1e8))
        done = office.run("build", environ=SURROUNDINGS[name])
        assert done.returncode == 0, done.stderr
        return tree(office.root / SURROUNDINGS[name].get("NEWSLETTER_PATHS__BUILD", "build") / "2024-1")

    with ThreadPoolExecutor(2) as pool:
        yield dict(zip(SURROUNDINGS, pool.map(one, SURROUNDINGS), strict=True))


@pytest.mark.parametrize("name", list(SURROUNDINGS)[1:])
def test_reproducible(surrounded: dict[str, dict[str, bytes]], name: str) -> None:
    """The same sources give the same bytes in every file, whatever the machine is set to."""
    assert surrounded[name] == surrounded["as it is"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(os.urandom(400)),
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_text("{}", encoding="utf-8"),
    ],
    ids=["lost", "empty", "noise", "cut off", "other"],
)
def test_damaged_cache(built_office: Office, damage: object) -> None:
    """Whatever became of the cache, the build is the same, with and without it."""
    before = tree(built_office.built)
    assert callable(damage)
    for path in sorted((built_office.root / "build/.cache").rglob("*")):
        if path.is_file():
            damage(path)
    _build(built_office)
    assert tree(built_office.built) == before


def test_cache_in_the_way(office: Office) -> None:
    """A cache that cannot be written costs time, not the build."""
    shutil.rmtree(office.root / "build")
    office.put("build/.cache", "a file")
    assert len(_build(office)) == 64


def test_any_word_counts(office: Office) -> None:
    """Another word is another edition."""
    digest = _build(office)
    office.put("issues/2024-1/issue.yaml", _version("Abend"))
    assert _build(office) != digest
    office.put("issues/2024-1/issue.yaml", ISSUE)
    assert _build(office) == digest
