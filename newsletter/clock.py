"""Moments as the database and JSON know them: UTC, ISO 8601, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def stamp(moment: datetime) -> str:
    """Write a moment: `2023-08-02T12:00:00+00:00`; as text these sort by time.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def after(moment: datetime, days: int) -> str:
    """Write the moment some days later."""
    return stamp(moment + timedelta(days=days))


def local(text: str) -> str:
    """Write a moment as the clock on this machine's wall shows it: `2023-08-02 14:00`."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"


@cache
def boot_id() -> str:
    """Return what names this start of the machine; empty where the system does not tell (not Linux).

    The monotonic clock counts from the start of the machine, so what it said means nothing after another.
    """
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
