"""The family `inbox`: the one line by which readers decide whether to open the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof, plain
from newsletter.check.rule import EDITORIAL, Family
from newsletter.compose.typography import NBSP
from newsletter.errors import Where
from newsletter.language import N_, _

FAMILY = Family("inbox")
LONGEST_SUBJECT = 60
"""Characters; desktop programs show 60 to 75."""
SHOWN_ON_PHONES = 40
"""Characters of the subject; telephones show 33 to 48."""
SHORTEST_PREHEADER, LONGEST_PREHEADER = 40, 110
"""Characters; programs show 35 to 140."""
_ENOUGH = 12
"""Characters that begin to tell something."""
_REPEATED = 0.8
"""How much of the preheader's words may be the subject's."""
_SHOUTED = 0.7
"""How much of a subject's letters are capitals when it shouts."""
_FEW = 12
"""Letters of a subject that may be an abbreviation as a whole."""
_REPLY = re.compile(r"^\s*(?P<sign>re|fwd?|aw|antw|wg)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_LOUD = re.compile(r"!\s*!|!\s*\?|\?\s*!|\?\s*\?|!.*!")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u2b1b\u2b1c\u231a\u231b\u23e9-\u23fa\u2049\u203c\u3030\u303d\u3297\u3299]"
)
_BADGES = re.compile("[✓✔✅☑★⭐®🔒🛡🏅🎖]")
"""Signs that look like a mark of verification beside the sender's name."""
_LEAD = re.compile(
    r"^[\s:|–—-]*(?:(?:unser|der|das|die|our|the)\s+)?(?:(?:newsletter|rundbrief|infobrief|ausgabe"
    r"|issue|nummer|number|quartal|quarter)\b|nr\.|no\.|\d{1,4}(?!\s*[^\W\d])|[IVX]+\b|/|q[1-4]\b)",
    re.IGNORECASE,
)
"""What stands at the beginning of a subject and says nothing of what is new."""
GOOGLE = "https://support.google.com/mail/answer/81126"


def subject_of(proof: Proof) -> str:
    """The subject as somebody reads it of whom nothing is known, its spaces as they were written."""
    if proof.edition:
        return proof.edition.fill(proof.edition.subject, {}).replace(NBSP, " ")
    return proof.issue.subject.value if proof.issue else ""


def _preheader(proof: Proof) -> str:
    if proof.edition:
        return proof.edition.fill(proof.edition.preheader, {}).replace(NBSP, " ")
    return proof.issue.preheader.value if proof.issue else ""


def _lines(proof: Proof) -> Iterator[tuple[str, str, Where]]:
    """Give name, words and place of what the inbox shows."""
    yield "subject", subject_of(proof), proof.head("subject")
    yield "preheader", _preheader(proof), proof.head("preheader")


@FAMILY.rule(
    "subject-length",
    Severity.WARNING,
    title=N_("The subject is shown in full"),
    why=N_(
        "Desktop programs show 60 to 75 characters of a subject, telephones 33 to 48; the rest is cut off."
    ),
    source=EDITORIAL,
)
def subject_length(proof: Proof) -> Iterator[Remark]:
    """Count its characters."""
    subject = subject_of(proof)
    if len(subject) > LONGEST_SUBJECT:
        message = _("The subject has {count} characters; many programs cut it off after {limit}.")
        cure = _("Shorten it to “{start}” or less, and let the preheader say the rest.")
        start = subject[:LONGEST_SUBJECT].rsplit(" ", 1)[0]
        yield Remark(
            proof.head("subject"),
            message.format(count=len(subject), limit=LONGEST_SUBJECT),
            cure.format(start=start),
            quote=subject,
        )


@FAMILY.rule(
    "subject-start",
    Severity.HINT,
    title=N_("The subject begins with what is new"),
    why=N_(
        "Telephones show 33 to 48 characters. The sender’s name stands beside them anyway: a subject that"
        " begins with the newsletter’s name and number has said nothing when it is cut off."
    ),
    source=EDITORIAL,
)
def subject_start(proof: Proof) -> Iterator[Remark]:
    """Cut off names and numbers at the beginning, and see what telephones show of the rest."""
    subject = subject_of(proof)
    if not subject:
        return
    rest = _message(subject, proof)
    shown = SHOWN_ON_PHONES - (len(subject) - len(rest))
    if not rest:
        message = _("The subject “{subject}” does not say what the issue is about.").format(subject=subject)
        cure = _("Name the most important piece of news.")
        yield Remark(proof.head("subject"), message, cure, quote=subject, severity=Severity.WARNING)
    elif shown < min(_ENOUGH, len(rest)):
        message = _("Telephones cut the subject off after “{shown}”.").format(shown=subject[:SHOWN_ON_PHONES])
        cure = _("Begin with “{rest}”: the sender’s name stands beside it.").format(rest=rest)
        yield Remark(proof.head("subject"), message, cure, quote=subject)


def _message(subject: str, proof: Proof) -> str:
    """Return a subject without newsletter, sender and number at its beginning."""
    names = [name.casefold() for name in (proof.settings.newsletter.title, proof.settings.sender.name)]
    rest, before = subject, None
    while rest != before:
        before = rest
        for name in names:
            if rest.casefold().startswith(name) and not rest[len(name) :][:1].isalnum():
                rest = rest[len(name) :]
        rest = _LEAD.sub("", rest)
        rest = rest.lstrip(" \u00a0:|–—-,.")
    return rest


@FAMILY.rule(
    "preheader-length",
    Severity.WARNING,
    title=N_("The preheader fills the line behind the subject"),
    why=N_(
        "Mail programs show 35 to 140 characters of it: a short one gives away room, the end of a long one is"
        " cut off."
    ),
    source=EDITORIAL,
)
def preheader_length(proof: Proof) -> Iterator[Remark]:
    """Count its characters."""
    preheader = _preheader(proof)
    if preheader and len(preheader) < SHORTEST_PREHEADER:
        message = _("The preheader has only {count} characters; there is room for {least} to {most}.")
        cure, severity = _("Say what else is in the issue."), None
    elif len(preheader) > LONGEST_PREHEADER:
        message = _("The preheader has {count} characters; programs show {least} to {most}.")
        cure, severity = _("Shorten it, or begin with what matters."), Severity.HINT
    else:
        return
    message = message.format(count=len(preheader), least=SHORTEST_PREHEADER, most=LONGEST_PREHEADER)
    yield Remark(proof.head("preheader"), message, cure, quote=preheader, severity=severity)


@FAMILY.rule(
    "preheader-repeats",
    Severity.WARNING,
    title=N_("The preheader says something else than the subject"),
    why=N_(
        "The two stand side by side in the inbox; said twice, the room for a second reason to open it is"
        " lost."
    ),
    source=EDITORIAL,
)
def preheader_repeats(proof: Proof) -> Iterator[Remark]:
    """Compare the two, as wholes and by their words."""
    subject, preheader = plain(subject_of(proof)), plain(_preheader(proof))
    words, known = set(re.findall(r"\w+", preheader)), set(re.findall(r"\w+", subject))
    if not words or not known:
        return
    if subject == preheader:
        message = _("The preheader is the subject once more.")
    elif preheader.startswith(subject) or len(words & known) >= _REPEATED * len(words):
        message = _("The preheader repeats the subject.")
    else:
        return
    yield Remark(
        proof.head("preheader"), message, _("Say what else is in the issue."), quote=_preheader(proof)
    )


@FAMILY.rule(
    "reply-prefix",
    Severity.ERROR,
    title=N_("The subject does not pretend to be an answer"),
    why=N_(
        "“Re:”, “Fwd:”, “AW:” and “WG:” deceive about what the mail is; Gmail’s rules forbid them, and"
        " filters know them."
    ),
    source=GOOGLE,
)
def reply_prefix(proof: Proof) -> Iterator[Remark]:
    """Look for signs of an answer or a forwarded mail."""
    if found := _REPLY.match(subject_of(proof)):
        message = _("The subject begins with “{sign}:”, like an answer or a forwarded mail.").format(
            sign=found["sign"]
        )
        yield Remark(proof.head("subject"), message, _("Take that out."), quote=found[0].strip())


@FAMILY.rule(
    "all-caps",
    Severity.WARNING,
    title=N_("Subject and preheader do not shout"),
    why=N_("Capitals throughout are hard to read, and filters count them among the signs of spam."),
    source="https://spamassassin.apache.org/old/tests_3_3_x.html",
)
def all_caps(proof: Proof) -> Iterator[Remark]:
    """Count capitals, names of newsletter and sender left out."""
    names = (proof.settings.newsletter.title, proof.settings.sender.name)
    for _name, words, where in _lines(proof):
        said = words
        for name in names:
            said = said.replace(name, "")
        letters = [letter for letter in said if letter.isalpha()]
        capitals = sum(map(str.isupper, letters))
        if len(letters) > _FEW and capitals > _SHOUTED * len(letters):
            message = _("“{words}” is written in capitals.").format(words=words)
            yield Remark(where, message, _("Write it as in a letter."), quote=words)


@FAMILY.rule(
    "exclamation",
    Severity.WARNING,
    title=N_("One exclamation mark is enough"),
    why=N_("Several of them look like advertising, to readers and to filters."),
    source="https://spamassassin.apache.org/old/tests_3_3_x.html",
)
def exclamation(proof: Proof) -> Iterator[Remark]:
    """Look for several exclamation or question marks."""
    for _name, words, where in _lines(proof):
        if _LOUD.search(words):
            message = _("“{words}” has several exclamation or question marks.").format(words=words)
            yield Remark(where, message, _("Leave one of them, or none."), quote=words)


@FAMILY.rule(
    "emoji",
    Severity.HINT,
    title=N_("Emoji are used with care"),
    why=N_(
        "Screen readers read out their names, old programs show empty boxes; beside the sender’s name Gmail"
        " takes them for a forged mark of verification."
    ),
    source=GOOGLE,
)
def emoji(proof: Proof) -> Iterator[Remark]:
    """Look for emoji in what the inbox shows."""
    for _name, words, where in _lines(proof):
        if found := _EMOJI.search(words):
            message = _("“{words}” has an emoji: {emoji}").format(words=words, emoji=found[0])
            yield Remark(where, message, _("See that the words are complete without it."), quote=words)
    sender = proof.settings.sender.name
    if found := _EMOJI.search(sender) or _BADGES.search(sender):
        message = _("The sender’s name “{name}” has a sign that looks like a badge: {emoji}")
        message = message.format(name=sender, emoji=found[0])
        where = proof.setting("sender", "name")
        yield Remark(where, message, _("Write the name in letters only."), severity=Severity.WARNING)
