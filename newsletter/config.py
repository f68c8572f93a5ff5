"""Read `newsletter.toml` and the environment into `Settings`; the only reader of the environment.

A key `[web] base_url` may also come as `NEWSLETTER_WEB__BASE_URL`, which wins. Faults in TOML files are
told with their lines here, for the files of a theme too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.validation import Locate, faults_of, keys_at
from newsletter.validation import Path as KeyPath

FILENAME = "newsletter.toml"
_PREFIX = "NEWSLETTER_"
_TABLE = re.compile(r"^\s*\[\s*([A-Za-z0-9_.\"-]+)\s*\]")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\"-]+)\s*=")


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        FaultsFound: the file is missing, is not TOML, or has wrong or unknown keys (all are named).
    """
    text = read_text(path, cure=_("“newsletter init DIR” makes a folder with everything in it."))
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise FaultsFound([syntax_fault(path, err)]) from err
    in_file = locator(path, text)
    passwords = [_password(in_file(keys, True)) for keys in _passwords(data)]  # noqa: FBT003 (no keywords)
    variables = _overlay(data, environ)

    def locate(keys: KeyPath, at_key: bool) -> Where:  # noqa: FBT001 (validation.Locate has no keywords)
        variable = next(
            (variables[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in variables), None
        )
        return Where(Path(variable)) if variable else in_file(keys, at_key)

    try:
        settings = Settings.model_validate(data)
    except ValidationError as err:
        faults = faults_of(err, locate, lambda keys: keys_at(Settings, keys))
        raise FaultsFound([*passwords, *faults]) from err
    if passwords:
        raise FaultsFound(passwords)
    return settings


def read_text(path: Path, *, cure: str = "") -> str:
    """Read a file that people write; `cure` is told when it cannot be opened."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        raise FaultsFound([Fault(Where(path), _("The file is not UTF-8."), _("Save it as UTF-8."))]) from err
    except OSError as err:
        message = _("The file cannot be read: {reason}.").format(reason=err.strerror)
        raise FaultsFound([Fault(Where(path), message, cure)]) from err


def syntax_fault(path: Path, err: tomllib.TOMLDecodeError) -> Fault:
    """Tell where a file is not TOML."""
    # Python 3.11 to 3.13 give the position only inside the message.
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(err))
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    reason = str(err).split(" (at ")[0]
    return Fault(Where(path, line, column), _("This is not valid TOML: {reason}.").format(reason=reason))


def _passwords(data: Any, keys: KeyPath = ()) -> list[KeyPath]:
    """Find passwords that stand in the file."""
    if not isinstance(data, dict):
        return []
    found = [path for key, value in data.items() for path in _passwords(value, (*keys, key))]
    return [*found, (*keys, "password")] if "password" in data and keys[:1] == ("smtp",) else found


def _password(where: Where) -> Fault:
    message = _("A password does not belong into this file, which others read.")
    cure = _("Put it into a file of mode 0600 and name that as “password_file”, or into the environment.")
    return Fault(where, message, cure)


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> dict[KeyPath, str]:
    """Put `NEWSLETTER_SECTION__KEY=value` over the file's values; return the variables by what they set."""
    variables: dict[KeyPath, str] = {}
    for name, value in sorted(environ.items()):
        *tables, key = name.removeprefix(_PREFIX).lower().split("__")
        if not name.startswith(_PREFIX) or not tables:
            continue
        if tables[0] not in Settings.model_fields:
            variables[(tables[0],)] = name
        table: Any = data
        for part in tables:
            table = table.setdefault(part, {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[key] = value
            variables[(*tables, key)] = name
    return variables


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


def locator(path: Path, text: str) -> Locate:
    """Return what finds the line of a key in a TOML file, or of the nearest table around it."""
    lines = _lines_of(text)

    def locate(keys: KeyPath, _at_key: bool) -> Where:  # noqa: FBT001 (validation.Locate has no keywords)
        while keys and keys not in lines:
            keys = keys[:-1]
        return Where(path, lines[keys], 1) if keys in lines else Where(path)

    return locate
