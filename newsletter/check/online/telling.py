"""What is said of a link's answer, in the editor's words: a function for each rule, None when all is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.check.finding import Severity
from newsletter.check.online.answer import Answer, Outcome
from newsletter.check.online.destination import Destination
from newsletter.language import N_, _


@dataclass(frozen=True)
class Told:
    """What is wrong with a link, and what to do about it."""

    message: str
    cure: str
    severity: Severity | None = None


Tell = Callable[[str, Answer], Told | None]

_UNJUDGED = frozenset({401, 402, 403, 407, 429, 451, 999})
"""Answers of servers that don't let us see. 999 is nobody's norm, but a large network's."""
_GONE = frozenset({404, 410})
_LOOK = N_("Open it in a browser to see for yourself.")
_TROUBLE: Mapping[Outcome, str] = {
    Outcome.NAME_UNKNOWN: N_("The host of {link} cannot be looked up at the moment."),
    Outcome.UNREACHABLE: N_("The server of {link} cannot be reached."),
    Outcome.SILENT: N_("The server of {link} took too long to answer."),
    Outcome.CUT: N_("The server of {link} broke off, or gave an answer that no browser understands."),
    Outcome.CIRCLE: N_("{link} is redirected again and again."),
    Outcome.ASTRAY: N_("{link} leads to “{detail}”, which is no web address."),
}


def dead_link(url: str, answer: Answer) -> Told | None:
    """Tell what is not there: an error if surely so, else a warning."""
    if answer.outcome is Outcome.NO_NAME:
        message = _("There is no host “{host}”, to which {link} leads.")
        cure = _("Check how the address is spelled, or take the link out.")
        return Told(message.format(host=answer.detail, link=_link(url, answer)), cure)
    status = answer.status
    if status in _GONE:
        message = _("{link} is not there ({status}).").format(link=_link(url, answer), status=status)
        return Told(message, _("Look for its new address, or take the link out."))
    if 400 <= status < 500 and status not in _UNJUDGED:  # noqa: PLR2004 (RFC 9110, 15.5)
        message = _("{link} is refused as a mistake ({status}).").format(
            link=_link(url, answer), status=status
        )
        return Told(message, _(_LOOK), Severity.WARNING)
    return None


def no_answer(url: str, answer: Answer) -> Told | None:
    """Tell of servers that are in trouble, or cannot be reached from here."""
    cure = _("Try again later, and open it in a browser. If it stays like this, ask who runs the site.")
    if answer.outcome in _TROUBLE:
        return Told(_(_TROUBLE[answer.outcome]).format(link=_link(url, answer), detail=answer.detail), cure)
    if answer.outcome is not Outcome.ANSWERED or answer.good:
        return None
    if 400 <= answer.status < 500 or answer.status in _UNJUDGED:  # noqa: PLR2004 (told by other rules)
        return None
    message = _("The server of {link} reports trouble of its own ({status}).")
    return Told(message.format(link=_link(url, answer), status=answer.status), cure)


def certificate(url: str, answer: Answer) -> Told | None:
    """Tell of a server that cannot prove who it is; whether browsers show the page is not always sure."""
    link = _link(url, answer)
    cure = _("Tell those who run the site, and leave the link out until it is mended.")
    if answer.outcome is Outcome.CERTIFICATE:
        message = _("The certificate of the server of {link} is not right: {reason}.")
        sure = "expired" in answer.detail or "mismatch" in answer.detail
        reason = answer.detail.rstrip(".")
        return Told(message.format(link=link, reason=reason), cure, None if sure else Severity.WARNING)
    if answer.outcome is Outcome.NO_TLS:
        message = _("The server of {link} cannot be spoken to securely.").format(link=link)
        return Told(message, cure, Severity.WARNING)
    return None


def inside(url: str, answer: Answer) -> Told | None:
    """Tell of an address that readers don't reach; of a name it may be otherwise for them than from here."""
    if answer.outcome is not Outcome.INSIDE:
        return None
    link = _link(url, answer)
    if Destination.of(answer.end or url).is_literal:
        message = _("{link} leads to {address}, which is inside a network or on the reader's own machine.")
        cure = _("Write the public address, or take the link out.")
        return Told(message.format(link=link, address=answer.detail), cure)
    message = _(
        "{link} leads to {address} as seen from here, which is inside a network; it was not asked for."
    )
    cure = _("Open it from outside, for example on a telephone without the office's network.")
    return Told(message.format(link=link, address=answer.detail), cure, Severity.WARNING)


def not_judged(url: str, answer: Answer) -> Told | None:
    """Tell of what can only be judged by eye."""
    link = _link(url, answer)
    if answer.outcome is Outcome.PORT:
        message = _(
            "{link} leads to port {port}; only 80 and 443 are asked, and many offices let no other through."
        )
        return Told(message.format(link=link, port=answer.detail), _(_LOOK))
    if answer.status not in _UNJUDGED:
        return None
    message = _("{link} does not let programs see whether it is there ({status}).")
    return Told(message.format(link=link, status=answer.status), _(_LOOK))


def moved(url: str, answer: Answer) -> Told | None:
    """Tell where something is now."""
    if not answer.moved or not answer.good:
        return None
    message = _("“{url}” has moved for good, to “{new}”.").format(url=url, new=answer.moved)
    return Told(message, _("Write the new address, after a look whether it is what you mean."))


def https(url: str, answer: Answer) -> Told | None:
    """Tell of encryption that is there and not used."""
    if answer.secure:
        message = _("“{url}” is not encrypted, and the same host answers on https.").format(url=url)
        return Told(message, _("Write “{new}”.").format(new=answer.secure))
    if url.startswith("https:") and answer.end.startswith("http:"):
        message = _("{link}: an encrypted address leads on to one that is not.").format(
            link=_link(url, answer)
        )
        return Told(
            message, _("Link to the encrypted page itself, or ask who runs the site."), Severity.WARNING
        )
    return None


def _link(url: str, answer: Answer) -> str:
    """Name a link, and where it was redirected to."""
    if not answer.end:
        return _("“{url}”").format(url=url)
    return _("“{url}” (redirected to “{end}”)").format(url=url, end=answer.end)
