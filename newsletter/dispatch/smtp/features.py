"""What a server can do, as its answer to EHLO says (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from newsletter.dispatch.smtp.replies import Reply


@dataclass(frozen=True, kw_only=True)
class Features:
    """The extensions that matter to us; none after HELO."""

    pipelining: bool = False
    """RFC 2920."""
    chunking: bool = False
    """RFC 3030."""
    starttls: bool = False
    """RFC 3207."""
    utf8: bool = False
    """SMTPUTF8, RFC 6531."""
    sized: bool = False
    """Whether MAIL may say how large the message is (RFC 1870)."""
    size: int = 0
    """Bytes that a message may have; 0 where the server does not say."""
    auth: frozenset[str] = frozenset()
    """Ways to log in (RFC 4954), in capital letters."""

    @classmethod
    def of(cls, reply: Reply) -> Self:
        """Read the answer to EHLO; keywords that we do not know are passed over."""
        offered: dict[str, list[str]] = {}
        for line in reply.lines[1:]:
            keyword, *words = line.upper().replace("AUTH=", "AUTH ").split() or [""]
            offered.setdefault(keyword, []).extend(words)
        return cls(
            pipelining="PIPELINING" in offered,
            chunking="CHUNKING" in offered,
            starttls="STARTTLS" in offered,
            utf8="SMTPUTF8" in offered,
            sized="SIZE" in offered,
            size=_number(offered.get("SIZE", ())),
            auth=frozenset(offered.get("AUTH", ())),
        )


def _number(words: list[str] | tuple[()]) -> int:
    first = words[0] if words else ""
    return int(first) if first.isascii() and first.isdigit() and len(first) <= 20 else 0  # noqa: PLR2004 (RFC 1870)
