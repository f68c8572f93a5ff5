"""Compiled templates that all workspaces of a process share: compiling takes most of a small issue's time."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


def share(workspace: Path) -> None:
    """Let a workspace use them (Jinja compares a template with what was compiled), unless it has its own."""
    folder = workspace / "build" / ".cache"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "templates").exists():
        (folder / "templates").symlink_to(_folder(), target_is_directory=True)


@cache
def _folder() -> Path:
    made = tempfile.mkdtemp(prefix="newsletter-templates-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)
