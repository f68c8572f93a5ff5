"""Check an issue: make the proof, ask the rules, and report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from newsletter.check import registry
from newsletter.check.finding import Finding, order
from newsletter.check.proof import Proof
from newsletter.check.report import Off, Report, Unasked
from newsletter.check.rule import CannotTell, Rule
from newsletter.compose.composer import Composer
from newsletter.compose.edition import Edition
from newsletter.errors import FaultsFound
from newsletter.issue import reader as issue_reader
from newsletter.issue_id import IssueId
from newsletter.workspace import Workspace


def check(
    workspace: Workspace,
    issue_id: IssueId,
    *,
    names: Sequence[str] = (),
    with_online: bool = False,
    at: datetime | None = None,
) -> tuple[Report, Proof]:
    """Check an issue as it is written now.

    Args:
        workspace: where it lies.
        issue_id: which.
        names: rules or families to ask; all without any.
        with_online: whether to ask other machines for the links.
        at: the moment that the report names.

    Raises:
        UsageError: there is no such rule.
    """
    rules = registry.chosen(names, with_online=with_online)
    proof = proof_of(workspace, issue_id)
    return report(proof, issue_id, rules, at=at), proof


def proof_of(workspace: Workspace, issue_id: IssueId) -> Proof:
    """Read and compose an issue; what is wrong with it is in the proof."""
    settings, folders = workspace.settings, workspace.theme_folders
    file = workspace.issue_file(issue_id)
    reading = issue_reader.read(file, settings, folders)
    edition, faults = None, list(reading.faults)
    if reading.issue is not None:
        composer = Composer(reading.issue, settings, folders, workspace.cache)
        try:
            if faults:
                faults += composer.check()
            else:
                edition = composer.edition()
        except FaultsFound as found:
            faults += found.faults
    return Proof(
        settings=settings,
        root=workspace.root,
        file=file,
        folders=folders,
        issue=reading.issue,
        edition=edition,
        faults=tuple(dict.fromkeys(faults)),
        cache=workspace.cache,
    )


def proof_of_edition(workspace: Workspace, edition: Edition) -> Proof:
    """Make the proof of a frozen edition; places are known as far as its sources are still the same."""
    now = proof_of(workspace, edition.id)
    same = now.edition is not None and now.edition.digest == edition.digest
    return Proof(
        settings=now.settings,
        root=now.root,
        file=now.file,
        folders=now.folders,
        issue=now.issue if same else None,
        edition=edition,
        cache=workspace.cache,
    )


def report(proof: Proof, issue_id: IssueId, rules: Sequence[Rule], *, at: datetime | None = None) -> Report:
    """Ask the rules about a proof."""
    off = _off(proof, rules)
    findings, hidden = [], dict.fromkeys(off, 0)
    unasked: list[Unasked] = []
    for finding in _findings(proof, rules, unasked):
        name = next((name for name in (finding.rule, finding.rule.partition(".")[0]) if name in off), None)
        if name is None:
            findings.append(finding)
        else:
            hidden[name] += 1
    title = proof.edition.title if proof.edition else str(issue_id)
    return Report(
        id=str(issue_id),
        title=title,
        digest=proof.edition.digest if proof.edition else "",
        findings=tuple(sorted(findings, key=order)),
        off=tuple(Off(name, reason, place, hidden[name]) for name, (reason, place) in off.items()),
        rules=tuple(rule.id for rule in rules),
        online=any(rule.online for rule in rules),
        at=at or datetime.now(UTC),
        root=proof.root,
        not_asked=tuple(unasked),
    )


def _findings(proof: Proof, rules: Iterable[Rule], unasked: list[Unasked]) -> Iterator[Finding]:
    """Ask each rule; what one says twice of a place (of two variants) is told once."""
    for rule in rules:
        try:
            remarks = dict.fromkeys(rule.examine(proof))
        except CannotTell as why:
            unasked.append(Unasked(rule.id, why.message, why.cure))
            continue
        for remark in remarks:
            yield Finding(
                rule=rule.id,
                severity=remark.severity or rule.severity,
                where=remark.where,
                message=remark.message,
                cure=remark.cure,
                section=remark.section,
                quote=remark.quote,
            )


def _off(proof: Proof, rules: Sequence[Rule]) -> Mapping[str, tuple[str, str]]:
    """Return what is set off of these rules, with reason and place; faults of the file cannot be."""
    wanted = {name for rule in rules if rule.family != "issue" for name in (rule.id, rule.family)}
    found = {name: (reason, "newsletter.toml") for name, reason in proof.settings.check.off.items()}
    if proof.issue:
        found |= {name: (reason, proof.file.name) for name, reason in proof.issue.checks_off.items()}
    return {name: told for name, told in found.items() if name in wanted}
