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
from newsletter.language import _

if TYPE_CHECKING:
    from newsletter.settings_model import Settings
    from newsletter.subscribers.list import SubscriberList


MAX_TAG = 50
SEGMENT = click.option("--segment", metavar="NAME", help=_("Only a segment of newsletter.toml."))
WHERE = click.option(
    "--where",
    metavar="EXPRESSION",
    help=_("Only those of whom this holds, such as “status = active and tag = kreise”."),
)


@contextmanager
def subscriber_list(*, tidy: bool = True) -> Iterator[SubscriberList]:
    """Open this newsletter's list; what was kept long enough is deleted on the way."""
    from newsletter.store.database import opened
    from newsletter.subscribers import rights
    from newsletter.subscribers.list import SubscriberList
    from newsletter.subscribers.secret import Secret
    from newsletter.workspace import Workspace

    workspace = Workspace.find(Path.cwd(), os.environ)
    paths = workspace.settings.paths
    with opened(workspace.root / paths.database) as db:
        used = db.conn.execute("SELECT EXISTS (SELECT 1 FROM log_head)").fetchone()[0]
        people = SubscriberList(
            db, workspace.settings, Secret.load(workspace.root / paths.key, fresh=not used)
        )
        if tidy:
            rights.tidy(people, now=now())
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


def tags_of(names: Iterable[str]) -> frozenset[str]:
    """Check tags from the command line: short words without commas."""
    tags = frozenset(name.strip() for name in names)
    for tag in tags:
        if not tag or len(tag) > MAX_TAG or not tag.isprintable() or set(tag) & set(',;"'):
            raise UsageError(
                _("“{tag}” is no tag.").format(tag=tag), cure=_("A tag is a short word without commas.")
            )
    return tags


def fields_of(options: Iterable[str]) -> dict[str, str]:
    """Read `NAME=VALUE` options."""
    fields = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise UsageError(_("“{option}” is not of the form NAME=VALUE.").format(option=option))
        fields[name.strip()] = value.strip()
    return fields


def safe(value: object) -> str:
    """Return a value as a terminal may show it: no control characters, on one line."""
    return "".join(char if char.isprintable() else "�" for char in str(value))


def show_json(data: Any) -> None:
    """Print facts as JSON."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def show_rows(rows: Iterable[tuple[str, object]]) -> None:
    """Print labelled lines; empty values are left out."""
    for label, value in rows:
        if value not in {"", None}:
            click.echo(f"  {label:<16}{safe(value)}")
