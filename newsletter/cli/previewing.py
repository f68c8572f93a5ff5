"""`newsletter preview`: see an issue as its readers will, while it is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli import desk
from newsletter.errors import UsageError
from newsletter.language import _

if TYPE_CHECKING:
    from newsletter.compose.edition import Edition
    from newsletter.issue_id import IssueId
    from newsletter.web.app import Tried
    from newsletter.workspace import Workspace

EDITOR = "NEWSLETTER_EDITOR_URL"


@click.command(
    help=_(
        "Show an issue (the newest without ID) in the browser as its readers will see it; saving reloads it."
    )
)
@click.argument("issue_id", metavar="[ID]", required=False)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help=_("Listen here; else on any free port."),
)
@click.option("--no-open", is_flag=True, help=_("Print the address only, open no browser."))
@click.option(
    "--shots",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help=_("Write pictures of all views into this folder instead."),
)
@click.option(
    "--browser",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help=_("Take the pictures with this Chromium; else with the system’s own."),
)
def preview(issue_id: str | None, port: int, no_open: bool, shots: Path | None, browser: Path | None) -> None:
    """Run `newsletter preview`."""
    from newsletter.web import serving
    from newsletter.web.told import EDITOR_URL

    workspace = desk.workspace()
    wanted = workspace.issue_id(issue_id)
    if shots is not None:
        _photograph(workspace, wanted, shots, browser)
        return
    door = serving.bound(port)
    serving.serve(
        workspace,
        wanted,
        dict(os.environ),
        door=door,
        send_test=_send,
        editor_url=editor_address(os.environ.get(EDITOR) or EDITOR_URL),
        tell=_tell,
        browse=not no_open,
    )
    click.echo(_("The preview has ended."), err=True)


def _photograph(workspace: Workspace, wanted: IssueId, folder: Path, browser: Path | None) -> None:
    from newsletter.build import edition_of
    from newsletter.web import shots

    edition = edition_of(workspace, wanted)
    for path in shots.take(edition, workspace.settings, folder, browser=browser, environ=os.environ):
        click.echo(path)


def editor_address(pattern: str) -> str:
    """Check the address that opens a place in an editor.

    Raises:
        UsageError: it names no program, or has braces that mean nothing here.
    """
    try:
        filled = pattern.format(path="/issue.yaml", line=1, column=1)
    except (KeyError, IndexError, ValueError, AttributeError):
        filled = ""
    scheme = filled.partition(":")[0].casefold()
    if "/issue.yaml" not in filled or not scheme.isidentifier() or scheme in {"javascript", "data"}:
        message = _("{name} is no address of an editor: {pattern}").format(name=EDITOR, pattern=pattern)
        cure = _("Write it like vscode://file/{path}:{line}:{column}.")
        raise UsageError(message, cure=cure)
    return pattern


def _tell(url: str) -> None:
    click.echo(url)
    click.echo(_("Ctrl-C ends the preview."), err=True)


def _send(edition: Edition, text: str) -> Sequence[Tried]:
    """Send a test as “newsletter send --test” does, by the settings as they are now."""
    from newsletter.cli.mailing_words import state
    from newsletter.cli.mailroom import mailroom
    from newsletter.cli.sending_words import server_said
    from newsletter.dispatch.model import State
    from newsletter.dispatch.testing import send_test
    from newsletter.web.app import Tried

    address = desk.address(text)
    with mailroom() as room:
        outcomes = send_test(room.ledger, edition, room.workspace.root, [address], actor=room.actor)
    return [
        Tried(name, one.state is State.ACCEPTED, f"{state(one.state)} ({server_said(one)})")
        for name, one in outcomes.items()
    ]
