"""Our own pages for editors (report of a check, preview, differences): templates, style, and their rendering.

One style sheet (`base.css`) serves them all: light and dark, printable, WCAG AA. Everything a page needs is
in it; nothing is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter import language

FOLDER = Path(__file__).parent


def render(name: str, context: Mapping[str, Any]) -> str:
    """Render one of our templates in the editor's language; what is put in is escaped."""
    return _environment(language.editor()).get_template(name).render(context)


def text(name: str) -> str:
    """Return a file of ours that goes into a page as it is (`base.css`)."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment(lang: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=language._, ngettext=language.ngettext, number=language.number, lang=lang, text=text
    )
    return environment
