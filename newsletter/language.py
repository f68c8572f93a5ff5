"""The words people see: gettext catalogues for readers (the issue's language) and editors (theirs).

Message ids are English; `locale/LANGUAGE/LC_MESSAGES/newsletter.po` holds the others. Reader texts
go through a `Phrases` value that is handed along; editor texts (faults, talk) through `_`, whose
language is chosen once by the command line, since a fault must be told in the editor's language
from whatever room it comes.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("de", "en")
_LOCALE_DIR = Path(__file__).with_name("locale")
_editor: ContextVar[str] = ContextVar("editor_language")
_process = ["en"]
"""What is spoken where no context says otherwise: some callbacks of the event loop's come in an empty one."""


class Phrases:
    """The reader texts of one language; calling it translates.

    >>> Phrases("de")("Contents")
    'Inhalt'
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = _catalogue(language)

    def __call__(self, message: str) -> str:
        """Translate a reader text."""
        return self._catalogue.gettext(message)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("newsletter", _LOCALE_DIR, [language], fallback=True)


def preferred(environ: Mapping[str, str]) -> str:
    """Choose the language of messages: NEWSLETTER_LANG first, then the usual locale variables."""
    for name in ("NEWSLETTER_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        code = environ.get(name, "")[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"


def use(language: str) -> None:
    """Tell editors everything in this language from now on (of the running context)."""
    _editor.set(language if language in LANGUAGES else "en")


def lend() -> dict[str, str]:
    """Give our catalogue to libraries that ask the process's gettext (click's “Usage:”, “Options”).

    Returns the environment variable that chooses its language; only the command line sets it, and by that
    chooses the language of the whole process.
    """
    _process[0] = editor()
    gettext.bindtextdomain("newsletter", str(_LOCALE_DIR))
    gettext.textdomain("newsletter")
    return {"LANGUAGE": editor()}


def number(value: float, digits: int = 1) -> str:
    """Write a number as editors do: 38,5 in German."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if editor() == "de" else text


def figure(value: float, digits: int = 4) -> str:
    """Write a number with so many digits that count, none of them idle: 4,5 and 16 in German."""
    text = f"{value:.{digits}g}"
    return text.replace(".", ",") if editor() == "de" else text


def editor() -> str:
    """Return the language that editors are told in."""
    return _editor.get(_process[0])


def N_(message: str) -> str:  # noqa: N802 (gettext's name for it)
    """Mark a text for the catalogue that is translated later, by `_` with a variable."""
    return message


def _(message: str) -> str:
    """Translate a text meant for editors."""
    return _catalogue(_editor.get(_process[0])).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate a text meant for editors that depends on a number."""
    return _catalogue(_editor.get(_process[0])).ngettext(singular, plural, count)
