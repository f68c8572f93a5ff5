"""The editor's content on its way past the MJML compiler: taken out as markers, put back with its styles."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup

from newsletter.compose.inline import Inliner

_BLOCK = (
    r"</?(?:address|blockquote|br|caption|div|h[1-6]|hr|li|ol|p|table|tbody|td|tfoot|th|thead|tr|ul)\b[^<>]*>"
)
_BEFORE_BLOCK = re.compile(rf"(?<=>)\s*\n\s*(?={_BLOCK})")
_AFTER_BLOCK = re.compile(rf"({_BLOCK})\s*\n\s*(?=<)")
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
    """Leave out a template's indentation between blocks; between words it is a space, in <pre> it stays."""
    if "<pre" in html:
        return html.strip()
    return _AFTER_BLOCK.sub(r"\1", _BEFORE_BLOCK.sub("", html.strip()))
