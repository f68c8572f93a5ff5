"""Watch what an issue is made of: its folder, the templates, newsletter.toml.

Folders are watched, never single files: editors save by writing a new file and renaming it over the old one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, awatch

from newsletter import config
from newsletter.web.workbench import Workbench
from newsletter.workspace import Workspace

STEP = 10
"""Milliseconds of quiet after which a change is taken as complete."""
LONGEST = 200
"""Milliseconds after which it is looked at, quiet or not."""
_SCRATCH = (".swp", ".swx", "~", ".tmp", ".part")
"""What editors write beside the file they save."""


@dataclass(frozen=True)
class _Signs:
    """What the watchers say."""

    changed: asyncio.Event
    """Something was saved."""
    moved: asyncio.Event
    """A watched folder itself came or went: it has to be watched anew."""


async def watch(bench: Workbench) -> None:
    """Compose the issue, and again whenever something was saved, until the workbench is ended."""
    while not bench.ended.is_set():
        signs, places = _Signs(asyncio.Event(), asyncio.Event()), _places(bench)
        watchers = [
            asyncio.create_task(_watch_below(bench, places, signs)),
            asyncio.create_task(_watch_root(bench, signs)),
        ]
        try:
            await bench.renew()
            while places == _places(bench) and not signs.moved.is_set() and not bench.ended.is_set():
                await signs.changed.wait()
                signs.changed.clear()
                if not bench.ended.is_set():
                    await bench.renew()
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)


def _wanted(workspace: Workspace) -> tuple[Path, Path]:
    return workspace.issues, workspace.root / workspace.settings.paths.templates


def _places(bench: Workbench) -> tuple[Path, ...]:
    """Return the folders that are there; which they are stands in newsletter.toml."""
    return tuple(place for place in _wanted(bench.glance.workspace) if place.is_dir())


async def _watch_below(bench: Workbench, places: tuple[Path, ...], signs: _Signs) -> None:
    """Watch this issue's folder and the templates; other issues do not concern us."""
    issues = bench.glance.workspace.issues
    issue = bench.glance.workspace.issue_file(bench.issue_id).parent

    def concerns(_change: Change, name: str) -> bool:
        path = Path(name)
        ours = not path.is_relative_to(issues) or path == issues or path.is_relative_to(issue)
        return ours and not name.endswith(_SCRATCH)

    async for _changes in _changes_of(places, concerns, recursive=True):
        signs.changed.set()


async def _watch_root(bench: Workbench, signs: _Signs) -> None:
    """Watch the newsletter's own folder: the settings, and the folders that are watched by the other."""
    root, folders = bench.glance.workspace.root, _wanted(bench.glance.workspace)

    def concerns(_change: Change, name: str) -> bool:
        return Path(name).name == config.FILENAME or Path(name) in folders

    async for changes in _changes_of((root,), concerns, recursive=False):
        if any(change is not Change.modified and Path(name) in folders for change, name in changes):
            signs.moved.set()
        signs.changed.set()


async def _changes_of(
    places: tuple[Path, ...], concerns: Callable[[Change, str], bool], *, recursive: bool
) -> AsyncIterator[set[tuple[Change, str]]]:
    """Give what changes, if there is anything to watch."""
    if not places:
        return
    # No stop_event of ours: it would be set when a watcher is cancelled, and ours ends the preview.
    async for changes in awatch(
        *places, watch_filter=concerns, step=STEP, debounce=LONGEST, recursive=recursive
    ):
        yield changes
