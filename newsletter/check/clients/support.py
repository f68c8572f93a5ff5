"""What mail programs understand: the reduced data of caniemail.com, weighted by how many readers use each.

caniemail.json says in itself where it comes from, how it was reduced and of which day it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from newsletter.language import N_

_FILE = Path(__file__).with_name("caniemail.json")
NAMES: Mapping[str, str] = {
    "outlook-classic": N_("Outlook (classic)"),
    "outlook-new": N_("Outlook (new)"),
    "outlook-phone": N_("Outlook (phone)"),
    "apple-mail": "Apple Mail",
    "gmail": "Gmail",
    "gmx": "GMX",
    "web-de": "WEB.DE",
    "t-online": "T-Online",
    "thunderbird": "Thunderbird",
}
"""What each program is called; the names of [check] programs in newsletter.toml."""


@dataclass(frozen=True)
class Affected:
    """Who does not understand a feature."""

    programs: tuple[str, ...]
    """The one with the most readers first; names of `NAMES`."""
    share: float
    """Per cent of the readers."""


def date() -> str:
    """Return the day of the data, as YYYY-MM-DD."""
    return str(_data()["date"])


def known() -> frozenset[str]:
    """Return the features that there are data of."""
    return frozenset(_data()["features"])


def affected(feature: str, *, partly: bool = False, shares: Mapping[Any, float] | None = None) -> Affected:
    """Say which programs do not understand a feature.

    Args:
        feature: caniemail's name for it.
        partly: whether it matters as well where it is understood in part.
        shares: how many readers use each program, in per cent; an estimate without any.
    """
    support = _data()["features"][feature]
    without = {*support["no"], *(support.get("partly", ()) if partly else ())}
    lost: dict[str, float] = {}
    for name, program in _data()["programs"].items():
        platforms = program["platforms"]
        share = (shares or {}).get(name, 0.0) if shares else program["share"]
        part = sum(platform in without for platform in platforms) / len(platforms)
        if part and share:
            lost[name] = share * part
    return Affected(tuple(sorted(lost, key=lambda name: -lost[name])), sum(lost.values()))


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found
