"""A rule: what it is called, how much it weighs, why there is such a rule, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from newsletter.errors import NewsletterError
from newsletter.language import N_

EDITORIAL = N_("Editorial practice; no norm demands it.")
"""The source of a rule that rests on nothing but experience."""
Examine = Callable[[Proof], Iterable[Remark]]


class CannotTell(NewsletterError):
    """The rule cannot be asked here, such as one that needs a program that is not installed.

    An examination raises it before its first remark; the report shows the reason beside the rule.
    """


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule; texts are marked with `N_` and translated when they are shown."""

    id: str
    """`family.name`, such as `content.dead-link`; stable, as settings and reports name it."""
    severity: Severity
    title: str
    """What it demands, in a few words: “Every link leads somewhere”."""
    why: str
    """Why, for whom: one to three sentences."""
    source: str
    """Where that is written: a web address, the name of a norm, or `EDITORIAL` (to be translated)."""
    examine: Examine
    online: bool = False
    """Whether it asks other machines; such rules run only when asked for."""

    @property
    def family(self) -> str:
        """The first part of its id."""
        return self.id.partition(".")[0]


class Family:
    """Gathers the rules of a module.

    >>> FAMILY = Family("content")
    >>> @FAMILY.rule("dead-link", Severity.ERROR, title=…, why=…, source=…)
    ... def dead_link(proof: Proof) -> Iterator[Remark]: …
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule] = []

    def rule(
        self, name: str, severity: Severity, *, title: str, why: str, source: str, online: bool = False
    ) -> Callable[[Examine], Examine]:
        """Add the decorated function as a rule."""

        def add(examine: Examine) -> Examine:
            self.rules.append(
                Rule(
                    id=f"{self.name}.{name}",
                    severity=severity,
                    title=title,
                    why=why,
                    source=source,
                    examine=examine,
                    online=online,
                )
            )
            return examine

        return add
