"""How the sink misbehaves: rules that say at which stage, how often and in which way.

A rule as JSON; all but `stage` and one action may be left out:

    {"stage": "rcpt", "match": "nobody@", "every": 7, "skip": 3, "times": 5, "reply": "550 5.1.1 Nobody"}

Stages, in the order of a session: `greeting`, `ehlo`, `starttls`, `auth`, `mail`, `rcpt`, `data` (the
command), `body` (its first bytes have come, not all), `dot` (all of it has come, it is not accepted yet),
`accepted` (it is, and the log has it), `rset`, `quit`.

Actions: `"reply": TEXT` answers so (lines parted by a line feed; after a 421 the connection is closed);
`"close": true` closes without an answer; `"hang": true` never answers again; `"delay": SECONDS` answers late,
but as usual.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

STAGES = frozenset(
    (
        "greeting",
        "ehlo",
        "starttls",
        "auth",
        "mail",
        "rcpt",
        "data",
        "body",
        "dot",
        "accepted",
        "rset",
        "quit",
    )
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When the sink does something else than a good server would."""

    stage: str
    match: str = ""
    """Only when this is found in the command or in the message's envelope (a regular expression)."""
    every: int = 1
    """Only every n-th time."""
    skip: int = 0
    """How often it goes well first."""
    times: int | None = None
    """How often at most."""
    reply: str = ""
    close: bool = False
    hang: bool = False
    delay: float = 0.0

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise ValueError(f"{self.stage} is no stage: {', '.join(sorted(STAGES))}")
        if not (self.reply or self.close or self.hang or self.delay):
            raise ValueError(f"a rule for {self.stage} does nothing: reply, close, hang or delay")


class Answer(NamedTuple):
    """What happens instead of, or before, the usual reply."""

    reply: bytes = b""
    close: bool = False
    hang: bool = False
    delay: float = 0.0


USUAL = Answer()


@dataclass
class _Counted:
    rule: Rule
    seen: int = 0
    done: int = 0

    def applies(self, text: str) -> bool:
        rule = self.rule
        if rule.match and not re.search(rule.match, text):
            return False
        self.seen += 1
        if self.seen <= rule.skip or (self.seen - rule.skip) % rule.every:
            return False
        if rule.times is not None and self.done >= rule.times:
            return False
        self.done += 1
        return True


@dataclass
class Rules:
    """The rules in force; a control file replaces them while the sink runs."""

    control: Path | None = None
    _counted: list[_Counted] = field(default_factory=list)
    _stamp: tuple[int, int] = (0, 0)

    def use(self, rules: Iterable[dict[str, Any]]) -> None:
        """Put these in force; all counting begins again."""
        self._counted = [_Counted(Rule(**rule)) for rule in rules]

    def at(self, stage: str, text: str = "") -> Answer:
        """Say what happens at a stage; the first rule that applies wins."""
        self._look()
        for counted in self._counted:
            if counted.rule.stage == stage and counted.applies(text):
                return _answer(counted.rule)
        return USUAL

    def _look(self) -> None:
        if self.control is None:
            return
        status = self.control.stat()
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp != self._stamp:
            self._stamp = stamp
            self.use(json.loads(self.control.read_text(encoding="utf-8")))


def _answer(rule: Rule) -> Answer:
    text = "".join(f"{line}\r\n" for line in rule.reply.splitlines())
    return Answer(text.encode(), rule.close or rule.reply.startswith("421"), rule.hang, rule.delay)
