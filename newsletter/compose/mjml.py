"""MJML to HTML (mjml-python's only home), with what its compiler gets wrong put right.

Only the skeleton goes through here; what the editor wrote is spliced in afterwards, because mrml drops
white space between inline tags and so joins words.
"""

from __future__ import annotations

import re

from mjml import mjml2html

from newsletter.errors import NewsletterError
from newsletter.language import _

_VALIGN = re.compile(r'(<td\b[^>]*?) vertical-align="[a-z]+"')
_CONDITIONAL = re.compile(r"(<!--\[if.*?<!\[endif\]-->)", re.DOTALL)
_ARTICLE = 'role="article"'


class CompileError(NewsletterError, ValueError):
    """The MJML could not be compiled."""


def compiled(mjml: str) -> str:
    """Compile a checked MJML document; fonts={} keeps Google's fonts out of the mail.

    Raises:
        CompileError: the compiler refuses it although our own check let it pass.
    """
    try:
        html = str(mjml2html(mjml, fonts={}))
    except ValueError as err:
        raise CompileError(_("The MJML compiler refuses the mail: {reason}.").format(reason=err)) from err
    return _tidy(html)


def _tidy(html: str) -> str:
    """Make the output valid HTML5 where that costs no mail program anything.

    mrml writes a `vertical-align` attribute that HTML does not have. Outlook's comments stay untouched.
    """
    parts = _CONDITIONAL.split(html)
    for index in range(0, len(parts), 2):
        parts[index] = _VALIGN.sub(r"\1", parts[index])
    return "".join(parts)
