"""Turn the cells of a row into what the list holds, or say why they cannot be taken.

This runs a million times in a large import: the usual row takes the short way, every doubt a longer one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

from newsletter.address import AddressError, key_of
from newsletter.language import _
from newsletter.settings_model import PersonalField
from newsletter.subscribers.columns import FORMS, STATUSES, Mapped
from newsletter.subscribers.fields import checked
from newsletter.subscribers.formulas import restored
from newsletter.subscribers.model import MAX_TEXT, TEXTS, is_tag, line, packed, packed_fields
from newsletter.subscribers.tables import Row

Checked = tuple[int, str, str, str, str, str, str, str, str, str, str]
"""Line, key, address, form, title, first name, last name, organisation, language, tags, fields: as the table
`subscriber` holds them. A plain tuple, as making anything else takes as long as all the rest.
"""
Reject = Callable[[int, str, str], None]
"""Is told the line, the address and the reason of a row that is not taken."""

_MORE = ("tags", "attributes", "status", "left_at", "bounced_at")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_LANGUAGES = {"deutsch": "de", "german": "de", "englisch": "en", "english": "en"}
_NOTHING = frozenset({"", "0", "-", "no", "nein", "false", "null", "0000-00-00", "0000-00-00 00:00:00"})
"""What other systems write in the column of a day that never came."""


class RowReader:
    """Reads the rows of one file."""

    def __init__(
        self,
        columns: Mapped,
        width: int,
        *,
        status: str,
        tags: frozenset[str],
        declared: Mapping[str, PersonalField],
    ) -> None:
        """`width` is the number of headings; `status` and `tags` are what new people get."""
        self._at = columns.positions
        self._custom = columns.custom
        self._width = width
        self._status = status
        self._tags = tags
        self._declared = declared
        self._tagged = lru_cache(maxsize=4096)(self._read_tags)

    def read(self, rows: Iterable[Row], reject: Reject) -> Iterator[Checked]:
        """Give the rows that can be taken."""
        width, tags, fields = self._width, packed(self._tags), "{}"
        # A column that is not there stands at -1, where every row gets an empty cell.
        pick = itemgetter(*(self._at[name] for name in ("address", "form", *TEXTS)))
        has_more = bool(self._custom) or any(self._at[name] >= 0 for name in _MORE)
        for number, row in rows:
            if len(row) < width:
                row.extend([""] * (width - len(row)))
            row.append("")
            cells = list(map(str.strip, pick(row)))
            address = cells[0]
            try:
                if len(row) > width + 1 and any(row[width:]):
                    raise _TooManyCells
                if not _is_plain("".join(cells)):
                    cells = _lines(cells)
                address, form, title, first, last, organisation, language = cells
                key = key_of(address)
                form, language = _form(form), _language(language)
                if has_more:
                    tags, fields = self._more(row)
            except AddressError as err:
                reject(number, address, err.reason)
            except ValueError as err:
                reject(number, address, str(err))
            else:
                yield number, key, address, form, title, first, last, organisation, language, tags, fields

    def _more(self, row: Sequence[str]) -> tuple[str, str]:
        """Read what most files have no column for."""
        self._check_standing(row)
        fields = {name: restored(row[at].strip()) for name, at in self._custom.items()}
        if attributes := row[self._at["attributes"]].strip():
            fields |= self._attributes(attributes)
        given = {name: text for name, text in fields.items() if text}
        return self._tagged(row[self._at["tags"]]), packed_fields(checked(given, self._declared))

    def _check_standing(self, row: Sequence[str]) -> None:
        """Refuse whoever has left, or has not confirmed, where the file comes from."""
        said = row[self._at["status"]].strip().casefold()
        standing = STATUSES.get(said)
        if standing is None:
            raise ValueError(_("“{value}” is no status we know").format(value=said[:80]))
        if row[self._at["left_at"]].strip().casefold() not in _NOTHING:
            standing = "left"
        if row[self._at["bounced_at"]].strip().casefold() not in _NOTHING:
            standing = "bounced"
        if standing == "unconfirmed" and self._status == "pending":
            return
        if standing != "here":
            raise ValueError(_STANDINGS[standing]())

    def _read_tags(self, cell: str) -> str:
        """Read a cell of tags; the same few cells come again and again, so each is read once."""
        names = {part.strip().strip('"').strip() for part in restored(cell).replace(";", ",").split(",")} - {
            ""
        }
        for name in names:
            if not is_tag(name):
                raise ValueError(_("“{tag}” is no tag; a tag is a short word").format(tag=name[:80]))
        return packed(self._tags | names)

    def _attributes(self, text: str) -> dict[str, str]:
        """Read listmonk's JSON attributes, as far as the newsletter has fields of these names."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise ValueError(_("the attributes are no JSON"))  # noqa: TRY004 (the row's fault, not ours)
        known = {name: value for name, value in data.items() if name in self._declared and value is not None}
        return {name: _scalar(name, value) for name, value in known.items()}


class _TooManyCells(ValueError):
    """A row goes on beyond the headings: most likely all after some cell stands one column too far."""

    def __str__(self) -> str:
        return _(
            "the row has more cells than there are headings; a cell with a delimiter needs quotation marks"
        )


def _is_plain(text: str) -> bool:
    return len(text) <= MAX_TEXT and text.isprintable() and "'" not in text and "=?" not in text


def _lines(cells: Iterable[str]) -> list[str]:
    try:
        return [line(restored(cell)) for cell in cells]
    except ValueError as err:
        raise ValueError(_("a cell is too long, or holds a control character or “=?”")) from err


@lru_cache(maxsize=256)
def _form(cell: str) -> str:
    try:
        return FORMS[cell.casefold()]
    except KeyError as err:
        raise ValueError(_("“{value}” is no form of address").format(value=cell[:80])) from err


@lru_cache(maxsize=256)
def _language(cell: str) -> str:
    if not cell:
        return ""
    code = cell.casefold().replace("_", "-")
    code = _LANGUAGES.get(code, code)
    if not _LANGUAGE.fullmatch(code):
        raise ValueError(_("“{value}” is no language such as de or en").format(value=cell[:80]))
    return code


def _scalar(name: str, value: object) -> str:
    """Return a value of JSON as a cell would hold it."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise ValueError(_("“{name}” in the attributes is a list or more").format(name=name))  # noqa: TRY004
    return str(value).strip()


_STANDINGS: Mapping[str, Callable[[], str]] = {
    "left": lambda: _("has left in the system this file comes from"),
    "bounced": lambda: _("mail came back in the system this file comes from"),
    "complained": lambda: _("has complained in the system this file comes from"),
    "unconfirmed": lambda: _("has not confirmed in the system this file comes from; import as pending"),
}
