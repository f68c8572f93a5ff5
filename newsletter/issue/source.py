"""Read YAML 1.2 into plain values that remember where they stand.

ruamel.yaml parses into nodes, which carry line and column; the values are made here, with the rules
of the YAML 1.2 core schema: `no` and `14:30` are text (YAML 1.1 reads False and 870), a key may stand
once, and size, depth and aliases are limited, for a file of 300 bytes can unfold to gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import _

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 25_000
"""Keys and values, aliases unfolded; an issue of 500 sections has about 15,000 (25,000 take 2 s)."""

KeyPath = tuple[str | int, ...]
_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS: Mapping[str, bool | None] = MappingProxyType(
    {"": None, "~": None, "null": None, "Null": None, "NULL": None}
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
}
_STR = "tag:yaml.org,2002:str"
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""Where the parser counts a new line."""
_OPENS_BRACE = re.compile(r"[:-]\s+\{")
_OPENS_QUOTE = re.compile(r"[:-]\s+[\"']")


@dataclass(frozen=True)
class Spot:
    """Where a value stands; `body` tells that its text begins on the next line (a `|` block)."""

    line: int
    column: int
    body: bool = False


@dataclass(frozen=True)
class Source:
    """The values of a YAML file and the place of each key and value by its path."""

    path: Path
    value: object
    values: Mapping[KeyPath, Spot]
    keys: Mapping[KeyPath, Spot]

    def spot(self, keys: KeyPath, *, at_key: bool = False) -> Spot:
        """Return the place of the value at a path, or of the nearest thing around it."""
        if at_key and keys in self.keys:
            return self.keys[keys]
        while keys and keys not in self.values:
            keys = keys[:-1]
        return self.values.get(keys, Spot(1, 1))

    def where(self, keys: KeyPath, at_key: bool = False) -> Where:  # noqa: FBT001, FBT002
        """Return the place as faults name it; an empty value is named by its key."""
        spot = self.spot(keys, at_key=at_key)
        return Where(self.path, spot.line, spot.column)


def read(path: Path) -> Source:
    """Read a file.

    Raises:
        FaultsFound: it cannot be read, is too large, is not UTF-8, or is not valid YAML.
    """
    text = _decode(path, _bytes(path))
    yaml = YAML(typ="safe", pure=True)  # the default type marks folds in `>` texts with U+0007
    yaml.Composer = _Composer
    try:
        node = yaml.compose(text)
    except _TooMuch as err:
        raise FaultsFound([err.fault(path)]) from err
    except (YAMLError, ValueError, OverflowError) as err:  # the last two: "\UFFFFFFFF" is no character
        raise FaultsFound([_syntax_fault(path, text, err)]) from err
    found = _Unfolder(path).source(node) if node is not None else None
    if found is None or found.value is None:
        raise FaultsFound(
            [Fault(Where(path), _("The file is empty."), _("“newsletter new” writes a skeleton."))]
        )
    return found


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as err:
        message = _("The file cannot be read: {reason}.").format(reason=err.strerror)
        raise FaultsFound([Fault(Where(path), message)]) from err
    if len(data) > MAX_BYTES:
        message = _("The file is larger than {size} bytes.").format(size=MAX_BYTES)
        raise FaultsFound([Fault(Where(path), message, _("Images belong beside the file, not in it."))])
    return data


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        column = err.start - (data.rfind(b"\n", 0, err.start) + 1) + 1
        message = _("The file is not UTF-8.")
        cure = _("Save it as UTF-8 (in most editors: “Save with encoding”).")
        raise FaultsFound([Fault(Where(path, line, column), message, cure)]) from err


def _syntax_fault(path: Path, text: str, err: Exception) -> Fault:
    where, told = Where(path), str(err)
    if isinstance(err, MarkedYAMLError):
        mark = err.problem_mark or err.context_mark
        where = Where(path, mark.line + 1, mark.column + 1) if isinstance(mark, StreamMark) else where
        told = " ".join(str(part) for part in (err.context, err.problem) if part)
    elif isinstance(err, ReaderError):
        before = text[: text.find(chr(err.character))]
        where = Where(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
        told = _("a character that YAML does not allow: {code}").format(code=f"U+{err.character:04X}")
    line = _LINE_END.split(text)[where.line - 1] if where.line else ""
    return Fault(where, _("This is not valid YAML: {reason}.").format(reason=told), _hint(told, line))


def _hint(told: str, line: str) -> str:
    """Guess at the mistake behind what the parser tells."""
    braces = _("A text that begins with { or {{ needs quotes around it.")
    if "expected <block end>" in told and _OPENS_BRACE.search(line):
        return braces
    if "expected <block end>" in told and _OPENS_QUOTE.search(line):
        return _("A text that begins with a quotation mark ends with it; put “text: |” before it otherwise.")
    quotes = _("A text that begins with {sign} needs quotes around it.")
    indentation = _("Check the indentation: entries of one block begin in the same column.")
    hints = (
        (
            "mapping values are not allowed",
            _("A text that contains “: ” needs quotes around it, or a block: “text: |”."),
        ),
        ("\\t", _("Indent with spaces, never with tabs.")),
        ("cannot start any token", quotes.format(sign=_("a sign like @, ` or %"))),
        ("could not find expected ':'", _("A key needs “: ” behind it; a text of several lines needs “|”.")),
        ("block end", indentation),
        ("block mapping", indentation),
        ("alias", quotes.format(sign="*")),
        ("anchor", quotes.format(sign="&")),
        ("block scalar", quotes.format(sign=_("| or >"))),
        ("sequence entries are not allowed", quotes.format(sign="-")),
        ("tag", quotes.format(sign="!")),
        ("expected a single document", _("One file holds one issue; remove the line “---” in the middle.")),
        ("flow mapping", braces),
        ("flow sequence", quotes.format(sign="[")),
        ("scanning a quoted scalar", _("A quotation mark is missing at the end.")),
    )
    return next((hint for sign, hint in hints if sign in told), "")


class _TooMuch(Exception):
    """The file is too deep or too large to be unfolded; carries where, what and the cure."""

    def __init__(self, mark: StreamMark, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.mark, self.message, self.cure = mark, message, cure

    def fault(self, path: Path) -> Fault:
        return Fault(Where(path, self.mark.line + 1, self.mark.column + 1), self.message, self.cure)


class _Limits:
    """Counts values and their depth; asked while parsing and again while unfolding aliases."""

    def __init__(self) -> None:
        self.count = 0

    def check(self, mark: StreamMark, depth: int) -> None:
        self.count += 1
        if self.count > MAX_VALUES:
            message = _("The file unfolds to more than {count} values.").format(count=MAX_VALUES)
            raise _TooMuch(mark, message, _("Use fewer aliases (*name)."))
        if depth > MAX_DEPTH:
            raise _TooMuch(
                mark, _("More than {depth} levels are nested in each other.").format(depth=MAX_DEPTH)
            )


class _Composer(Composer):
    """ruamel's composer, stopping early: 200,000 values would keep it busy for half a minute."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self.limits = _Limits()

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.limits.check(self.parser.peek_event().start_mark, self.depth)
        return super().compose_node(parent, index)


class _Unfolder:
    """Turns nodes into values, counting what it makes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.limits = _Limits()
        self.values: dict[KeyPath, Spot] = {}
        self.keys: dict[KeyPath, Spot] = {}
        self.faults: list[Fault] = []

    def source(self, node: Node) -> Source:
        try:
            value = self._value(node, ())
        except _TooMuch as err:
            raise FaultsFound([err.fault(self.path)]) from err
        if self.faults:
            raise FaultsFound(self.faults)
        return Source(self.path, value, self.values, self.keys)

    def _where(self, node: Node) -> Where:
        return Where(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _value(self, node: Node, keys: KeyPath) -> object:
        self.limits.check(node.start_mark, len(keys))
        if str(node.tag) not in _TAGS:
            message = _("The tag {tag} is not allowed.").format(tag=node.tag)
            self.faults.append(
                Fault(self._where(node), message, _("A text that begins with ! needs quotes around it."))
            )
            return None
        body = isinstance(node, ScalarNode) and node.style == "|"
        self.values[keys] = Spot(node.start_mark.line + 1, node.start_mark.column + 1, body)
        if isinstance(node, MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, SequenceNode):
            return [self._value(child, (*keys, index)) for index, child in enumerate(node.value)]
        return _scalar(str(node.value), plain=_is_plain(node))

    def _mapping(self, node: MappingNode, keys: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else None
            if key is None:
                message = _("A key must be a word.")
                cure = _("A text that begins with { or {{ needs quotes around it.")
                self.faults.append(Fault(self._where(key_node), message, cure))
                continue
            if key in result:
                message = _("“{key}” stands here twice.").format(key=key)
                self.faults.append(Fault(self._where(key_node), message, _("Keep one of the two.")))
            path = (*keys, key)
            self.keys[path] = Spot(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            result[key] = self._value(value_node, path)
            if (
                isinstance(value_node, ScalarNode)
                and value_node.start_mark.index == value_node.end_mark.index
            ):
                self.values[path] = self.keys[
                    path
                ]  # the parser sees what is empty where the next thing begins
        return result


def _is_plain(node: Node) -> bool:
    """Say whether a text stands without quotes, `|`, `>` or the tag `!!str`."""
    return isinstance(node, ScalarNode) and node.style is None and str(node.tag) != _STR


def _scalar(text: str, *, plain: bool) -> object:
    """Return what a text means: without quotes it may be a number, a truth value or nothing."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
