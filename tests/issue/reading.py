"""Read an issue that a test writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

from newsletter.errors import Fault
from newsletter.issue import reader
from newsletter.issue.model import Issue
from newsletter.settings_model import Newsletter, Segment, Settings
from newsletter.settings_sending import Sender
from newsletter.workspace import BASE_THEME

SETTINGS = Settings(
    newsletter=Newsletter(title="Kreisblatt"),
    sender=Sender(name="Redaktion", address="redaktion@kreis.example"),
    segments={name: Segment(title=name) for name in ("cities", "districts", "s3", "s4", "s5", "s6", "s7")},
)
HEAD = """\
year: 2024
number: 1
date: 2024-02-01
subject: Neues
preheader: Was war und was kommt.
sections:
"""
"""Six lines; the sections begin in line 7."""


def read(folder: Path, text: str, theme: Sequence[Path] = ()) -> reader.Reading:
    """Read a whole issue.yaml; `theme` are folders before the base theme."""
    path = folder / "2024-1" / "issue.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return reader.read(path, SETTINGS, (*theme, BASE_THEME))


def issue(folder: Path, text: str, theme: Sequence[Path] = ()) -> Issue:
    """Read an issue without faults."""
    reading = read(folder, text, theme)
    assert reading.issue is not None, reading.faults
    assert not reading.faults
    return reading.issue


def section(text: str) -> str:
    """Return an issue of one section, whose lines are given without indentation; its first is line 7."""
    return f"{HEAD}  - {indent(text, '    ').lstrip()}\n"


def told(fault: Fault) -> str:
    """Return a fault as `line:column: message`."""
    return f"{fault.where.line}:{fault.where.column}: {fault.message}"
