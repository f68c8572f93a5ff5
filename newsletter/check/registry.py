"""All rules there are, in the order of their families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from newsletter.check import faults, online, pictures, size
from newsletter.check.accessibility import contrasts, legibility, structure
from newsletter.check.clients import looks, sheets_only
from newsletter.check.content import dated, linked, promised, words
from newsletter.check.inbox import line, sender
from newsletter.check.law import duties, loaded
from newsletter.check.rule import Rule
from newsletter.check.wording import style
from newsletter.errors import UsageError
from newsletter.language import N_, _
from newsletter.validation import did_you_mean

FAMILIES: Mapping[str, str] = {
    "issue": N_("The file"),
    "content": N_("Content"),
    "wording": N_("Language"),
    "accessibility": N_("Accessibility"),
    "clients": N_("Mail programs"),
    "size": N_("Size"),
    "inbox": N_("Inbox"),
    "law": N_("Law and deliverability"),
    "pictures": N_("Images"),
    "online": N_("Links on the web"),
}
"""What each family is called in reports, in the order in which they are shown."""
_MODULES = (
    faults, linked, promised, words, dated, style, structure, contrasts, legibility, looks, sheets_only,
    size, line, sender, duties, loaded, pictures, online,
)  # fmt: skip
"""Two modules may hold rules of one family."""


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its id."""
    return {rule.id: rule for module in _MODULES for rule in module.FAMILY.rules}


def chosen(names: Sequence[str], *, with_online: bool) -> tuple[Rule, ...]:
    """Return the rules of these ids or families, all without any; those that go online only if asked for.

    Raises:
        UsageError: there is no such rule.
    """
    known = rules()
    for name in names:
        if name not in known and name not in FAMILIES:
            message = _("There is no rule “{name}”.").format(name=name)
            raise UsageError(message, cure=did_you_mean(name, [*known, *FAMILIES]))
    return tuple(
        rule
        for rule in known.values()
        if (with_online or not rule.online) and (not names or rule.id in names or rule.family in names)
    )
