"""What is different each time a document is played is shown as if it were not: days, folders, names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from tests.docs.relay import HOST, PORT

DAY = date(2026, 10, 5)
"""When every document was played."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d\+00:00")
_WALL = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d)(?: (UTC|CES?T)\b)?")
_HOURS = {"CET": 1, "CEST": 2}
_TODAY = re.compile(r"\b(\d{4}-\d\d-\d\d)(?=T\d\d:\d\d\b)")
_MONTH = re.compile(r"^  \d{4}-\d\d(?=  \+)", re.MULTILINE)
_NAME = re.compile(r"\b(?:[0-9a-f]{40}(?=@)|[0-9a-f]{16}(?![0-9a-f]))")
"""Message-IDs, digests of editions."""
_FILE = re.compile(r"\b\d{10}\.(T[0-9a-f]{16}|M\d+R\d+)\.outbox\b")


class Sameness:
    """Tells what is said as it is shown, and reads what is shown as it really is."""

    def __init__(self, root: Path, way: Mapping[str, str]) -> None:
        self._root = f"{root}/"
        self._relay = f"{way.get('NEWSLETTER_SMTP__HOST')}:{way.get('NEWSLETTER_SMTP__PORT')}"
        self._names: dict[str, str] = {}

    def shown(self, text: str) -> str:
        """Return what a program said as the document shows it."""
        text = text.replace(self._root, "").replace(self._relay, f"{HOST}:{PORT}")
        text = _FILE.sub(self._file, text)
        text = _NAME.sub(self._name, text)
        text = _WALL.sub(_on_the_wall, text)
        text = _MOMENT.sub(lambda found: f"{_moved(found[1])}T09:30:00+00:00", text)
        return _MONTH.sub(f"  {DAY:%Y-%m}", text).replace(f"{_today()}", f"{DAY}")

    def real(self, text: str) -> str:
        """Return what a document shows as it really is: names it was told, days to come."""
        for name, shown in self._names.items():
            text = text.replace(shown, name)
        return _TODAY.sub(lambda found: f"{_today() + (date.fromisoformat(found[1]) - DAY)}", text)

    def _name(self, found: re.Match[str]) -> str:
        """Give each name another one, the same whenever the document is played."""
        name = found[0]
        if name not in self._names:
            number = sum(len(known) == len(name) for known in self._names)
            self._names[name] = sha256(f"{len(name)} {number}".encode()).hexdigest()[: len(name)]
        return self._names[name]

    def _file(self, found: re.Match[str]) -> str:
        mark = found[1] if found[1].startswith("M") else "T0123456789abcdef"
        return f"1791192600.{mark}.outbox"


def _today() -> date:
    return datetime.now(UTC).date()


def _moved(day: str) -> date:
    return DAY + (date.fromisoformat(day) - _today())


def _on_the_wall(found: re.Match[str]) -> str:
    here = datetime.fromisoformat(found[1]) - timedelta(hours=_HOURS.get(found[2], 0))
    return f"{_moved(f'{here:%Y-%m-%d}')} 11:30"
