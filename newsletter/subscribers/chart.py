"""The list's numbers for a terminal: bars of block characters, or of # where those cannot be shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from newsletter.language import N_, _
from newsletter.subscribers.stats import Month, Share, Stats

MONTHS = 24
"""Months shown; all of them stand in the JSON."""
NARROWEST = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LABEL = 28
STATUS_NAMES = {
    "active": N_("active"),
    "pending": N_("pending"),
    "unsubscribed": N_("unsubscribed"),
    "bounced": N_("bounced"),
    "complained": N_("complained"),
}


def drawn(stats: Stats, *, width: int = 80, encoding: str = "utf-8") -> str:
    """Return the numbers as lines of at most `width` columns that the encoding can show."""
    width = max(width, NARROWEST)
    bar = _blocks if _can_show(_EIGHTHS, encoding) else _signs
    parts = [
        _titled(_("Status"), _bars(_statuses(stats), width, bar)),
        _titled(_("Active people at the end of each month"), _growth(stats.growth[-MONTHS:], width, bar)),
        _titled(_("Domains of the active"), _bars(_domains(stats), width, bar)),
        _titled(_("Tags of the active"), _bars(stats.tags, width, bar)),
        _titled(_("Languages of the active"), _bars(stats.languages, width, bar)),
    ]  # fmt: skip
    text = "\n\n".join(filter(None, parts)) + "\n"
    return text.encode(encoding, "replace").decode(encoding)


def _statuses(stats: Stats) -> list[Share]:
    return [Share(_(STATUS_NAMES[name]), count) for name, count in stats.by_status.items()]


def _domains(stats: Stats) -> list[Share]:
    others = [Share(_("all others"), stats.other_domains)] if stats.other_domains else []
    return [*stats.domains, *others]


def _titled(title: str, lines: Sequence[str]) -> str:
    return "\n".join((title, *lines)) if lines else ""


def _bars(shares: Sequence[Share], width: int, bar: Callable[[float], str]) -> list[str]:
    if not shares:
        return []
    labels = [_fitted(share.name or _("none given"), min(_LABEL, width // 2)) for share in shares]
    wide = max(map(_columns, labels))
    digits = max(len(str(share.count)) for share in shares)
    most = max(share.count for share in shares) or 1
    room = width - wide - digits - 6
    return [
        f"  {label}{' ' * (wide - _columns(label))}  {share.count:>{digits}}"
        f"  {bar(room * share.count / most)}".rstrip()
        for label, share in zip(labels, shares, strict=True)
    ]


def _growth(months: Sequence[Month], width: int, bar: Callable[[float], str]) -> list[str]:
    if not months:
        return []
    more, fewer, active = (
        max(len(str(getattr(month, name))) for month in months) for name in ("joined", "left", "active")
    )
    most = max(month.active for month in months) or 1
    room = width - 7 - more - fewer - active - 12
    return [
        f"  {month.month}  +{month.joined:<{more}}  -{month.left:<{fewer}}  {month.active:>{active}}"
        f"  {bar(room * month.active / most)}".rstrip()
        for month in months
    ]


def _blocks(length: float) -> str:
    whole, eighths = divmod(round(max(length, 0) * 8), 8)
    return _EIGHTHS[8] * whole + _EIGHTHS[eighths].strip()


def _signs(length: float) -> str:
    return "#" * round(max(length, 0))


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _fitted(text: str, most: int) -> str:
    """Return a label of at most so many columns, without what would steer a terminal."""
    text = "".join(char if char.isprintable() else "�" for char in text)
    if _columns(text) <= most:
        return text
    while _columns(text) >= most:
        text = text[:-1]
    return f"{text}…"


def _columns(text: str) -> int:
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
