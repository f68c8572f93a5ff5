"""MJML to HTML (mjml-python's only home).

Only the skeleton goes through here; what the editor wrote is spliced in afterwards, because mrml drops
white space between inline tags and so joins words.
"""

from __future__ import annotations

from mjml import mjml2html

from newsletter.errors import NewsletterError
from newsletter.language import _


class CompileError(NewsletterError, ValueError):
    """The MJML could not be compiled."""


def compiled(mjml: str) -> str:
    """Compile a checked MJML document; fonts={} keeps Google's fonts out of the mail.

    Raises:
        CompileError: the compiler refuses it although our own check let it pass.
    """
    try:
        return str(mjml2html(mjml, fonts={}))
    except ValueError as err:
        raise CompileError(_("The MJML compiler refuses the mail: {reason}.").format(reason=err)) from err
