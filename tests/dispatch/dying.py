"""The program, killed at a step: `python -m tests.dispatch.dying STEP NUMBER send …`.

The process kills itself (SIGKILL, nothing is tidied up) when a step is reached for the n-th time. The steps
are the moments between which the guarantee has to hold; they are put around the program from outside, so that
the program itself knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from newsletter.cli import main
from newsletter.dispatch import planner
from newsletter.dispatch.journal import Journal
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.runner import Runner

STEPS: dict[str, tuple[Any, str]] = {
    "plan": (planner, "plan"),
    "begin": (Ledger, "begin"),
    "exchange": (Ledger, "exchange"),
    "end": (Ledger, "end"),
    "take": (Runner, "take"),
    "starts": (Runner, "starts"),
    "started": (Journal, "started"),
    "reply": (Runner, "settled"),
    "settled": (Journal, "settled"),
}
"""What each step wraps; each has a `before-` and an `after-`."""
LABELS = tuple(f"{side}-{name}" for name in STEPS for side in ("before", "after"))


def die_at(label: str, number: int) -> None:
    """Arrange for the death."""
    side, _dash, name = label.partition("-")
    owner, attribute = STEPS[name]
    setattr(owner, attribute, _deadly(getattr(owner, attribute), side, number))


def _deadly(call: Callable[..., Any], side: str, number: int) -> Callable[..., Any]:
    left = number

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if side == "before" and not left:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args, **kwargs)
        if side == "after" and not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


if __name__ == "__main__":
    die_at(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
