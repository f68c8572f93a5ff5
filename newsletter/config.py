"""Read `newsletter.toml` and the environment into `Settings`; the only reader of the environment.

A key `[web] base_url` may also come as `NEWSLETTER_WEB__BASE_URL`, which wins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.validation import Path as KeyPath
from newsletter.validation import faults_of, keys_of

FILENAME = "newsletter.toml"
_PREFIX = "NEWSLETTER_"
_TABLE = re.compile(r"^\s*\[\s*([A-Za-z0-9_.\"-]+)\s*\]")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\"-]+)\s*=")


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        FaultsFound: the file is missing, is not TOML, or has wrong or unknown keys (all are named).
    """
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise FaultsFound([_syntax_fault(path, err)]) from err
    _overlay(data, environ)
    try:
        return Settings.model_validate(data)
    except ValidationError as err:
        locate = partial(_locate, path, _lines_of(text))
        raise FaultsFound(faults_of(err, locate, _known)) from err


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        raise FaultsFound([Fault(Where(path), _("The file is not UTF-8."), _("Save it as UTF-8."))]) from err
    except OSError as err:
        message = _("The settings cannot be read: {reason}.").format(reason=err.strerror)
        cure = _("“newsletter init DIR” makes a folder with everything in it.")
        raise FaultsFound([Fault(Where(path), message, cure)]) from err


def _syntax_fault(path: Path, err: tomllib.TOMLDecodeError) -> Fault:
    # Python 3.11 to 3.13 give the position only inside the message.
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(err))
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    reason = str(err).split(" (at ")[0]
    return Fault(Where(path, line, column), _("This is not valid TOML: {reason}.").format(reason=reason))


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Put `NEWSLETTER_SECTION__KEY=value` over the file's values."""
    for name, value in sorted(environ.items()):
        section, divider, key = name.removeprefix(_PREFIX).lower().partition("__")
        if name.startswith(_PREFIX) and divider and section in Settings.model_fields:
            table = data.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = value


def _lines_of(text: str) -> dict[KeyPath, int]:
    """Find the line of each table and key; good enough for messages (inline tables: their own line)."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TABLE.match(line):
            table = tuple(part.strip('"') for part in found[1].split("."))
            for depth in range(1, len(table) + 1):
                lines.setdefault(table[:depth], number)
        elif found := _KEY.match(line):
            lines.setdefault((*table, found[1].strip('"')), number)
    return lines


def _locate(path: Path, lines: Mapping[KeyPath, int], keys: KeyPath, _at_key: bool) -> Where:  # noqa: FBT001
    while keys and keys not in lines:
        keys = keys[:-1]
    return Where(path, lines.get(keys, 0), 1 if keys in lines else 0)


def _known(keys: KeyPath) -> list[str]:
    model: type[BaseModel] = Settings
    for key in keys:
        annotation = model.model_fields[str(key)].annotation if str(key) in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return keys_of(model)
