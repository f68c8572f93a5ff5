"""The family `issue`: what keeps the issue from being composed at all."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from newsletter.check.rule import Family
from newsletter.language import N_

FAMILY = Family("issue")


@FAMILY.rule(
    "fault",
    Severity.ERROR,
    title=N_("The issue can be composed"),
    why=N_("With such a fault there is no mail at all: neither “build” nor “send” goes on."),
    source="docs/felder.md",
)
def fault(proof: Proof) -> Iterator[Remark]:
    """Pass on what reading and composing have found, but for what another rule tells and is not set off.

    A dead link keeps the issue from being composed whatever the settings say.
    """
    off = {*proof.settings.check.off, *(proof.issue.checks_off if proof.issue else ())}
    for one in proof.faults:
        if not one.rule or off & {one.rule, one.rule.partition(".")[0]}:
            yield Remark(one.where, one.message, one.cure)
