"""The family `inbox`, as far as it is about the sender: known by name, open to answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.check.finding import Remark, Severity
from newsletter.check.inbox.line import GOOGLE, subject_of
from newsletter.check.proof import Proof, plain
from newsletter.check.rule import Family
from newsletter.language import N_, _

FAMILY = Family("inbox")
LONGEST_SENDER = 30
"""Characters of the sender's name; telephones show about as many."""
_EMPTY_NAMES = frozenset(
    {"newsletter", "info", "mail", "e-mail", "email", "office", "admin", "webmaster", "kontakt", "contact"}
)
_NO_REPLY = re.compile(
    r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|keine[-_.]?antwort|nicht[-_.]?antworten)\b", re.IGNORECASE
)
_MICROSOFT = (
    "https://techcommunity.microsoft.com/blog/microsoftdefenderforoffice365blog/"
    "strengthening-email-ecosystem-outlook%E2%80%99s-new-requirements-for-high%E2%80%90volume-senders/4399730"
)


@FAMILY.rule(
    "sender-name",
    Severity.WARNING,
    title=N_("The sender’s name says who writes"),
    why=N_(
        "Readers look at the sender first; a mail address or “Newsletter” does not tell them whether they"
        " know you."
    ),
    source=GOOGLE,
)
def sender_name(proof: Proof) -> Iterator[Remark]:
    """Look at the name and the address that readers see."""
    sender, where = proof.settings.sender, proof.setting("sender", "name")
    cure = _("Write the newsletter’s or the office’s name as “name” of [sender].")
    if not any(map(str.isalpha, sender.name)):
        yield Remark(where, _("The sender has no name."), cure)
    elif "@" in sender.name:
        yield Remark(where, _("The sender’s name “{name}” is an address.").format(name=sender.name), cure)
    elif plain(sender.name) in _EMPTY_NAMES:
        yield Remark(
            where, _("The sender’s name “{name}” does not say who writes.").format(name=sender.name), cure
        )
    elif len(sender.name) > LONGEST_SENDER:
        message = _("The sender’s name has {count} characters; telephones show about {limit}.")
        message = message.format(count=len(sender.name), limit=LONGEST_SENDER)
        yield Remark(where, message, _("Choose a shorter one."), severity=Severity.HINT)
    subject = plain(subject_of(proof))
    if subject and subject in plain(sender.name):
        message = _("The sender’s name holds the subject.")
        yield Remark(where, message, cure)


@FAMILY.rule(
    "no-reply",
    Severity.WARNING,
    title=N_("Readers can answer"),
    why=N_(
        "Microsoft and Google demand addresses that take answers; and readers who can reply tell you of"
        " faults, ask to be unsubscribed instead of complaining, and write your address into their address"
        " books."
    ),
    source=_MICROSOFT,
)
def no_reply(proof: Proof) -> Iterator[Remark]:
    """Look for an address that takes no answers."""
    sender = proof.settings.sender
    key, address = ("reply_to", sender.reply_to) if sender.reply_to else ("address", sender.address)
    if _NO_REPLY.match(address):
        message = _("Answers go to {address}, which looks as if nobody reads them.").format(address=address)
        cure = _("Name an address as “reply_to” of [sender] that somebody reads.")
        yield Remark(proof.setting("sender", key), message, cure)
