"""The mail's plain text, from the same set words as its HTML."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.compose.audience import Audience
from newsletter.compose.galley import Galley
from newsletter.compose.sheet import Sheet
from newsletter.compose.theme import Theme
from newsletter.issue.model import Section
from newsletter.language import Phrases


class TextPart:
    """Writes the plain text of every variant of an issue."""

    def __init__(self, theme: Theme, galley: Galley, phrases: Phrases) -> None:
        self._theme = theme
        self._galley = galley
        self._phrases = phrases

    def text(self, group: Audience) -> str:
        """Write the text for a group; its links are numbered from 1."""
        sheet = Sheet(self._phrases)
        contents = self._galley.contents(group.sections)
        context = {**self._galley.common, "sheet": sheet, "contents": contents}

        def section(part: Section) -> str:
            view = self._galley.view(part)
            if view.plain is not None:
                return sheet.prose(view.plain.tokens)
            return self._theme.render(f"sections/{part.type.name}/text.txt.j2", {**context, "s": view})

        top = self._theme.render("layout/top.txt.j2", context)
        body = [section(part) for part in group.sections]
        foot = self._theme.render("layout/foot.txt.j2", {**context, "references": sheet.references()})
        return _blank_lines([top, *body, foot])


def _blank_lines(parts: Sequence[str]) -> str:
    """Join blocks with exactly one empty line between paragraphs, and end with a line feed."""
    lines: list[str] = []
    for line in "\n\n".join(parts).split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line if line.strip() else "")
    return "\n".join(lines).strip("\n") + "\n"
