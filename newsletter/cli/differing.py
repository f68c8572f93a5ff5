"""`newsletter diff`: what changed between two issues or editions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli import desk
from newsletter.language import _

if TYPE_CHECKING:
    from newsletter.difference.difference import Difference
    from newsletter.dispatch.editions import Editions
    from newsletter.workspace import Workspace


@click.command(
    help=_(
        "Show what changed between two issues or editions, in words, links and images. With one issue, or"
        " without any: since it was last tested, approved or sent. A and B are issue IDs (as their files say"
        " now), first digits of a digest, or “tested”, “approved” or “sent”."
    )
)
@click.argument("before", metavar="[A]", required=False)
@click.argument("after", metavar="[B]", required=False)
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Write it as a page that shows the images as well."),
)
@click.option("--exit-code", is_flag=True, help=_("End with 1 when something changed."))
@click.option("--json", "as_json", is_flag=True, help=_("Print what changed as JSON."))
def diff(before: str | None, after: str | None, html: Path | None, exit_code: bool, as_json: bool) -> int:
    """Run `newsletter diff`."""
    from newsletter.cli import differing_words as words
    from newsletter.difference import page

    workspace = desk.workspace()
    with _editions(workspace) as editions:
        found = _compared(workspace, editions, before, after)
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(page.html(found), encoding="utf-8")
        click.echo(_("Written to {path}.").format(path=html), err=True)
    if as_json:
        desk.show_json(found.as_dict())
    else:
        for line in words.told(found):
            click.echo(line)
    return int(exit_code and not found.is_identical)


def _compared(
    workspace: Workspace, editions: Editions | None, before: str | None, after: str | None
) -> Difference:
    """Compare what was named; one name alone is compared with the last edition, or with the files."""
    from newsletter.difference.comparing import compare
    from newsletter.dispatch import named

    issues = [named.issue_of(name, editions) for name in (before, after) if name is not None]
    issue = next((one for one in issues if one), None) or str(workspace.issue_id(None))
    if after is None and before in {None, issue}:
        old, new = named.last(issue, editions), named.named(issue, issue, workspace, editions)
    else:
        old = named.named(before or issue, issue, workspace, editions)
        new = named.named(after or issue, issue, workspace, editions)
    return compare(old.edition, new.edition, told=(old.told, new.told))


@contextmanager
def _editions(workspace: Workspace) -> Iterator[Editions | None]:
    """Open the kept editions; a database is not made for asking."""
    from newsletter.dispatch.editions import Editions
    from newsletter.store.database import opened

    path = workspace.root / workspace.settings.paths.database
    if not path.exists():
        yield None
        return
    with opened(path) as db:
        yield Editions(db.conn)
