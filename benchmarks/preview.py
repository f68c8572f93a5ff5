"""How long it takes from saving an issue until a browser shows it: the real program, in Chromium."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.compose import ROOT
from benchmarks.measure import Spread
from benchmarks.process import NEWSLETTER, workspace
from tests.browser import browser

LIMIT = 0.150
"""Seconds that are asked for."""
WIDTH = 1440
WARMUP = 4
PAUSE = 0.9
"""Seconds between two savings: what follows the mail (the check) is done by then."""
WATCH = """() => {
  const frames = () => [...document.querySelectorAll('.pane:not([hidden]) iframe.shown')];
  window.awaited = word => {
    window.shown = new Promise(done => {
      const observer = new MutationObserver(() => {
        if (!frames().every(frame => frame.contentDocument.body.textContent.includes(word))) return;
        observer.disconnect();
        const there = Date.now();
        requestAnimationFrame(() => requestAnimationFrame(() => done([there, Date.now()])));
      });
      observer.observe(document, { subtree: true, attributes: true, attributeFilter: ['data-revision'] });
    });
  };
}"""
"""Notes when all frames hold a word, and when the browser has painted that (the second frame after it)."""


@dataclass(frozen=True)
class Reloads:
    """Seconds from saving: until all frames hold the new words, and until they are painted."""

    there: Spread
    painted: Spread
    frames: int


def measure(runs: int) -> Reloads:
    """Save the real issue again and again, each time with another word in a heading."""
    with workspace() as folder, _preview(folder) as url, browser() as chromium:
        page = chromium.new_page(viewport={"width": WIDTH, "height": 900})
        page.goto(url)
        page.wait_for_selector(".finding")
        page.evaluate(WATCH)
        times = [_saved(page, folder, number) for number in range(WARMUP + runs)][WARMUP:]
        frames = page.locator("iframe.shown").filter(visible=True).count()
    there, painted = zip(*times, strict=True)
    return Reloads(Spread.of(there), Spread.of(painted), frames)


def lines(found: Reloads) -> list[str]:
    """Return the figures as a part of docs/performance.md."""
    met = "met" if found.painted.median <= LIMIT else "missed"
    return [
        f"### From saving the issue 2023-3 to seeing it in Chromium ({found.frames} frames side by side)",
        "",
        "| what | ms |",
        "| --- | ---: |",
        f"| all frames hold the new words | {found.there.told(1000, 0)} |",
        f"| and the browser has painted them | {found.painted.told(1000, 0)} |",
        "",
        f"Asked for: at most {LIMIT * 1000:.0f} ms; {met}.",
    ]


def _saved(page: Page, folder: Path, number: int) -> tuple[float, float]:
    issue = folder / "issues" / "2023-3" / "issue.yaml"
    word = f"Treffen{number}"
    text = (ROOT / "issues" / "2023-3" / "issue.yaml").read_text(encoding="utf-8")
    time.sleep(PAUSE)
    page.evaluate("word => window.awaited(word)", word)
    start = time.time()
    issue.write_text(text.replace("heading: Veranstaltungen", f"heading: {word}"), encoding="utf-8")
    there, painted = page.evaluate("() => window.shown")
    return there / 1000 - start, painted / 1000 - start


@contextmanager
def _preview(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [*NEWSLETTER, "preview", "2023-3", "--no-open"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield (process.stdout.readline() if process.stdout else "").strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
