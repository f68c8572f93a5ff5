"""`newsletter check`: look an issue over before it is sent, and keep the report with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter import language
from newsletter.cli import desk
from newsletter.errors import UsageError
from newsletter.language import _

if TYPE_CHECKING:
    from newsletter.check.report import Report

FORMATS = ("json", "sarif", "github")


@click.command(
    help=_(
        "Check an issue (the newest without ID) before it is sent: what is wrong, where, and how it is cured."
        " A report is kept in build/ID/check.html. The code is 1 while there are errors."
    )
)
@click.argument("issue_id", metavar="[ID]", required=False)
@click.option(
    "--rule",
    "rules",
    metavar="RULE|FAMILY",
    multiple=True,
    help=_("Ask only this rule, or the rules of this family; may be given several times. Keeps no report."),
)
@click.option("--online", is_flag=True, help=_("Also try the links on the web."))
@click.option("--strict", is_flag=True, help=_("End with code 1 for warnings as well."))
@click.option(
    "--explain",
    metavar="RULE|FAMILY",
    help=_("Tell what a rule demands, why, by which source, and how it is set off."),
)
@click.option("--list", "as_list", is_flag=True, help=_("List all rules."))
@click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    metavar="LANGUAGE",
    help=_("Tell it in this language: de or en."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the findings as JSON."))
@click.option("--sarif", is_flag=True, help=_("Print them as SARIF 2.1.0, for code hosts and editors."))
@click.option("--github", is_flag=True, help=_("Print them as annotations of GitHub."))
def check(issue_id: str | None, rules: tuple[str, ...], **options: Any) -> int:
    """Run `newsletter check`."""
    if options["lang"]:
        language.use(options["lang"])
    if sum(bool(options[name]) for name in ("as_json", "sarif", "github")) > 1:
        raise UsageError(_("Choose one of --json, --sarif and --github."))
    if options["explain"] or options["as_list"]:
        return _explain(options["explain"], as_json=options["as_json"])
    return _check(issue_id, rules, options)


def _check(issue_id: str | None, names: Sequence[str], options: dict[str, Any]) -> int:
    from newsletter.check import checking
    from newsletter.check.reporting import filing

    workspace = desk.workspace()
    report, proof = checking.check(
        workspace, workspace.issue_id(issue_id), names=names, with_online=options["online"]
    )
    page = None if names else filing.put(workspace, report, proof)
    _tell(report, page, options)
    return int(bool(report.errors or (options["strict"] and report.warnings)))


def _tell(report: Report, page: Path | None, options: dict[str, Any]) -> None:
    from newsletter.cli import checking_words as words

    if options["as_json"]:
        file = {} if page is None else {"page": words.seen_from(report.root, page).as_posix()}
        desk.show_json({**report.as_dict(), **file})
    elif options["sarif"]:
        from newsletter.check.reporting import sarif

        desk.show_json(sarif.log(report))
    elif options["github"]:
        from newsletter.check.reporting import github

        for line in github.commands(report, words.seen):
            click.echo(desk.safe(line))
        click.echo(words.summary(report), err=True)
    else:
        words.show(report, page)


def _explain(name: str | None, *, as_json: bool) -> int:
    """Tell about rules: one, those of a family, or all in a list."""
    from newsletter.check import registry
    from newsletter.cli import checking_words as words

    chosen = registry.chosen([name] if name else [], with_online=True)
    if as_json:
        click.echo(json.dumps([words.about(rule) for rule in chosen], ensure_ascii=False, indent=2))
    elif name is None:
        words.show_list(chosen)
    else:
        for number, rule in enumerate(chosen):
            click.echo("\n" * bool(number), nl=False)
            words.explain(rule)
    return 0
