"""The editor's content on its way past the MJML compiler: taken out as markers, put back with its styles."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup

from newsletter.compose.inline import Inliner

_MARKER = re.compile(r"zqB(\d+)zq")


class Fragments:
    """Pieces of finished HTML, each standing for a marker in the MJML skeleton."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, caller: Callable[[], str]) -> Markup:
        """Take a piece; templates write `{% call content() %} … {% endcall %}`."""
        self._pieces.append(_squeezed(str(caller())))
        return Markup(f"zqB{len(self._pieces) - 1}zq")  # noqa: S704 (letters and digits)

    def splice(self, skeletons: list[str], inliner: Inliner) -> list[str]:
        """Put the pieces, with their styles inlined, into the compiled skeletons."""
        styled = inliner.inlined(self._pieces)
        return [_MARKER.sub(lambda found: styled[int(found[1])], skeleton) for skeleton in skeletons]


def _squeezed(html: str) -> str:
    """Leave out the indentation that templates have between their tags, but nothing inside a <pre>."""
    if "<pre" in html:
        return html.strip()
    return re.sub(r">\s*\n\s*<", "><", html.strip())
