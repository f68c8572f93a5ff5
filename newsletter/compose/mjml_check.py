"""Check MJML before it is compiled.

mrml passes unknown tags, drops unknown attributes silently, and tells no line for what is not well formed
(measured on mjml-python 1.4.2).

The table of components is MJML's own (`mjml-components.json`, with its licence).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

from newsletter.language import _
from newsletter.validation import did_you_mean

MAX_DEPTH = 60
"""Nesting beyond this is refused; mrml ends the whole process on some 50,000 levels."""
EVERYWHERE = {"css-class": "string", "mj-class": "string"}
_UNKNOWN_HERE = {"mj-html-attributes", "mj-include"}
_NARROWER = {name: {"full-width": "enum(full-width)"} for name in ("mj-section", "mj-wrapper")}
"""mrml takes any value for "yes", even `false`."""
_IGNORED = {
    "mj-button": ("title",),
    "mj-hero": ("border-radius",),
    "mj-image": ("border-top", "border-right", "border-bottom", "border-left", "sizes"),
    "mj-raw": ("position",),
    "mj-section": ("gutter",),
    "mj-table": ("role",),
    "mj-wrapper": ("gap",),
}
"""Attributes of MJML that mrml drops without a word (found by comparing it with npm's mjml)."""
_COLOUR = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})|[a-z]+|rgba?\([\d\s,./%]+\)")


@dataclass(frozen=True)
class Problem:
    """Something wrong with an MJML text, at a character offset."""

    offset: int
    message: str
    cure: str = ""


def problems(mjml: str) -> list[Problem]:
    """Return everything that is wrong with an MJML document, in the order of the text."""
    return _Checker(mjml).run()


@cache
def _components() -> dict[str, dict[str, Any]]:
    table = json.loads(Path(__file__).with_name("mjml-components.json").read_text(encoding="utf-8"))
    return {name: part for name, part in table["components"].items() if name not in _UNKNOWN_HERE}


class _Checker:
    def __init__(self, mjml: str) -> None:
        self._data = mjml.encode()
        self._path: list[str] = []
        self._ending = 0
        """Depth of the component that holds text, not components, while we are inside one."""
        self._found: list[Problem] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.UseForeignDTD(True)  # noqa: FBT003 (lets &nbsp; and its kind pass as skipped entities)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.SkippedEntityHandler = lambda _name, _is_parameter: None
        self._parser.XmlDeclHandler = self._refuse("<?xml …?>")
        self._parser.StartDoctypeDeclHandler = self._refuse("<!DOCTYPE …>")
        self._parser.ProcessingInstructionHandler = self._refuse("<? … ?>")
        self._parser.StartCdataSectionHandler = self._refuse("<![CDATA[ … ]]>")
        self._parser.CommentHandler = self._comment

    def run(self) -> list[Problem]:
        try:
            self._parser.Parse(self._data, True)  # noqa: FBT003 (expat takes it by position)
        except expat.ExpatError as err:
            self._note(self._parser.ErrorByteIndex, _("The MJML is not well formed: {reason}.").format(
                reason=expat.ErrorString(err.code)
            ), _("Each tag is closed, in order, with its attributes in double quotes."))  # fmt: skip
        return self._found

    def _note(self, index: int, message: str, cure: str = "") -> None:
        offset = len(self._data[:index].decode(errors="ignore"))
        self._found.append(Problem(offset, message, cure))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        index = self._parser.CurrentByteIndex
        if len(self._path) == MAX_DEPTH:
            self._note(index, _("More than {depth} tags are nested in each other.").format(depth=MAX_DEPTH))
            self._stop()
            return
        if self._ending:
            if "mj-head" not in self._path:
                message = _("<{tag}> stands directly in <{parent}>.").format(tag=name, parent=self._path[-1])
                cure = _("HTML goes into {% call content() %} … {% endcall %}, past the MJML compiler.")
                self._note(index, message, cure)
        elif "mj-attributes" in self._path:
            self._defaults(name, attributes, index)
        else:
            self._component(name, attributes, index)
        self._path.append(name)
        if not self._ending and _components().get(name, {}).get("ending"):
            self._ending = len(self._path)

    def _end(self, _name: str) -> None:
        if self._ending == len(self._path):
            self._ending = 0
        self._path.pop()

    def _text(self, text: str) -> None:
        if self._path and self._path[-1] in _components() and not self._ending and text.strip():
            message = _("The text “{text}” stands outside a component.").format(text=text.strip()[:30])
            self._note(self._parser.CurrentByteIndex, message, _("Put it into <mj-text>."))

    def _comment(self, text: str) -> None:
        if text.startswith("[if") and not self._ending:
            message = _("A conditional comment cannot stand here.")
            self._note(self._parser.CurrentByteIndex, message, _("Put it into <mj-raw>."))

    def _refuse(self, construct: str) -> Callable[..., None]:
        """Make the handler of a piece of XML that the compiler does not know."""

        def note(*_facts: object) -> None:
            message = _("MJML has no {construct}.").format(construct=construct)
            self._note(self._parser.CurrentByteIndex, message, _("Leave it out."))

        return note

    def _stop(self) -> None:
        """Look at nothing further: on thousands of levels each look would take longer than the last."""
        self._parser.StartElementHandler = None
        self._parser.EndElementHandler = None
        self._parser.CharacterDataHandler = None
        self._parser.CommentHandler = None

    def _component(self, name: str, attributes: dict[str, str], index: int) -> None:
        known = _components()
        if name not in known:
            message = _("There is no MJML component <{tag}>.").format(tag=name)
            self._note(index, message, did_you_mean(name, known))
            return
        parent = self._path[-1] if self._path else ""
        allowed = known[parent]["children"] if parent in known else ["mjml"]
        if name not in allowed and (parent in known or not parent):
            message = _("<{tag}> cannot stand in <{parent}>.").format(tag=name, parent=parent or "–")
            self._note(index, message, _("There belongs: {names}.").format(names=", ".join(sorted(allowed))))
        self._attributes(name, attributes, index)

    def _defaults(self, name: str, attributes: dict[str, str], index: int) -> None:
        if name in {"mj-all", "mj-class"}:
            return
        if name in _components():
            self._attributes(name, attributes, index)
        else:
            message = _("There is no MJML component <{tag}>.").format(tag=name)
            self._note(index, message, did_you_mean(name, _components()))

    def _attributes(self, name: str, attributes: dict[str, str], index: int) -> None:
        allowed = {**_components()[name]["attributes"], **EVERYWHERE, **_NARROWER.get(name, {})}
        for ignored in _IGNORED.get(name, ()):
            del allowed[ignored]
        for attribute, value in attributes.items():
            if attribute not in allowed:
                message = _("<{tag}> has no attribute “{attribute}”.").format(tag=name, attribute=attribute)
                self._note(index, message, did_you_mean(attribute, allowed))
            elif not _fits(allowed[attribute], value):
                message = _("“{value}” does not fit {attribute} of <{tag}>.").format(
                    value=value, attribute=attribute, tag=name
                )
                self._note(index, message, _("It takes: {kind}.").format(kind=allowed[attribute]))


@cache
def _fits(kind: str, value: str) -> bool:
    """Say whether a value is of MJML's type: `unit(px,%){1,4}`, `enum(a,b)`, `color`, `integer`."""
    if kind == "color":
        return _COLOUR.fullmatch(value) is not None
    if kind == "boolean":
        return value in {"true", "false"}
    if kind == "integer":
        return value.isascii() and value.isdigit()
    if found := re.fullmatch(r"enum\((.*)\)", kind):
        return value in found[1].split(",")
    if found := re.fullmatch(r"unit(WithNegative)?\((.*?)\)(?:\{(\d),(\d)\})?", kind):
        most = int(found[4] or 1)
        parts = value.split()
        return 1 <= len(parts) <= most and all(
            _is_unit(part, found[2].split(","), bool(found[1])) for part in parts
        )
    return True


def _is_unit(value: str, units: list[str], negative: bool) -> bool:  # noqa: FBT001 (private)
    if value in units or value == "0":
        return True
    found = re.fullmatch(r"(-?)\d+(?:\.\d+)?([a-z%]*)", value)
    return found is not None and found[2] in units and (negative or not found[1])
