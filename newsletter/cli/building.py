"""`newsletter build`: compose an issue and write its files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.language import _, editor, ngettext, number

if TYPE_CHECKING:
    from newsletter.build import Build
    from newsletter.mail.salutation import Reader
    from newsletter.settings_model import Settings


@click.command(
    help=_("Compose an issue (the newest without ID): mail, plain text, message file and archive page.")
)
@click.argument("issue_id", metavar="[ID]", required=False)
@click.option(
    "--sample",
    metavar="FIELDS|FILE",
    help=_(
        "Build as this reader gets it: first_name=Erika,last_name=Beispiel,form=frau, or a TOML or JSON file."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the facts of the build as JSON."))
def build(issue_id: str | None, sample: str | None, as_json: bool) -> None:
    """Run `newsletter build`."""
    from newsletter.build import build as build_issue
    from newsletter.workspace import Workspace

    workspace = Workspace.find(Path.cwd(), os.environ)
    reader = _reader(sample, workspace.settings)
    done = build_issue(workspace, workspace.issue_id(issue_id), reader)
    if as_json:
        click.echo(json.dumps(done.facts, ensure_ascii=False, indent=2))
    else:
        _tell(done)


def _reader(sample: str | None, settings: Settings) -> Reader:
    from newsletter.mail.salutation import Reader

    if sample is None:
        return Reader()
    if "=" not in sample:
        return Reader.from_file(Path(sample), settings)
    return Reader.parse(sample, settings)


def _tell(done: Build) -> None:
    facts = done.facts
    used = facts["html_bytes"] / facts["html_limit"]
    images = sum(image["bytes"] for image in facts["images"])
    share = _("{percent} of Gmail's limit of {limit}").format(
        percent=_percent(used), limit=_kb(facts["html_limit"])
    )
    rows = [
        (_("Subject"), facts["subject"]),
        (_("Mail"), f"{_short(done.files['mail_html'])}  {_kb(facts['html_bytes'])}, {share}"),
        (_("Plain text"), f"{_short(done.files['mail_text'])}  {_kb(facts['text_bytes'])}"),
        (_("Message"), f"{_short(done.files['mail_eml'])}  {_kb(facts['eml_bytes'])}"),
        (_("Archive page"), str(_short(done.files["archive"]))),
        (_("Facts"), str(_short(done.files["edition"]))),
        (_("Images"), f"{len(facts['images'])}  {_kb(images)}"),
        (_("Links"), str(len(facts["links"]))),
        *((_("Variant"), _variant(variant)) for variant in facts["variants"] if len(facts["variants"]) > 1),
        (_("Digest"), facts["digest"]),
    ]  # fmt: skip
    click.echo(f"{facts['title']} ({facts['id']})")
    for label, text in rows:
        click.echo(f"  {label:<14}{text}")


def _variant(variant: dict[str, object]) -> str:
    sections = variant["sections"]
    count = len(sections) if isinstance(sections, list) else 0
    told = ngettext("{count} section", "{count} sections", count).format(count=count)
    return f"{variant['name']}  {told}, {_kb(int(str(variant['html_bytes'])))}"


def _percent(part: float) -> str:
    return f"{part * 100:.0f}\u00a0%" if editor() == "de" else f"{part:.0%}"


def _kb(size: int) -> str:
    return f"{number(size / 1000)} KB"


def _short(path: Path) -> Path:
    """Return a path as people read it: seen from here, where that is shorter."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
