"""What the commands about people share: the opened list, addresses, printing that a terminal survives."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.errors import UsageError
from newsletter.language import _, ngettext

if TYPE_CHECKING:
    from newsletter.address import Address
    from newsletter.settings_model import Settings
    from newsletter.subscribers.forgetting import Tidied
    from newsletter.subscribers.list import SubscriberList
    from newsletter.workspace import Workspace

HERE = "command line"
"""Where a change comes from, as the log says it."""
SEGMENT = click.option("--segment", metavar="NAME", help=_("Only a segment of newsletter.toml."))
WHERE = click.option(
    "--where",
    metavar="EXPRESSION",
    help=_("Only those of whom this holds, such as “status = active and tag = kreise”."),
)


def workspace() -> Workspace:
    """Find the newsletter's folder, here or above."""
    from newsletter.workspace import Workspace

    return Workspace.find(Path.cwd(), os.environ)


@contextmanager
def subscriber_list(*, tidy: bool = True, here: Workspace | None = None) -> Iterator[SubscriberList]:
    """Open this newsletter's list; with `tidy`, what was kept long enough is deleted on the way.

    A list that has sealed its log or barred an erased address needs the key it did that with.
    """
    from newsletter.store.database import opened
    from newsletter.subscribers import forgetting
    from newsletter.subscribers.list import SubscriberList
    from newsletter.subscribers.secret import Secret

    here = here or workspace()
    paths = here.settings.paths
    with opened(here.root / paths.database) as db:
        # Whatever any command deletes or writes over is to be gone from the file as well.
        db.conn.execute("PRAGMA secure_delete = ON")
        used = db.conn.execute(
            "SELECT EXISTS (SELECT 1 FROM log_head) OR EXISTS (SELECT 1 FROM erased)"
        ).fetchone()[0]
        secret = Secret.load(here.root / paths.key, fresh=not used)
        people = SubscriberList(db, here.settings, secret)
        if tidy:
            _tell_tidied(forgetting.tidy(people, now=now()))
        yield people


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def condition(segment: str | None, where: str | None, settings: Settings) -> tuple[str, Sequence[object]]:
    """Compile `--segment` and `--where`, both together when both are given."""
    if not segment and not where:
        return "1", ()
    from newsletter.subscribers import segments

    parts = []
    if segment:
        parts.append(segments.segment(segment, settings))
    if where:
        parts.append(segments.where(where, settings))
    return " AND ".join(f"({sql})" for sql, _values in parts), [
        value for _sql, values in parts for value in values
    ]


def address(text: str) -> Address:
    """Read an address of the command line.

    Raises:
        UsageError: it is none.
    """
    from newsletter.address import Address, AddressError

    try:
        return Address.parse(text)
    except AddressError as err:
        raise UsageError(err.message) from err


def fields_of(options: Iterable[str]) -> dict[str, str]:
    """Read `NAME=VALUE` options."""
    fields = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            raise UsageError(_("“{option}” is not of the form NAME=VALUE.").format(option=option))
        fields[name.strip()] = value.strip()
    return fields


def confirm(question: str) -> None:
    """Ask, in the editor's language and with its letters; anything but a yes stops the command."""
    answer = click.prompt(f"{question} [{_('y/N')}]", default="", show_default=False, err=True)
    if str(answer).strip().casefold() not in {"y", "yes", "j", "ja"}:
        raise click.Abort


def safe(value: object) -> str:
    """Return a value as a terminal may show it: no control characters, on one line."""
    return "".join(char if char.isprintable() else "�" for char in str(value))


def show_json(data: Any) -> None:
    """Print facts as JSON; what could steer a terminal is escaped (C1 controls and bidi marks as well)."""
    click.echo(_as_json(data, indent=2))


def show_json_lines(rows: Iterable[Any]) -> None:
    """Print facts as an array with an element a line, however many there are."""
    before = "["
    for row in rows:
        click.echo(f"{before}\n{_as_json(row)}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def show_rows(rows: Iterable[tuple[str, object]]) -> None:
    """Print labelled lines; empty values are left out, lists are joined."""
    for label, value in rows:
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        if value is not None and text:
            click.echo(f"  {safe(label):<16}{safe(text)}")


def show_text(text: str) -> None:
    """Print a text of several lines, indented."""
    for line in text.splitlines():
        click.echo(f"    {safe(line)}")


def _as_json(data: Any, indent: int | None = None) -> str:
    """Write JSON; outside of its strings only line breaks are not printable."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _tell_tidied(done: Tidied) -> None:
    if done.pending:
        text = ngettext(
            "{count} sign-up that was never confirmed was deleted.",
            "{count} sign-ups that were never confirmed were deleted.",
            done.pending,
        )
        click.echo(text.format(count=done.pending), err=True)
