"""What became of a link that was asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from newsletter.errors import NewsletterError


class Outcome(StrEnum):
    """How far asking came."""

    ANSWERED = "answered"  #: there is a status
    NO_NAME = "no-name"  #: no such host
    NAME_UNKNOWN = "name-unknown"  #: the name could not be looked up; it may well be there
    INSIDE = "inside"  #: an address that readers do not reach, and that we do not ask
    PORT = "port"  #: a port that we do not ask
    UNREACHABLE = "unreachable"  #: nobody takes the connection
    SILENT = "silent"  #: no answer in time
    CUT = "cut"  #: the answer broke off, or was none that HTTP knows
    CERTIFICATE = "certificate"  #: who answers cannot prove to be the host
    NO_TLS = "no-tls"  #: encryption could not begin
    CIRCLE = "circle"  #: redirected again and again
    ASTRAY = "astray"  #: redirected to what is no web address


class NotAnswered(NewsletterError):
    """A link was not answered."""

    def __init__(self, outcome: Outcome, detail: str = "") -> None:
        self.outcome = outcome
        self.detail = detail
        super().__init__(f"{outcome} {detail}".strip())


@dataclass(frozen=True)
class Answer:
    """What became of one link."""

    outcome: Outcome
    status: int = 0
    """The last status; 0 without an answer."""
    end: str = ""
    """Where redirects led to; empty without any."""
    moved: str = ""
    """Where it has moved for good (301, 308): as far as such redirects led without another between them."""
    secure: str = ""
    """The same on https, where an http link is answered there as well."""
    detail: str = ""
    """The host, address, port or reason, as the outcome needs it."""

    @property
    def good(self) -> bool:
        """Whether a reader gets there."""
        return self.outcome is Outcome.ANSWERED and 200 <= self.status < 300  # noqa: PLR2004 (RFC 9110, 15.3)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Self:
        """Take it as it was kept.

        Raises:
            ValueError, TypeError: it is not what `as_dict` gives.
        """
        return cls(**{**kept, "outcome": Outcome(kept.get("outcome", ""))})
