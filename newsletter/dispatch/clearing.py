"""Clear an edition for sending: the check is run on it as it is frozen, and its errors stop it.

Somebody may go on in spite of them, with a reason; that is kept with the mailing, and so are the rules.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from newsletter.check import checking, registry
from newsletter.check.finding import Severity
from newsletter.check.report import Report
from newsletter.compose.edition import Edition
from newsletter.dispatch.proposal import NotAllowedError, Proposal
from newsletter.language import _, ngettext
from newsletter.workspace import Workspace


class ChangedMeanwhileError(NotAllowedError):
    """The issue was changed while the command was at work."""


def examined(workspace: Workspace, edition: Edition) -> Report:
    """Check an edition.

    Raises:
        ChangedMeanwhileError: the issue's files make another one by now; nobody could say where a thing is.
    """
    proof = checking.proof_of_edition(workspace, edition)
    if proof.issue is None:
        raise ChangedMeanwhileError(
            _("Issue {id} has just been changed.").format(id=edition.id), cure=_("Give the command again.")
        )
    return checking.report(proof, edition.id, registry.chosen([], with_online=False))


def cleared(proposal: Proposal, report: Report, *, force: str | None) -> Proposal:
    """Let an edition go out that has no errors, or in spite of them with a reason.

    Raises:
        NotAllowedError: it has errors, and there is no reason.
    """
    if not report.errors:
        return proposal
    rules = _rules(report)
    if force is not None:
        return replace(proposal, forced=f"{force} ({rules})")
    message = ngettext(
        "The check has found {count} error ({rules}), so this edition does not go out.",
        "The check has found {count} errors ({rules}), so this edition does not go out.",
        report.errors,
    )
    raise NotAllowedError(
        message.format(count=report.errors, rules=rules),
        cure=_(
            "Put them right; “newsletter check {id}” shows all. Or say --force REASON, which is kept."
        ).format(id=report.id),
    )


def _rules(report: Report) -> str:
    """Name the rules that have found errors, each with how often: `content.dead-link 2, law.imprint`."""
    found = Counter(finding.rule for finding in report.findings if finding.severity is Severity.ERROR)
    return ", ".join(f"{rule} {count}" if count > 1 else rule for rule, count in found.items())
