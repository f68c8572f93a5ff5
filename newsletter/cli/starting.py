"""`newsletter init`, `new` and `schema`: start a workspace, an issue, completion in the editor."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from newsletter.language import _


@click.command(help=_("Make a folder for a newsletter, with settings, a look and a small sample issue."))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Run `newsletter init`."""
    from newsletter.issue import scaffold
    from newsletter.workspace import Workspace

    written = scaffold.init(folder, date.today())  # noqa: DTZ011 (the editor's own calendar)
    schema_file = scaffold.write_schema(Workspace.find(folder, os.environ))
    written.append(folder / schema_file.relative_to(folder.resolve()))
    for path in written:
        click.echo(path)
    click.echo(_("Next: cd {folder} && newsletter build").format(folder=folder), err=True)


@click.command(
    help=_(
        "Start an issue from the skeleton of the last one (the next in line without ID); never overwrites."
    )
)
@click.argument("issue_id", metavar="[ID]", required=False)
def new(issue_id: str | None) -> None:
    """Run `newsletter new`."""
    from newsletter.issue import scaffold
    from newsletter.issue_id import IssueId
    from newsletter.workspace import Workspace

    workspace = Workspace.find(Path.cwd(), os.environ)
    wanted = IssueId.parse(issue_id) if issue_id else None
    for path in scaffold.new(workspace, wanted, date.today()):  # noqa: DTZ011 (see above)
        click.echo(path)
    scaffold.write_schema(workspace)
    click.echo(_("Write into it; “newsletter build” names what is still missing."), err=True)


@click.command(help=_("Write the issue format as JSON Schema, which gives editors completion and help."))
@click.option(
    "--print", "to_stdout", is_flag=True, help=_("Print it instead of writing issues/issue.schema.json.")
)
def schema(to_stdout: bool) -> None:
    """Run `newsletter schema`."""
    from newsletter.issue import scaffold
    from newsletter.issue import schema as issue_schema
    from newsletter.workspace import Workspace

    workspace = Workspace.find(Path.cwd(), os.environ)
    if to_stdout:
        click.echo(issue_schema.as_text(workspace.settings, workspace.theme_folders), nl=False)
    else:
        click.echo(scaffold.write_schema(workspace))
