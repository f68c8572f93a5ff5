"""MJML to HTML (mjml-python's only home).

Only the skeleton goes through here; what the editor wrote is spliced in afterwards, because mrml drops
white space between inline tags and so joins words.
"""

from __future__ import annotations

import re

from mjml import mjml2html

from newsletter.errors import NewsletterError
from newsletter.language import _

_STYLE = re.compile(r"(<mj-style\b.*?</mj-style>)", re.DOTALL)
_SPELLED = re.compile(r"[^\r\n -\[\]-~¡-¬®-ɏ‐-‟•…‰‹›€™−]")
"""What is not surely printable to Rust; the backslash, too, which it doubles."""


class CompileError(NewsletterError, ValueError):
    """The MJML could not be compiled."""


def compiled(mjml: str) -> str:
    """Compile a checked MJML document; fonts={} keeps Google's fonts out of the mail.

    Raises:
        CompileError: the compiler refuses it although our own check let it pass.
    """
    try:
        return str(mjml2html(_spelled(mjml), fonts={}))
    except ValueError as err:
        raise CompileError(_("The MJML compiler refuses the mail: {reason}.").format(reason=err)) from err


def _spelled(mjml: str) -> str:
    r"""Spell the characters that mrml writes into attributes as Rust does: `\u{a0}` for a no-break space.

    A reference passes through it as it is; in style sheets it would mean nothing, so these stay.
    """
    parts = _STYLE.split(mjml)
    for index in range(0, len(parts), 2):
        parts[index] = _SPELLED.sub(lambda found: f"&#{ord(found[0])};", parts[index])
    return "".join(parts)
