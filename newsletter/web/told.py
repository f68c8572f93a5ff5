"""What the page is told of a glance: plain values for JSON, in the editor's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from newsletter.build import GMAIL_LIMIT
from newsletter.check import registry
from newsletter.check.finding import Finding, Severity
from newsletter.check.report import Report
from newsletter.dispatch import ways
from newsletter.errors import Fault, NewsletterError, Where
from newsletter.language import N_, _, ngettext, number
from newsletter.web import inbox
from newsletter.web.samples import chosen
from newsletter.web.workbench import Glance

EDITOR_URL = "vscode://file{path}:{line}:{column}"
"""Opens a place in an editor that minds such addresses; NEWSLETTER_EDITOR_URL names another one."""

LABELS = {Severity.ERROR: N_("Error"), Severity.WARNING: N_("Warning"), Severity.HINT: N_("Hint")}


def told(glance: Glance, reader: str, editor_url: str) -> dict[str, Any]:
    """Return everything the page shows beside the mail itself, as a sample reader gets it."""
    root = glance.workspace.root
    facts: dict[str, Any] = {
        "version": glance.version,
        "revision": glance.revision,
        "composing": glance.version == 0,
        "at": f"{glance.at:%H:%M:%S}",
        "faults_told": _faults_told(glance),
        "faults": [_fault(fault, root, editor_url) for fault in glance.faults],
        "findings": _findings(glance.report, root, editor_url),
        "counts": _counts(glance.report),
        "off": _off(glance.report),
        "trouble": glance.trouble,
        "way": _way(glance),
    }
    received = glance.received(reader)
    if received is None or glance.edition is None:
        return facts
    edition = glance.edition
    sender = glance.workspace.settings.sender
    size = len(received.html.encode())
    return facts | {
        "title": edition.title,
        "digest": edition.digest,
        "reader": chosen(glance.samples, reader).key,
        "readers": [{"key": one.key, "name": one.name, "segment": one.of_segment} for one in glance.samples],
        "sender": f"{sender.name} <{sender.address}>",
        "subject": received.subject,
        "preheader": received.preheader,
        "inbox": list(inbox.lines(sender.name, received.subject, received.preheader)),
        "size": {
            "bytes": size,
            "share": number(100 * size / GMAIL_LIMIT, 0),
            "told": _("{size} of {limit} KB").format(size=number(size / 1000), limit=GMAIL_LIMIT // 1000),
        },
    }


def _fault(fault: Fault, root: Path, editor_url: str) -> Mapping[str, Any]:
    return {"message": fault.message, "cure": fault.cure, **_place(fault.where, root, editor_url)}


def _findings(report: Report | None, root: Path, editor_url: str) -> Sequence[Mapping[str, Any]] | None:
    """Return None as long as nothing was checked."""
    return None if report is None else [_finding(one, root, editor_url) for one in report.findings]


def _finding(finding: Finding, root: Path, editor_url: str) -> Mapping[str, Any]:
    rule = registry.rules()[finding.rule]
    return {
        "rule": finding.rule,
        "title": _(rule.title),
        "severity": str(finding.severity),
        "label": _(LABELS[finding.severity]),
        "message": finding.message,
        "cure": finding.cure,
        "section": finding.section,
        "quote": finding.quote,
        **_place(finding.where, root, editor_url),
    }


def _place(where: Where, root: Path, editor_url: str) -> Mapping[str, str]:
    """Return a place as people read it, and as an address that opens it."""
    path = where.path
    shown = Where(path.relative_to(root) if path.is_relative_to(root) else path, where.line, where.column)
    address = editor_url.format(path=quote(path.as_posix()), line=where.line or 1, column=where.column or 1)
    return {"place": str(shown), "open": address if path.is_absolute() else ""}


def _counts(report: Report | None) -> list[Mapping[str, Any]]:
    """Return how many findings there are of each weight, those of which there are any."""
    counts = report.counts if report else {}
    return [
        {"severity": str(severity), "count": counts[severity], "told": _told(severity, counts[severity])}
        for severity in Severity
        if counts.get(severity)
    ]


def _told(severity: Severity, count: int) -> str:
    texts = {
        Severity.ERROR: ngettext("{count} error", "{count} errors", count),
        Severity.WARNING: ngettext("{count} warning", "{count} warnings", count),
        Severity.HINT: ngettext("{count} hint", "{count} hints", count),
    }
    return texts[severity].format(count=count)


def _faults_told(glance: Glance) -> str:
    count = len(glance.faults)
    if glance.edition is None:
        return ngettext(
            "A fault keeps the issue from being shown",
            "{count} faults keep the issue from being shown",
            count,
        ).format(count=count)
    return ngettext(
        "A fault; below is the last good state", "{count} faults; below is the last good state", count
    ).format(count=count)


def _off(report: Report | None) -> str:
    if report is None or not report.off:
        return ""
    return _("Set off: {rules}").format(rules="; ".join(f"{one.rule} ({one.reason})" for one in report.off))


def _way(glance: Glance) -> str:
    """Say where a test would go."""
    try:
        return "; ".join(ways.told(glance.workspace.settings))
    except NewsletterError as err:
        return err.message
