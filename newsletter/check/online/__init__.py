"""The family `online`: the links of the mail are asked for on the web. Only with `--online`."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.check.finding import Remark, Severity
from newsletter.check.online import telling
from newsletter.check.online.telling import Tell
from newsletter.check.proof import Proof
from newsletter.check.rule import Family
from newsletter.errors import Where
from newsletter.language import N_, _

FAMILY = Family("online")


def _told(proof: Proof, tell: Tell) -> Iterator[Remark]:
    """Say what there is to be said of each link."""
    # httpcore and what it needs take 70 ms to import; commands that stay offline do not pay for that.
    from newsletter.check.online import links  # noqa: PLC0415

    if links.is_offline(proof):
        return
    for link, answer in links.answered(proof):
        told = tell(link.url, answer)
        if told is not None:
            yield Remark(link.where, told.message, told.cure, link.section, link.quote, told.severity)


@FAMILY.rule(
    "dead-link",
    Severity.ERROR,
    title=N_("What is linked is there"),
    why=N_("A reader who follows a link into nothing has lost time, and trusts the next one less."),
    source="https://www.rfc-editor.org/rfc/rfc9110#section-15.5.5",
    online=True,
)
def dead_link(proof: Proof) -> Iterator[Remark]:
    """Find links whose page or host is not there."""
    yield from _told(proof, telling.dead_link)


@FAMILY.rule(
    "no-answer",
    Severity.WARNING,
    title=N_("What is linked answers in time"),
    why=N_("A server that is down while the mail is read is as bad as none. It may be well again tomorrow."),
    source="https://www.rfc-editor.org/rfc/rfc9110#section-15.6",
    online=True,
)
def no_answer(proof: Proof) -> Iterator[Remark]:
    """Find links whose server is in trouble, unless the trouble is our own."""
    from newsletter.check.online import links  # noqa: PLC0415 (see above)

    if links.is_offline(proof):
        message = _("None of the links could be asked for: no host can be reached from here.")
        cure = _("Check again from a machine that reaches the web without a proxy.")
        yield Remark(Where(proof.file), message, cure)
    yield from _told(proof, telling.no_answer)


@FAMILY.rule(
    "certificate",
    Severity.ERROR,
    title=N_("Who answers is who the link names"),
    why=N_(
        "With a certificate that is not right the browser shows a warning instead of the page, and few go on."
    ),
    source="https://www.rfc-editor.org/rfc/rfc9525",
    online=True,
)
def certificate(proof: Proof) -> Iterator[Remark]:
    """Find links whose server cannot prove who it is."""
    yield from _told(proof, telling.certificate)


@FAMILY.rule(
    "inside",
    Severity.ERROR,
    title=N_("Links lead to places that readers reach"),
    why=N_(
        "An address inside a network, or of one's own machine, works at the editor's desk and nowhere else. "
        "The check asks for no such address."
    ),
    source="https://www.iana.org/assignments/iana-ipv4-special-registry/",
    online=True,
)
def inside(proof: Proof) -> Iterator[Remark]:
    """Find links that lead inside a network, at once or by being redirected."""
    yield from _told(proof, telling.inside)


@FAMILY.rule(
    "not-judged",
    Severity.HINT,
    title=N_("Every link could be judged"),
    why=N_("Some pages are only for people who have logged in, and some servers turn programs away."),
    source="https://www.rfc-editor.org/rfc/rfc9110#section-15.5.4",
    online=True,
)
def not_judged(proof: Proof) -> Iterator[Remark]:
    """Find links that somebody has to open to know."""
    yield from _told(proof, telling.not_judged)


@FAMILY.rule(
    "moved",
    Severity.HINT,
    title=N_("Links name where things are now"),
    why=N_(
        "What has moved for good is reached by its old address only as long as somebody keeps the signpost."
    ),
    source="https://www.rfc-editor.org/rfc/rfc9110#section-15.4.2",
    online=True,
)
def moved(proof: Proof) -> Iterator[Remark]:
    """Find links that are redirected for good."""
    yield from _told(proof, telling.moved)


@FAMILY.rule(
    "https",
    Severity.HINT,
    title=N_("Links are encrypted where they can be"),
    why=N_("Without encryption others can read and change what the reader sees; browsers warn of it."),
    source="https://www.rfc-editor.org/rfc/rfc7258",
    online=True,
)
def https(proof: Proof) -> Iterator[Remark]:
    """Find links to http that https answers as well, and those that leave https."""
    yield from _told(proof, telling.https)
