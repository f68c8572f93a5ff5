"""`newsletter preview`: see an issue as its readers will, while it is written."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from newsletter.cli import desk
from newsletter.errors import UsageError
from newsletter.language import _

if TYPE_CHECKING:
    from newsletter.compose.edition import Edition
    from newsletter.web.app import SendTest, Tried
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
def preview(issue_id: str | None, port: int, no_open: bool) -> None:
    """Run `newsletter preview`."""
    from newsletter.web import serving
    from newsletter.web.told import EDITOR_URL

    workspace = desk.workspace()
    wanted = workspace.issue_id(issue_id)
    door = serving.bound(port)
    serving.serve(
        workspace,
        wanted,
        dict(os.environ),
        door=door,
        send_test=_sender(workspace),
        editor_url=editor_address(os.environ.get(EDITOR) or EDITOR_URL),
        tell=_tell,
        browse=not no_open,
    )
    click.echo(_("The preview has ended."), err=True)


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


def _sender(workspace: Workspace) -> SendTest:
    """Send test mails as “newsletter send --test” does; the list is opened for each of them."""

    def send(edition: Edition, text: str) -> Sequence[Tried]:
        from newsletter.cli.mailing_words import state
        from newsletter.cli.sending_words import server_said
        from newsletter.dispatch.ledger import Ledger
        from newsletter.dispatch.model import State
        from newsletter.dispatch.testing import send_test
        from newsletter.web.app import Tried

        address = desk.address(text)
        with desk.subscriber_list(here=workspace) as people:
            ledger = Ledger(people)
            outcomes = send_test(ledger, edition, workspace.root, [address], actor=getpass.getuser())
        return [
            Tried(name, one.state is State.ACCEPTED, f"{state(one.state)} ({server_said(one)})")
            for name, one in outcomes.items()
        ]

    return send
