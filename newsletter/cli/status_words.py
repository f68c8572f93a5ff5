"""What `newsletter status` says to people: how far a mailing is, what goes wrong, what to do next."""

from __future__ import annotations

from collections.abc import Iterator

import click

from newsletter import clock
from newsletter.cli import desk
from newsletter.cli import mailing_words as words
from newsletter.dispatch.model import MailingState, State
from newsletter.dispatch.standing import Problem, Standing
from newsletter.language import _, ngettext

_MOST_PROBLEMS = 10
_DIGEST = 16


def show(one: Standing) -> None:
    """Show a mailing."""
    mailing, counts = one.mailing, one.counts
    click.echo(desk.safe(f"{one.title or mailing.issue} ({mailing.issue})"))
    desk.show_rows(_about(one))
    click.echo("")
    for state in State:
        if counts[state] or state is State.ACCEPTED:
            share = words.percent(counts[state], mailing.audience)
            click.echo(f"  {words.state(state):<28}{counts[state]:>9}{share:>9}")
    click.echo(f"  {_('recipients'):<28}{mailing.audience:>9}")
    _show_problems(one)
    for line in _next_steps(one):
        click.echo(f"  → {desk.safe(line)}")


def _about(one: Standing) -> list[tuple[str, object]]:
    mailing, run = one.mailing, one.run
    state = words.mailing_state(mailing.state)
    if run is not None:
        text = _("process {pid} on {host} is sending since {time}")
        state = text.format(pid=run.pid, host=run.host, time=clock.local(run.started_at))
    return [
        (_("Subject"), one.subject),
        (_("Edition"), mailing.digest[:_DIGEST]),
        (_("Mailing"), mailing.id),
        (_("Segment"), mailing.segment or ""),
        (_("State"), state),
        (_("Planned"), f"{clock.local(mailing.created_at)} ({mailing.created_by})"),
        (_("Not before"), _time(mailing.not_before) if mailing.started_at is None else ""),
        (_("Begun"), _time(mailing.started_at)),
        (_("Finished"), _time(mailing.finished_at)),
        (_("Left out"), words.left_out(mailing.left_out)),
        *((_("Decided"), _decided(one, number)) for number in range(len(one.decisions))),
    ]


def _decided(one: Standing, number: int) -> str:
    decision = one.decisions[number]
    count = f"{decision.count} " if decision.count else ""
    reason = f": {decision.reason}" if decision.reason else ""
    return f"{clock.local(decision.at)} {count}{words.action(decision.action)} ({decision.actor}){reason}"


def _time(stamp: str | None) -> str:
    return clock.local(stamp) if stamp else ""


def _show_problems(one: Standing) -> None:
    if not one.problems:
        return
    click.echo("")
    for problem in one.problems[:_MOST_PROBLEMS]:
        click.echo(f"  {problem.count:>7} {words.state(problem.state)}: {desk.safe(_problem(problem))}")
    if len(one.problems) > _MOST_PROBLEMS:
        left = len(one.problems) - _MOST_PROBLEMS
        click.echo(f"{'':10}{_('and {count} other reasons').format(count=left)}")
    if not one.all_looked_at:
        click.echo(f"  {_('(These are the first ones; --recipients lists all.)')}")


def _problem(problem: Problem) -> str:
    domains = ", ".join(f"{name} {count}" for name, count in problem.domains)
    relay = f" ({problem.relay})" if problem.relay else ""
    return f"{words.said(problem)}{relay}" + (f" – {domains}" if domains else "")


def _next_steps(one: Standing) -> Iterator[str]:
    """Say what can be done, with the command for it."""
    mailing, counts, issue = one.mailing, one.counts, one.mailing.issue
    if mailing.state is MailingState.PAUSED:
        yield _("It is paused: newsletter resume {id}").format(id=issue)
    elif one.run is None and mailing.state in {MailingState.PLANNED, MailingState.RUNNING}:
        yield from _go_on(one)
    if one.left_behind:
        yield ngettext(
            "A process died with {count} recipient under way: newsletter send {id} tells who got it",
            "A process died with {count} recipients under way: newsletter send {id} tells who got it",
            one.left_behind,
        ).format(count=one.left_behind, id=issue)
    if counts[State.IN_DOUBT]:
        yield ngettext(
            "Whether the server took it is not known of {count} recipient: newsletter resolve {id}",
            "Whether the server took it is not known of {count} recipients: newsletter resolve {id}",
            counts[State.IN_DOUBT],
        ).format(count=counts[State.IN_DOUBT], id=issue)
    if any(_is_ours(problem) for problem in one.problems):
        text = _("Some were refused through no fault of theirs: newsletter retry {id} --refused")
        yield text.format(id=issue)


def _go_on(one: Standing) -> Iterator[str]:
    counts, issue = one.counts, one.mailing.issue
    if counts[State.PENDING]:
        yield ngettext(
            "{count} recipient is still to come: newsletter send {id}",
            "{count} recipients are still to come: newsletter send {id}",
            counts[State.PENDING],
        ).format(count=counts[State.PENDING], id=issue)
    if counts[State.DEFERRED]:
        yield ngettext(
            "{count} recipient is to be tried again, from {time} on: newsletter send {id}",
            "{count} recipients are to be tried again, from {time} on: newsletter send {id}",
            counts[State.DEFERRED],
        ).format(count=counts[State.DEFERRED], time=_time(one.next_at), id=issue)


def _is_ours(problem: Problem) -> bool:
    """Whether `retry --refused` would try them again."""
    return problem.state is State.REFUSED and (problem.reason != "recipient" or problem.stage == "local")
