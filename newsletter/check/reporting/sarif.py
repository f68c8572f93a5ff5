"""A report as SARIF 2.1.0, the format in which code hosts and editors take findings from tools.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; numbers are its sections.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from newsletter import __version__
from newsletter.check import registry
from newsletter.check.finding import Finding, Severity
from newsletter.check.report import Report
from newsletter.check.rule import Rule
from newsletter.clock import stamp
from newsletter.language import _, editor

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "ROOT"
"""What paths are relative to: the newsletter's folder; where that lies is nobody's business (3.14.14)."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}


def log(report: Report) -> dict[str, Any]:
    """Return a report as a SARIF log with one run."""
    asked = [registry.rules()[name] for name in report.rules]
    places = {rule.id: place for place, rule in enumerate(asked)}
    driver = {
        "name": "newsletter check",
        "semanticVersion": __version__,
        "language": editor(),
        "rules": [_rule(rule) for rule in asked],
    }
    run = {
        "tool": {"driver": driver},
        "language": editor(),
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": _("The newsletter's folder")}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.rule], report.root) for finding in report.findings],
        "properties": {"issue": report.id, "digest": report.digest, "online": report.online},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    """Describe a rule (3.49)."""
    told: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": _(rule.title)},
        "fullDescription": {"text": _(rule.why)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.family], "source": _(rule.source)},
    }
    if rule.source.startswith("https://"):
        told["helpUri"] = rule.source.split()[0]
    return told


def _invocation(report: Report) -> dict[str, Any]:
    """Say when it ran, and which rules somebody had set off, with their reasons (3.20, 3.51)."""
    overrides = [
        {
            "descriptor": {"id": name, "index": place},
            "configuration": {"enabled": False, "properties": {"reason": one.reason, "place": one.place}},
        }
        for one in report.off
        for place, name in enumerate(report.rules)
        if one.rule in {name, name.partition(".")[0]}
    ]
    return {
        "executionSuccessful": True,
        "endTimeUtc": stamp(report.at).replace("+00:00", "Z"),
        "ruleConfigurationOverrides": overrides,
    }


def _result(finding: Finding, place: int, root: Path) -> dict[str, Any]:
    """Tell a finding (3.27); its cure belongs to the message, as viewers show nothing else."""
    return {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.cure}".strip()},
        "locations": [{"physicalLocation": _location(finding, root)}],
        "properties": {"section": finding.section, "quote": finding.quote},
    }


def _location(finding: Finding, root: Path) -> dict[str, Any]:
    """Say where it is (3.29): relative to the newsletter's folder, where it lies in there."""
    where = finding.where
    if where.path.is_relative_to(root):
        artifact = {"uri": quote(where.path.relative_to(root).as_posix()), "uriBaseId": _ROOT}
    else:
        artifact = {"uri": where.path.as_uri() if where.path.is_absolute() else quote(where.path.as_posix())}
    if not where.line:
        return {"artifactLocation": artifact}
    return {
        "artifactLocation": artifact,
        "region": {"startLine": where.line, "startColumn": where.column or 1},
    }
