"""Refusals that may be our own fault: is it this recipient, or does the server refuse us?

A server that takes nothing from us any more (policy, reputation, relaying denied) would refuse the whole
list, one by one, and every recipient would stand there as refused. So such refusals are kept back: the next
message that is accepted shows that they were about their recipients; several in a row without one stop the
mailing, and nobody is blamed.
"""

from __future__ import annotations

from newsletter.dispatch.model import Blame, Job, Outcome, Stage, State

MOST = 3
"""Refusals in a row, without a message accepted in between, after which it is us."""
_AT_ONCE = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH, Stage.MAIL})
"""Stages that know nothing of the recipient."""

Settled = tuple[Job, Outcome]


class Suspects:
    """Refusals kept back until it is clear whose fault they are."""

    def __init__(self) -> None:
        self._kept: list[Settled] = []
        self._accepted = False
        self.guilty: Outcome | None = None
        """The refusal that showed that it is us."""

    def __len__(self) -> int:
        """Count those kept back."""
        return len(self._kept)

    def judge(self, job: Job, outcome: Outcome) -> list[Settled]:
        """Return what may be recorded now."""
        self._accepted = self._accepted or outcome.state is State.ACCEPTED
        if outcome.state is State.ACCEPTED and self._kept:
            return [*self._release(State.REFUSED), (job, outcome)]
        if outcome.blame is not Blame.SENDER:
            return [(job, outcome)]
        self._kept.append((job, outcome))
        if outcome.stage in _AT_ONCE or len(self._kept) >= MOST or self.guilty:
            self.guilty = self.guilty or outcome
            return self.acquit()
        return []

    def conclude(self) -> list[Settled]:
        """Decide about those kept back, as nothing more will come: a server that took others takes us."""
        if self._accepted:
            return self._release(State.REFUSED)
        self.guilty = self.guilty or self._kept[0][1]
        return self.acquit()

    def acquit(self) -> list[Settled]:
        """Return those kept back as never tried, as nothing shows that it was their fault."""
        return self._release(State.PENDING)

    def _release(self, state: State) -> list[Settled]:
        kept, self._kept = self._kept, []
        return [(job, outcome._replace(state=state)) for job, outcome in kept]
