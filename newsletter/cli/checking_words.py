"""What `newsletter check` says on a terminal: findings by their weight, what is set off, and about rules."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.check import registry
from newsletter.check.finding import Finding, Severity
from newsletter.cli import desk
from newsletter.language import N_, _, ngettext

if TYPE_CHECKING:
    from newsletter.check.report import Off, Report, Unasked
    from newsletter.check.rule import Rule

_HEADS = {Severity.ERROR: N_("Errors"), Severity.WARNING: N_("Warnings"), Severity.HINT: N_("Hints")}
_NAMES = {Severity.ERROR: N_("Error"), Severity.WARNING: N_("Warning"), Severity.HINT: N_("Hint")}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.HINT: "blue"}
_INDENT = "    "
_WIDEST = 110


def show(report: Report, page: Path | None) -> None:
    """Show a report."""
    _say(f"{report.title} ({report.id})" if report.title != report.id else report.id, bold=True)
    show_findings(report.findings)
    _show_off(report.off)
    _show_unasked(report.not_asked)
    click.echo("")
    _say(summary(report), fg=_COLOURS[Severity.ERROR] if report.errors else "green", bold=True)
    click.echo(_asked(report))
    if page is not None:
        click.echo(_("Report: {file}").format(file=seen(page)))


def show_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    """Show findings under the names of their weights; they come with the heaviest first."""
    for severity, group in groupby(findings, key=lambda finding: finding.severity):
        found = list(group)
        click.echo("", err=err)
        _say(f"{_(_HEADS[severity])} ({len(found)})", err=err, fg=_COLOURS[severity], bold=True)
        for finding in found:
            _show_finding(finding, err=err)


def summary(report: Report) -> str:
    """Return how many findings there are of each weight."""
    return ", ".join(counted(severity, report.counts[severity]) for severity in Severity)


def counted(severity: Severity, count: int) -> str:
    """Return a number with its noun."""
    told = {
        Severity.ERROR: ngettext("{count} error", "{count} errors", count),
        Severity.WARNING: ngettext("{count} warning", "{count} warnings", count),
        Severity.HINT: ngettext("{count} hint", "{count} hints", count),
    }
    return told[severity].format(count=count)


def explain(rule: Rule) -> None:
    """Tell all about a rule."""
    _say(f"{rule.id}: {_(rule.title)}", bold=True)
    _paragraph(_(rule.why))
    desk.show_rows(
        [
            (_("Weight"), _weight(rule)),
            (_("Family"), _(registry.FAMILIES[rule.family])),
            (_("Based on"), _(rule.source)),
            (_("Online"), _("asked with --online only") if rule.online else ""),
        ]
    )
    if rule.family == "issue":
        _paragraph(_("It cannot be set off: without a cure there is no mail."))
        return
    reason = _("why it does not count")
    _paragraph(_("It is set off with a reason, for every issue in newsletter.toml:"))
    _snippet("", "[check.off]", f'"{rule.id}" = "{reason}"', "")
    _paragraph(_("or for one in its issue.yaml:"))
    _snippet("", "check:", "  off:", f'    {rule.id}: "{reason}"')


def show_list(rules: Sequence[Rule]) -> None:
    """List rules by their families."""
    widest = max(len(rule.id) for rule in rules)
    for family, title in registry.FAMILIES.items():
        _say(_(title), bold=True)
        for rule in (rule for rule in rules if rule.family == family):
            click.echo(f"  {rule.id:<{widest}}  {_(_NAMES[rule.severity]):<10}{_(rule.title)}")
        click.echo("")


def about(rule: Rule) -> dict[str, Any]:
    """Return what there is to say of a rule, as JSON knows it; keys are stable."""
    return {
        "rule": rule.id,
        "family": rule.family,
        "severity": str(rule.severity),
        "title": _(rule.title),
        "why": _(rule.why),
        "source": _(rule.source),
        "online": rule.online,
    }


def seen(path: Path) -> Path:
    """Return a path as seen from here, where it lies below."""
    return seen_from(Path.cwd(), path)


def seen_from(folder: Path, path: Path) -> Path:
    """Return a path as seen from a folder, where it lies below."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _show_finding(finding: Finding, *, err: bool) -> None:
    where = finding.where
    place = f"{seen(where.path)}:{where.line}:{where.column or 1}" if where.line else str(seen(where.path))
    rule = click.style(finding.rule, dim=True)
    click.echo(f"  {click.style(desk.safe(place), underline=True)}  {rule}", err=err, color=_colour())
    _paragraph(finding.message, err=err)
    if finding.cure:
        _paragraph(f"→ {finding.cure}", err=err)


def _show_off(off: Iterable[Off]) -> None:
    for number, one in enumerate(off):
        if not number:
            click.echo("")
            _say(_("Set off"), bold=True)
        hidden = ngettext("{count} finding hidden", "{count} findings hidden", one.hidden)
        click.echo(f"  {desk.safe(one.rule)}  ({desk.safe(one.place)}; {hidden.format(count=one.hidden)})")
        _paragraph(one.reason)


def _show_unasked(unasked: Iterable[Unasked]) -> None:
    for number, one in enumerate(unasked):
        if not number:
            click.echo("")
            _say(_("Could not be asked here"), bold=True)
        click.echo(f"  {desk.safe(one.rule)}")
        _paragraph(f"{one.reason} {one.cure}".strip())


def _asked(report: Report) -> str:
    count = len(report.asked)
    rules = ngettext("{count} rule asked", "{count} rules asked", count)
    links = (
        _("links tried on the web") if report.online else _("links not tried on the web (--online does that)")
    )
    return f"{rules.format(count=count)}; {links}."


def _weight(rule: Rule) -> str:
    told = {
        Severity.ERROR: _("error: “send” refuses the issue"),
        Severity.WARNING: _("warning: some readers will have trouble"),
        Severity.HINT: _("hint: could be better"),
    }
    return told[rule.severity]


def _paragraph(text: str, *, err: bool = False) -> None:
    """Print a text indented; its lines are broken on a terminal, and left whole for other programs."""
    told = desk.safe(text)
    stream = sys.stderr if err else sys.stdout
    width = min(shutil.get_terminal_size().columns, _WIDEST) if stream.isatty() else 0
    lines = textwrap.wrap(told, max(width - len(_INDENT), 20), break_on_hyphens=False) if width else [told]
    hanging = "  " if told.startswith("→ ") else ""
    for number, line in enumerate(lines):
        click.echo(f"{_INDENT}{hanging if number else ''}{line}", err=err)


def _snippet(*lines: str) -> None:
    """Print lines to be copied into a file."""
    for line in lines:
        click.echo(f"{_INDENT}{line}".rstrip())


def _say(text: str, *, err: bool = False, **style: Any) -> None:
    click.echo(click.style(desk.safe(text), **style), err=err, color=_colour())


def _colour() -> bool | None:
    """Say whether to colour: never where NO_COLOR is set (https://no-color.org), else on a terminal only."""
    return False if os.environ.get("NO_COLOR") else None
