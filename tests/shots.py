"""Contact sheets of a build, to look at: `python -m tests.shots BUILD_DIR OUT_DIR`.

Mail and page, light beside dark, on a desk (800 px) and on a phone (360 px); and the mail as it is without
its `<style>` (GMX and WEB.DE drop it) and without images (many programs ask first), 800 px beside 360 px.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser import browser, open_page, overflow, screenshot

GAP = 16
GREY = (128, 128, 128)
DROP_STYLES = "() => document.querySelectorAll('style, link[rel=stylesheet]').forEach(e => e.remove())"


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to look at a file."""

    source: str
    width: int
    dark: bool = False
    styles: bool = True
    images: bool = True

    def __str__(self) -> str:
        """As it is told: file, width, scheme and what is missing."""
        missing = [
            word for word, there in (("no style", self.styles), ("no images", self.images)) if not there
        ]
        return ", ".join([self.source, f"{self.width} px", "dark" if self.dark else "light", *missing])


def _schemes(source: str, width: int) -> tuple[View, ...]:
    return tuple(View(source=source, width=width, dark=dark) for dark in (False, True))


MAIL = "mail.html"
PAGE = "archive/index.html"
SHEETS: dict[str, tuple[View, ...]] = {
    "mail-800.png": _schemes(MAIL, 800),
    "mail-360.png": _schemes(MAIL, 360),
    "page-800.png": _schemes(PAGE, 800),
    "page-360.png": _schemes(PAGE, 360),
    "mail-nostyle.png": tuple(View(source=MAIL, width=width, styles=False) for width in (800, 360)),
    "mail-noimages.png": tuple(View(source=MAIL, width=width, images=False) for width in (800, 360)),
}


def shoot(chromium: Browser, view: View, *, build: Path, to: Path) -> list[str]:
    """Make one screenshot; returns what sticks out of the window."""
    page = open_page(chromium, build / view.source, width=view.width, dark=view.dark, images=view.images)
    try:
        if not view.styles:
            page.evaluate(DROP_STYLES)
        screenshot(page, to)
        return overflow(page)
    finally:
        page.context.close()


def glue(pictures: Sequence[Path], to: Path) -> Path:
    """Put pictures side by side, tops level, on grey."""
    images = [Image.open(picture).convert("RGB") for picture in pictures]
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    sheet = Image.new("RGB", (width, max(image.height for image in images)), GREY)
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + GAP
    sheet.save(to, optimize=True)
    return to


def make_sheets(build: Path, out: Path) -> list[str]:
    """Make every sheet of SHEETS in `out`; returns what sticks out, with the view it was seen in."""
    out.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with browser() as chromium, tempfile.TemporaryDirectory() as folder:
        for name, views in SHEETS.items():
            pictures = [Path(folder) / f"{number}-{name}" for number in range(len(views))]
            for view, picture in zip(views, pictures, strict=True):
                seen = shoot(chromium, view, build=build, to=picture)
                faults += [f"{view}: {fault}" for fault in seen]
            glue(pictures, out / name)
    return faults


def main() -> int:
    """Parse, make the sheets, say what sticks out."""
    parser = argparse.ArgumentParser(prog="python -m tests.shots", description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="folder with mail.html and archive/index.html")
    parser.add_argument("out", type=Path, help="folder for the sheets")
    arguments = parser.parse_args()
    faults = make_sheets(arguments.build, arguments.out)
    print(*faults, *(str(arguments.out / name) for name in SHEETS), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
