"""What `send` would do now: begin a mailing, go on with one, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.build import edition_of
from newsletter.compose.edition import Edition
from newsletter.dispatch import planner, schedule
from newsletter.dispatch.adopting import adopt
from newsletter.dispatch.editions import Approval, Editions, Test
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Counts, Mailing, MailingState
from newsletter.errors import NewsletterError, UsageError
from newsletter.issue_id import IssueId
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.workspace import Workspace


class AlreadySentError(NewsletterError, ValueError):
    """This issue has been sent."""

    exit_code = 0


class NotAllowedError(NewsletterError, ValueError):
    """This edition may not be sent yet."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A mailing that can begin or go on."""

    edition: Edition
    """What the recipients get; for a mailing that has begun, the frozen one."""
    mailing: Mailing | None
    """The one to go on with; None: a new one is planned."""
    counts: Counts | None
    audience: int
    left_out: Mapping[str, int]
    sources_changed: bool
    """Whether the issue's files would make another edition than the frozen one."""
    tests: list[Test]
    approvals: list[Approval]
    reason: str = ""
    """Why those who have nothing yet are to get another edition than the others; empty: they are not."""
    forced: str = ""
    """Why it goes out in spite of errors of the check, and by which rules; empty: there are none."""

    @property
    def begins_edition(self) -> bool:
        """Whether the edition is one that has not gone to anybody in this mailing."""
        return self.mailing is None or bool(self.reason)


def propose(
    ledger: Ledger, workspace: Workspace, issue_id: IssueId, *, segment: str | None, newcomers: bool
) -> Proposal:
    """Say what sending an issue would mean now.

    Raises:
        AlreadySentError: everybody it was planned for is accounted for.
        FaultsFound: a new mailing is to begin, and the issue has faults.
        UsageError: there is no such segment.
    """
    mailings = ledger.mailings.of_issue(str(issue_id))
    alive = [one for one in mailings if one.state is not MailingState.CANCELLED]
    same = [one for one in alive if segment is None or one.segment == segment]
    unfinished = [one for one in same if ledger.counts(one.id).open]
    if unfinished:
        return _going_on(ledger, workspace, unfinished[0])
    if not newcomers and any(one.segment == segment for one in same):
        raise AlreadySentError(
            _("Issue {id} has been sent; nobody is open.").format(id=issue_id),
            cure=_("“newsletter send {id} --newcomers” sends it to those who were not in it.").format(
                id=issue_id
            ),
        )
    return _new(ledger, workspace, issue_id, segment)


def accepted(
    ledger: Ledger, proposal: Proposal, *, segment: str | None, actor: str, not_before: datetime | None
) -> Mailing:
    """Make a mailing of a proposal, or give the existing one its new time or edition.

    Raises:
        NobodyError: nobody would get it.
    """
    mailing = proposal.mailing
    if mailing is None:
        return planner.plan(
            ledger,
            proposal.edition,
            segment=segment,
            actor=actor,
            not_before=not_before,
            forced=proposal.forced,
        )
    if proposal.reason:
        adopt(
            ledger,
            mailing.id,
            proposal.edition,
            reason=proposal.reason,
            actor=actor,
            forced=proposal.forced,
        )
    if not_before is not None:
        schedule.postpone(ledger, mailing.id, not_before, actor=actor)
    return ledger.mailing(mailing.id)


def renewed(ledger: Ledger, workspace: Workspace, proposal: Proposal, *, reason: str) -> Proposal:
    """Propose that those who have nothing yet get the issue as it is now.

    Raises:
        UsageError: no mailing has begun.
        FaultsFound: the issue has faults.
    """
    if proposal.mailing is None:
        raise UsageError(_("No mailing of this issue is open; its newest edition is sent anyway."))
    edition = edition_of(workspace, workspace.issue_id(proposal.mailing.issue))
    if edition.digest == proposal.edition.digest:
        return proposal
    editions = Editions(ledger.connection)
    return replace(
        proposal,
        edition=edition,
        sources_changed=False,
        tests=editions.tests(edition.digest),
        approvals=editions.approvals(edition.digest),
        reason=reason,
    )


def check(
    proposal: Proposal,
    settings: Settings,
    *,
    need_test: bool,
    actor: str,
    now: datetime,
    at: datetime | None = None,
    wait: bool = False,
) -> None:
    """Make sure that the edition may go out.

    Raises:
        NotAllowedError: no test was made of it, nobody else has approved of it, or the mailing is paused.
        TooEarlyError: its time has not come.
        StaleError: its time is long gone.
    """
    mailing = proposal.mailing
    if mailing is not None and mailing.state is MailingState.PAUSED:
        raise NotAllowedError(
            _("The mailing is paused."), cure=_("“newsletter resume {id}”").format(id=mailing.issue)
        )
    if mailing is not None and at is None:
        schedule.check(mailing, now=now, stale_hours=settings.sending.stale_hours, wait=wait)
    if need_test and not proposal.tests:
        raise NotAllowedError(
            _("Nobody has seen this edition as a mail yet."),
            cure=_("Send a test: “newsletter send {id} --test you@example.org”; or say --no-test.").format(
                id=proposal.edition.id
            ),
        )
    if settings.sending.approval and not any(one.actor != actor for one in proposal.approvals):
        raise NotAllowedError(
            _("A second person must approve of this edition first."),
            cure=_("They say: “newsletter approve {id}”.").format(id=proposal.edition.id),
        )


def _going_on(ledger: Ledger, workspace: Workspace, mailing: Mailing) -> Proposal:
    editions = Editions(ledger.connection)
    return Proposal(
        edition=editions.load(mailing.digest),
        mailing=mailing,
        counts=ledger.counts(mailing.id),
        audience=mailing.audience,
        left_out=mailing.left_out,
        sources_changed=_digest_now(workspace, mailing.issue) != mailing.digest,
        tests=editions.tests(mailing.digest),
        approvals=editions.approvals(mailing.digest),
    )


def _new(ledger: Ledger, workspace: Workspace, issue_id: IssueId, segment: str | None) -> Proposal:
    edition = edition_of(workspace, issue_id)
    seen = planner.preview(ledger, str(issue_id), segment=segment)
    editions = Editions(ledger.connection)
    return Proposal(
        edition=edition,
        mailing=None,
        counts=None,
        audience=seen.audience,
        left_out=seen.left_out,
        sources_changed=False,
        tests=editions.tests(edition.digest),
        approvals=editions.approvals(edition.digest),
    )


def _digest_now(workspace: Workspace, issue: str) -> str:
    """Return what the issue's files would make now; nothing if they make nothing."""
    try:
        return edition_of(workspace, workspace.issue_id(issue)).digest
    except NewsletterError:
        return ""
