"""Pictures of all views: the real issue looks as it did, and `preview --shots` writes what it says."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from newsletter.build import edition_of
from newsletter.errors import UsageError
from newsletter.issue_id import IssueId
from newsletter.web import browsing, shots
from newsletter.web.shots import Shot
from newsletter.web.views import View
from newsletter.workspace import Workspace
from tests.browser import needs_browser, open_page, overflow
from tests.cli.office import Office
from tests.judges.accessibility import axe, needs_axe
from tests.web import snapshots

ROOT = Path(__file__).parents[2]
NAMES = [f"{view}-{width}" for view in View if view is not View.SOURCE for width in shots.WIDTHS]
"""All views but the source, in which every byte shows."""
OTHER_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{folder}</cachedir>
  <match target="font">
    <edit name="hinting" mode="assign"><bool>true</bool></edit>
    <edit name="hintstyle" mode="assign"><const>hintfull</const></edit>
    <edit name="antialias" mode="assign"><bool>true</bool></edit>
    <edit name="rgba" mode="assign"><const>rgb</const></edit>
  </match>
</fontconfig>
"""
"""A machine with a single font, which draws coloured edges and fits letters to pixels as hard as it can."""
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser as `preview --shots` starts it."""
    with browsing.opened(browsing.executable(None, os.environ)) as started:
        yield started


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shot]:
    """The shots of the real issue."""
    build = tmp_path_factory.mktemp("shots")
    workspace = Workspace.find(ROOT, {"NEWSLETTER_PATHS__BUILD": str(build)})
    edition = edition_of(workspace, IssueId(2023, 3))
    return {shot.name: shot for shot in shots.planned(edition, workspace.settings)}


def _picture(chromium: Browser, shot: Shot, change: Callable[[str], str] = str) -> Image.Image:
    document = snapshots.pinned(change(shot.document))
    data, _height, is_cut = shots.picture(chromium, document, width=shot.width)
    assert not is_cut
    return snapshots.opened(data)


@needs_browser
@pytest.mark.parametrize("name", NAMES)
def test_the_real_issue_looks_as_it_did(
    chromium: Browser, planned: dict[str, Shot], tmp_path: Path, name: str
) -> None:
    """In every view, on a desk and on a phone; NEWSLETTER_SNAPSHOTS=update accepts a new look."""
    picture = _picture(chromium, planned[name])
    if snapshots.is_update():
        snapshots.save(name, picture)
    verdict = snapshots.compared(snapshots.load(name), picture)
    verdict.sheet.save(tmp_path / f"{name}.png")

    assert verdict.is_same, f"{name}: {verdict}; see {tmp_path / name}.png"


def test_no_snapshot_is_left_over() -> None:
    """Each belongs to a view."""
    assert sorted(path.stem for path in snapshots.FOLDER.glob("*.png")) == sorted(NAMES)


def _without_events(document: str) -> str:
    """Take a section out: its heading and its paragraph."""
    found = re.sub(r'<h2[^>]*id="veranstaltungen".*?</h2>', "", document, flags=re.DOTALL)
    found = re.sub(r"<p[^>]*>Für den Herbst 2023.*?</p>", "", found, flags=re.DOTALL)
    assert found != document
    return found


def _replaced(old: str, new: str) -> Callable[[str], str]:
    def change(document: str) -> str:
        assert old in document
        return document.replace(old, new)

    return change


CHANGES = {
    "a section is missing": _without_events,
    "the band has another colour": _replaced("#0b4f5c", "#2b3f5c"),
    "the rules have another colour": _replaced("4px #0b6474", "4px #d8a13a"),
    "links are black": _replaced("color:#0b6474", "color:#1d2b30"),
    "an image is broken": _replaced("data:image/jpeg;base64,", "data:image/jpeg;base64,x"),
    "text is centred": _replaced("</head>", "<style>p { text-align: center }</style></head>"),
    "text is smaller": _replaced("</head>", "<style>p { font-size: 16px !important }</style></head>"),
    "the mail is narrower": _replaced("max-width:600px", "max-width:580px"),
}


@needs_browser
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_looks_different_is_noticed(
    chromium: Browser, planned: dict[str, Shot], tmp_path: Path, change: Callable[[str], str]
) -> None:
    """A part that is missing, a colour, a layout: each is more than the tolerance."""
    shot = planned["light-800"]
    verdict = snapshots.compared(snapshots.load(shot.name), _picture(chromium, shot, change))
    verdict.sheet.save(tmp_path / "different.png")

    assert not verdict.is_same, str(verdict)


@needs_browser
@pytest.mark.parametrize("name", ["light-800", "text-360", "page-360"])
def test_a_machine_with_other_fonts_sees_the_same(
    chromium: Browser, planned: dict[str, Shot], tmp_path: Path, name: str
) -> None:
    """Which fonts are installed and how edges are drawn is forgiven."""
    only = next(path for folder in FONTS for path in sorted(Path(folder).rglob("*.ttf")))
    (tmp_path / "fonts").mkdir()
    shutil.copy(only, tmp_path / "fonts")
    config = tmp_path / "fonts.conf"
    config.write_text(OTHER_FONTS.format(folder=tmp_path / "fonts"), encoding="utf-8")
    other = chromium.browser_type.launch(
        executable_path=browsing.executable(None, os.environ),
        args=["--no-sandbox", "--disable-gpu", "--enable-lcd-text"],
        env={**os.environ, "FONTCONFIG_FILE": str(config)},
    )
    picture = _picture(other, planned[name])
    other.close()
    verdict = snapshots.compared(snapshots.load(name), picture)

    assert verdict.is_same, str(verdict)


@needs_browser
def test_the_same_document_gives_the_same_picture(chromium: Browser, planned: dict[str, Shot]) -> None:
    """To the last byte, on one machine: nothing moves, and nothing is taken before it is there."""
    shot = planned["light-360"]
    moving = shot.document.replace(
        "</head>",
        "<style>@keyframes turn { to { rotate: 1turn } } h2 { animation: turn 3s infinite }</style></head>",
    )
    for document in (shot.document, moving):
        pictures = {shots.picture(chromium, document, width=shot.width)[0] for _time in range(2)}
        assert len(pictures) == 1


@needs_browser
def test_a_document_that_is_too_long_is_cut(chromium: Browser) -> None:
    """At the height from which Chromium draws nonsense; that is told."""
    document = '<!doctype html><html><head></head><body><div style="height: 20000px">Lang</div></body></html>'
    data, height, is_cut = shots.picture(chromium, document, width=360)

    assert is_cut
    assert height >= 20_000
    assert Image.open(BytesIO(data)).height == shots.HIGHEST


@pytest.fixture(scope="module")
def photographed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, list[str]]:
    """An office with an issue in two variants, of which pictures were taken, and what the program printed."""
    office = Office(tmp_path_factory.mktemp("photographed")).furnish()
    path = office.root / "issues/2024-1/issue.yaml"
    only = "  - type: letter\n    only: cities\n    text: Für Städte.\n"
    path.write_text(path.read_text(encoding="utf-8") + only, encoding="utf-8")
    done = office.run("preview", "--shots", "bilder")
    assert done.returncode == 0, done.stderr
    return office, done.stdout.splitlines()


@needs_browser
def test_pictures_are_written(photographed: tuple[Office, list[str]]) -> None:
    """A PNG of each view and variant at both widths, and a sheet that shows them all; paths are told."""
    office, told = photographed
    folder = office.root / "bilder"
    names = [f"{view}-{width}.png" for view in (*View, "light-cities") for width in shots.WIDTHS]
    assert told == [f"bilder/{name}" for name in [*names, "index.html"]]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "index.html"])
    for name in names:
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
            assert name.endswith(f"-{picture.width}.png")
    sheet = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<img src="([^"]+)"', sheet) == names
    assert "Light: Städte" in sheet


@needs_browser
@pytest.mark.parametrize("width", [360, 1200])
def test_the_sheet_fits_every_screen(
    chromium: Browser, photographed: tuple[Office, list[str]], width: int
) -> None:
    """Nothing sticks out of it."""
    office, _told = photographed
    shown = open_page(chromium, office.root / "bilder/index.html", width=width, dark=False)
    assert overflow(shown) == []


@needs_browser
@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_on_the_sheet(
    chromium: Browser, photographed: tuple[Office, list[str]], width: int, *, dark: bool
) -> None:
    """WCAG 2.2 A and AA and what axe-core holds for good practice."""
    office, _told = photographed
    assert axe(chromium, office.root / "bilder", "index.html", dark=dark, width=width).findings == ()


@pytest.mark.parametrize(
    ("browser", "environ", "told"),
    [
        (["--browser", "/no/such/chromium"], {}, "/no/such/chromium is no program that can be run."),
        ([], {"CHROMIUM": "no-such-chromium"}, "There is no Chromium here to take pictures with."),
        (["--browser", "/bin/false"], {}, "/bin/false does not start: "),
    ],
    ids=["named", "none", "no browser"],
)
def test_without_a_browser(office: Office, browser: list[str], environ: dict[str, str], told: str) -> None:
    """It is told what is missing and what to do, and no folder is left half filled."""
    done = office.run("preview", "--shots", "bilder", *browser, environ=environ)

    assert done.returncode in {1, 2}
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(office.root.glob("bilder/*"))


def test_without_playwright(office: Office) -> None:
    """It is told how it is installed; everything else does without it."""
    office.put("playwright/__init__.py", "raise ImportError('not installed')\n")
    done = office.run(
        "preview", "--shots", "bilder", environ={"PYTHONPATH": f"{office.root}:{ROOT}", "CHROMIUM": "true"}
    )

    assert done.returncode == 1
    assert "pip install 'newsletter[shots]'" in done.stderr


def test_a_folder_that_cannot_be_written(office: Office) -> None:
    """It is told before a browser is started."""
    office.put("bilder", "no folder")
    done = office.run("preview", "--shots", "bilder/innen", environ={"CHROMIUM": "true"})

    assert done.returncode in {1, 2}
    assert "bilder" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_browser_that_is_named_wins(tmp_path: Path) -> None:
    """Over CHROMIUM and over what the system has."""
    mine = tmp_path / "mine"
    mine.write_text("#!/bin/sh\n", encoding="utf-8")
    mine.chmod(0o755)

    assert browsing.executable(mine, {"CHROMIUM": "/bin/true"}) == str(mine)
    assert browsing.executable(None, {"CHROMIUM": str(mine)}) == str(mine)
    with pytest.raises(UsageError):
        browsing.executable(tmp_path, {})
