"""The books of a run: the slices it holds, and what is to be written down about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from newsletter.dispatch.holding import Holding
from newsletter.dispatch.ledger import LeaseLostError, Ledger
from newsletter.dispatch.model import Control, Outcome
from newsletter.dispatch.outgoing import Claimed, Waiting
from newsletter.dispatch.owner import Owner

_WRITE_DOWN = 400
"""Outcomes after which the ledger is written even if nobody needs to be claimed."""
_IDLE = 1.0
"""Seconds after which outcomes are written down however few they are."""


class Books:
    """What a run holds; every method that writes does so in the ledger's one transaction per slice."""

    def __init__(
        self,
        ledger: Ledger,
        mailing: int,
        owner: Owner,
        claim: Callable[[Iterable[Claimed]], None],
        *,
        lease: float,
        monotonic: Callable[[], float],
    ) -> None:
        self.lost = False
        """Whether another run has taken over what this one held."""
        self.control = Control.RUN
        """What the ledger said last that a run is to do."""
        self.skipped = 0
        self._ledger = ledger
        self._mailing = mailing
        self._owner = owner
        self._claim = claim
        self._lease = lease
        self._now = monotonic
        self._holdings: dict[int, Holding] = {}

    def __len__(self) -> int:
        """Count the slices that are held."""
        return len(self._holdings)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on its way or still to be written down."""
        return all(holding.at_rest for holding in self._holdings.values())

    @property
    def under_way(self) -> int:
        """How many are claimed and not settled."""
        return sum(holding.under_way for holding in self._holdings.values())

    @property
    def unclaimed(self) -> bool:
        """Whether somebody can be claimed without beginning another slice."""
        return any(not holding.exhausted for holding in self._holdings.values())

    @property
    def overdue(self) -> bool:
        """Whether the ledger should hear of us."""
        return any(self._is_due(holding) for holding in self._holdings.values())

    def ours(self, number: int) -> bool:
        """Whether nobody else may send a slice's messages at this moment."""
        holding = self._holdings.get(number)
        return holding is not None and not holding.lost and self._now() < holding.deadline

    def put(self, one: Waiting, outcome: Outcome) -> None:
        """Take what became of a recipient."""
        holding = self._holdings[one.slice]
        holding.under_way -= 1
        holding.outcomes.append((one, outcome))

    def write_down(self, wants: Callable[[], int]) -> None:
        """Bring the ledger up to date where there is need, and claim as many as are wanted."""
        for holding in list(self._holdings.values()):
            want = wants()
            at_end = holding.outcomes and not holding.under_way and not holding.exhausted
            many = len(holding.outcomes) >= _WRITE_DOWN
            if (want and not holding.exhausted) or at_end or many or self._is_due(holding):
                self._exchange(holding, 0 if holding.lost else want)

    def begin(self, wants: Callable[[], int]) -> None:
        """Lease slices whose turn has come until enough are claimed."""
        for number in self._ledger.due(self._mailing):
            asked = self._now()
            lease = self._ledger.begin(self._mailing, number, self._owner, lease=self._lease)
            if lease is None:  # somebody was quicker, or the mailing stands still
                continue
            self._holdings[number] = holding = Holding(lease, asked + self._lease, asked)
            self._exchange(holding, wants())
            if not wants():
                return

    def end(self, *, all_of_them: bool) -> None:
        """Give back slices at rest: those in which nobody is left to be claimed, or all."""
        for number, holding in list(self._holdings.items()):
            if not holding.under_way and (holding.exhausted or all_of_them):
                self._end(holding)
                del self._holdings[number]

    def close(self) -> None:
        """Write everything down and give back what is at rest."""
        for holding in self._holdings.values():
            self._exchange(holding, 0)
        self.end(all_of_them=True)

    def _end(self, holding: Holding) -> None:
        """Give a slice back with the last that became of its recipients: one commit for both."""
        if holding.lost:
            self._exchange(holding, 0)  # it is not ours any more, but the truth is written down all the same
            return
        try:
            self._ledger.end(holding.lease, holding.outcomes)
        except LeaseLostError:
            self.lost = True

    def _is_due(self, holding: Holding) -> bool:
        waited = self._now() - holding.renewed
        return waited > (_IDLE if holding.outcomes else self._lease / 3)

    def _exchange(self, holding: Holding, want: int) -> None:
        """Exchange outcomes for claims; outcomes are kept until they are in the ledger."""
        asked = self._now()
        outcomes = holding.outcomes.copy()
        try:
            done = self._ledger.exchange(holding.lease, outcomes, want=want)
        except LeaseLostError:
            del holding.outcomes[: len(outcomes)]
            holding.lost = holding.exhausted = self.lost = True
            return
        del holding.outcomes[: len(outcomes)]
        holding.renewed, holding.deadline = asked, asked + self._lease
        holding.under_way += len(done.opened)
        holding.exhausted = done.left == 0
        self.skipped += done.skipped
        self.control = done.control
        self._claim(Claimed(holding.lease.slice, row) for row in done.opened)
