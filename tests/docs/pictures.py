"""Take the pictures of the documents: `python -m tests.docs.pictures` (needs Chromium).

They show what “newsletter build” makes: the repository's newest issue for the README, the German sample of
“newsletter init” and the examples of the section types for the editors' documents, the page of “newsletter
subscribers stats” with made-up numbers.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from newsletter import language
from newsletter.build import Build, build
from newsletter.issue import scaffold
from newsletter.mail.salutation import Reader
from newsletter.subscribers import stats_page
from newsletter.subscribers.stats import Month, Share, Stats
from newsletter.workspace import Workspace
from tests.browser import browser, open_page, screenshot
from tests.cli.office import Office
from tests.docs.documents import DOCS, ROOT
from tests.docs.reference import PICTURED, example, pictured_types, whole_issue
from tests.shots import MAIL, PAGE, glue
from tests.web.running import running

IMAGES = DOCS / "images"
DESK = 680
PHONE = 360
COLOURS = 160
"""Few enough to keep the files small; the drawings have no gradients."""
FRAME = """e => {
  if (e.className !== 'teaser') { e.style.padding = '16px'; e.style.background = 'var(--card)'; }
  e.style.margin = 0;
}"""
FIRST = (2025, 7)
"""The first month of the made-up list, of which `JOINED` and `LEFT` tell who came and went."""
JOINED = (120, 14, 31, 18, 40, 9, 22, 17, 35, 12, 28, 8, 6, 19, 44, 16)
LEFT = (0, 2, 5, 3, 9, 1, 6, 2, 8, 3, 4, 2, 1, 5, 11, 3)
READER = "first_name=Erika,last_name=Beispiel,form=frau"


class Camera:
    """Takes pictures into docs/images."""

    def __init__(self, chromium: Browser, folder: Path) -> None:
        self._chromium = chromium
        self._folder = folder

    def shot(self, path: Path, *, width: int, height: int, dark: bool = False) -> Path:
        """The top of a file as a reader sees it."""
        page = open_page(self._chromium, path, width=width, height=height, dark=dark)
        to = self._folder / f"{len(list(self._folder.iterdir()))}.png"
        screenshot(page, to, full_page=False)
        page.context.close()
        return to

    def window(self, url: str, *, width: int, height: int) -> Path:
        """A page of ours with its scripts, once it has come to rest."""
        page = self._chromium.new_page(viewport={"width": width, "height": height})
        page.goto(url)
        page.wait_for_function("document.getElementById('tally').children.length")
        page.wait_for_timeout(1_000)
        to = self._folder / f"{len(list(self._folder.iterdir()))}.png"
        page.screenshot(path=to, animations="disabled")
        page.close()
        return to

    def sheet(self, name: str, *pictures: Path) -> None:
        """Put pictures side by side into one of docs/images."""
        self._keep(glue(pictures, self._folder / name), name)

    def section(self, path: Path, anchor: str, name: str) -> None:
        """One section of an archive page."""
        page = open_page(self._chromium, path, width=DESK, dark=False)
        place = page.locator(anchor)
        place.evaluate(FRAME)
        to = self._folder / name
        place.screenshot(path=to, animations="disabled")
        page.context.close()
        self._keep(to, name)

    def _keep(self, path: Path, name: str) -> None:
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        IMAGES.mkdir(exist_ok=True)
        few.save(IMAGES / name, optimize=True)


def _built(root: Path, reader: str = "") -> Build:
    workspace = Workspace.find(root, os.environ)
    return build(workspace, workspace.issue_id(None), Reader.parse(reader, workspace.settings))


def readme(camera: Camera) -> None:
    """The repository's issue, on a desk and on a telephone, light and dark."""
    mail = _built(ROOT).folder / MAIL
    camera.sheet(
        "mail-desk.png", *(camera.shot(mail, width=DESK, height=1100, dark=d) for d in (False, True))
    )
    camera.sheet(
        "mail-phone.png", *(camera.shot(mail, width=PHONE, height=780, dark=d) for d in (False, True))
    )


def guide(camera: Camera, folder: Path) -> None:
    """The sample issue: mail and page, and the greeting of a reader who is not known beside one who is."""
    scaffold.init(folder, date(2026, 10, 5))
    unknown = _built(folder).folder
    camera.sheet(
        "muster-mail.png",
        camera.shot(unknown / MAIL, width=DESK, height=1200),
        camera.shot(unknown / MAIL, width=PHONE, height=1200),
    )
    camera.sheet("muster-archiv.png", camera.shot(unknown / PAGE, width=900, height=900))
    neutral = camera.shot(unknown / MAIL, width=DESK, height=480)
    known = camera.shot(_built(folder, READER).folder / MAIL, width=DESK, height=480)
    camera.sheet("anrede.png", neutral, known)


def statistics(camera: Camera, folder: Path) -> None:
    """The page of numbers, light and dark."""
    page = folder / "statistik.html"
    page.write_text(
        stats_page.page(_made_up(), title="Stadt & Land", phrases=language.Phrases("de")), encoding="utf-8"
    )
    camera.sheet(
        "statistik.png", *(camera.shot(page, width=DESK, height=900, dark=dark) for dark in (False, True))
    )


def preview(camera: Camera, folder: Path) -> None:
    """The preview of the repository's issue, in English as the README is."""
    for name in ("issues", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copyfile(ROOT / "newsletter.toml", folder / "newsletter.toml")
    with running(Office(folder)) as started:
        camera.sheet("vorschau.png", camera.window(started.url, width=1440, height=1000))


def _made_up() -> Stats:
    """Numbers whose sums fit."""
    year, first = FIRST
    growth, active = [], 0
    for at, (joined, left) in enumerate(zip(JOINED, LEFT, strict=True), first - 1):
        active += joined - left
        growth.append(Month(f"{year + at // 12}-{at % 12 + 1:02}", joined, left, active))
    by_status = {"pending": 7, "active": active, "unsubscribed": sum(LEFT) - 9, "bounced": 8, "complained": 1}
    return Stats(
        at="2026-10-05",
        total=sum(by_status.values()),
        by_status=by_status,
        growth=tuple(growth),
        domains=(Share("kreis-muster.example", 131), Share("stadt-probe.example", 96)),
        other_domains=active - 227,
        tags=(Share("kreise", 188), Share("presse", 41)),
        languages=(Share("de", active),),
    )


def section_types(camera: Camera, folder: Path) -> None:
    """The example of every section type."""
    scaffold.init(folder, date(2024, 8, 1))
    home = folder / "issues" / "2024-3"
    for name in pictured_types():
        marked = example(name, PICTURED).replace(f"- type: {name}\n", f"- type: {name}\n  id: muster\n")
        (home / "issue.yaml").write_text(whole_issue(marked, PICTURED), encoding="utf-8")
        camera.section(_built(folder).folder / PAGE, "#muster", f"typ-{name}.png")


def main() -> int:
    """Take every picture."""
    language.use("de")
    with browser() as chromium, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shots").mkdir()
        camera = Camera(chromium, folder / "shots")
        readme(camera)
        guide(camera, folder / "guide")
        section_types(camera, folder / "types")
        statistics(camera, folder)
        preview(camera, folder / "preview")
    print(*sorted(path.relative_to(ROOT) for path in IMAGES.iterdir()), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
