"""Where in the theme something was written that stands in the mail or on the page, as well as can be told.

The finished mail does not know its template any more. So it is looked for as a person would: the class of
an element (or of the nearest around it) in the template of its section and then in the layout, a colour
among the design values of theme.toml. Each template is looked for in the office's folder first, as the
composer does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from lxml import html as lxml_html

from newsletter.check.css.colours import Colour, parse
from newsletter.compose.theme import FILENAME
from newsletter.errors import Where

MAIL, PAGE = (".mjml.j2", ".css.j2"), (".html.j2", ".css.j2")
"""The endings of the templates that make the mail, and of those that make the page."""
_OTHERS: dict[tuple[str, ...], set[str]] = {MAIL: {"page.css.j2"}, PAGE: {"mail.css.j2", "content.css.j2"}}
"""Style sheets that are not for it."""
_VALUE = re.compile(r"\s*([\w-]+)\s*=\s*\"([^\"]*)\"")
_TABLE = re.compile(r"\s*\[([\w-]+)\]")
_MADE_BY = {"a": r"<(?:a|mj-button)\b", "img": r"<(?:img|mj-image)\b|img\("}
"""What in a template becomes such an element, where it is not the tag itself."""


class DesignValue(NamedTuple):
    """A colour of theme.toml."""

    name: str
    """With its table: `light.muted`."""
    where: Where


@dataclass(frozen=True)
class Templates:
    """The templates of a theme."""

    folders: tuple[Path, ...]
    """The office's own first."""

    def of(
        self, element: lxml_html.HtmlElement, *, kind: Sequence[str] = MAIL, section_type: str = ""
    ) -> Where:
        """Return the line that wrote an element: its own, or the nearest one that can be told.

        Args:
            element: of a mail or a page.
            kind: `MAIL` or `PAGE`.
            section_type: the type of the section it belongs to, whose templates are looked into first.
        """
        files = [path for path in self._files(kind, section_type) if ".css." not in path.name]
        tag = re.compile(_MADE_BY.get(str(element.tag), rf"<{re.escape(str(element.tag))}\b"))
        for one in (element, *element.iterancestors("*")):
            for name in one.get("class", "").split():
                where = self._first(re.compile(rf"class=\"[^\"]*(?<![\w-]){re.escape(name)}(?![\w-])"), files)
                if where:
                    return where if one is element else self._after(where, tag)
        return self._first(tag, files) or self.main(kind)

    def line(self, pattern: str, *, kind: Sequence[str] = MAIL, section_type: str = "") -> Where:
        """Return the first line that a regular expression is found in, or else the main template."""
        return self.find(pattern, kind=kind, section_type=section_type) or self.main(kind)

    def find(self, pattern: str, *, kind: Sequence[str] = MAIL, section_type: str = "") -> Where | None:
        """Return the first line that a regular expression is found in."""
        return self._first(re.compile(pattern), self._files(kind, section_type))

    def main(self, kind: Sequence[str] = MAIL) -> Where:
        """Return the template that all begins with."""
        name = f"layout/{'page' if kind is PAGE else 'mail'}{kind[0]}"
        return Where(
            next((path for path in self._paths(name) if path.is_file()), self.folders[0] / name), 1, 1
        )

    def colour(self, *colours: Colour, dark: bool = False) -> DesignValue | None:
        """Return the design value of one of these colours: an office's before the base theme's.

        The base theme's own pairs are tested, so where an office changed one of two colours, it is that one.
        """
        tables = ("dark", "light") if dark else ("light", "dark")
        for values in self._values:
            for colour in colours:
                for table in tables:
                    for name, value, where in values:
                        if name.startswith(f"{table}.") and value == colour:
                            return DesignValue(name, where)
        return None

    def literal(self, colour: Colour, *, kind: Sequence[str] = MAIL) -> Where | None:
        """Return the first line of a template that a colour itself is written in."""
        red, green, blue = str(colour)[1:3], str(colour)[3:5], str(colour)[5:7]
        pairs = all(pair[0] == pair[1] for pair in (red, green, blue))
        brief = f"|#{red[0]}{green[0]}{blue[0]}\\b" if pairs else ""
        return self.find(rf"(?i){colour}\b{brief}", kind=kind)

    def _first(self, pattern: re.Pattern[str], files: Sequence[Path]) -> Where | None:
        for path in files:
            for number, line in enumerate(self._lines(path), 1):
                if found := pattern.search(line):
                    return Where(path, number, found.start() + 1)
        return None

    def _after(self, where: Where, tag: re.Pattern[str]) -> Where:
        """Go on from an element around to the tag itself, if it follows in the same file."""
        for number, line in enumerate(self._lines(where.path), 1):
            found = tag.search(line, where.column if number == where.line else 0)
            if number >= where.line and found:
                return replace(where, line=number, column=found.start() + 1)
        return where

    def _files(self, kind: Sequence[str], section_type: str) -> list[Path]:
        """Return the templates in the order in which they are looked into: section, layout, others."""
        names = {
            path.relative_to(folder).as_posix()
            for folder in self.folders
            for path in (*folder.glob("layout/*.j2"), *folder.glob("sections/*/*.j2"))
            if path.name.endswith(tuple(kind)) and path.name not in _OTHERS.get(tuple(kind), ())
        }
        own = f"sections/{section_type}/"
        ordered = sorted(
            names, key=lambda name: (not name.startswith(own), name)
        )  # “layout” before “sections”
        return [next(path for path in self._paths(name) if path.is_file()) for name in ordered]

    def _paths(self, name: str) -> list[Path]:
        return [folder / name for folder in self.folders]

    def _lines(self, path: Path) -> list[str]:
        if path not in self._read:
            try:
                self._read[path] = path.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError):
                self._read[path] = []
        return self._read[path]

    @cached_property
    def _read(self) -> dict[Path, list[str]]:
        return {}

    @cached_property
    def _values(self) -> list[list[tuple[str, Colour, Where]]]:
        """The colours of each folder's theme.toml, with their places."""
        return [list(self._colours(folder / FILENAME)) for folder in self.folders]

    def _colours(self, path: Path) -> Iterator[tuple[str, Colour, Where]]:
        table = ""
        for number, line in enumerate(self._lines(path), 1):
            if found := _TABLE.match(line):
                table = found[1]
            elif (found := _VALUE.match(line)) and (colour := parse(found[2])):
                yield f"{table}.{found[1]}", colour, Where(path, number, found.start(1) + 1)
