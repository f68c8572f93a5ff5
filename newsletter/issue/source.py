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

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import _

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 50_000
"""Values after aliases are unfolded; an issue of 500 sections has about 8,000."""

KeyPath = tuple[str | int, ...]
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS: Mapping[str, bool | None] = MappingProxyType(
    {"": None, "~": None, "null": None, "Null": None, "NULL": None}
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp")
}
_HINTS = (
    ("mapping values are not allowed", "A text that contains “: ” needs quotes around it, or a block: “text: |”."),
    ("\\t", "Indent with spaces, never with tabs."),
    ("could not find expected ':'", "A key needs “: ” behind it; a text of several lines needs “|”."),
    ("block end", "Check the indentation: entries of one block begin in the same column."),
    ("block mapping", "Check the indentation: entries of one block begin in the same column."),
    ("undefined alias", "A text that begins with * needs quotes around it."),
    ("expected a single document", "One file holds one issue; remove the line “---” in the middle."),
    ("unhashable", "A text that begins with { or {{ needs quotes around it."),
    ("flow mapping", "A text that begins with { or {{ needs quotes around it."),
    ("scanning a quoted scalar", "A quotation mark is missing at the end."),
)  # fmt: skip


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
    try:
        node = YAML(pure=True).compose(text)
    except (YAMLError, RecursionError) as err:
        raise FaultsFound([_syntax_fault(path, err)]) from err
    if node is None:
        raise FaultsFound(
            [Fault(Where(path), _("The file is empty."), _("“newsletter new” writes a skeleton."))]
        )
    return _Unfolder(path).source(node)


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


def _syntax_fault(path: Path, err: YAMLError | RecursionError) -> Fault:
    if isinstance(err, RecursionError):
        return _depth_fault(Where(path))
    if isinstance(err, MarkedYAMLError):
        mark = err.problem_mark or err.context_mark
        where = Where(path, mark.line + 1, mark.column + 1) if isinstance(mark, StreamMark) else Where(path)
        told = " ".join(str(part) for part in (err.context, err.problem) if part)
    elif isinstance(err, ReaderError):
        where, told = (
            Where(path),
            _("a character that YAML does not allow: {code}").format(code=ascii(err.character)),
        )
    else:
        where, told = Where(path), str(err)
    cure = next((_(hint) for sign, hint in _HINTS if sign in told), "")
    return Fault(where, _("This is not valid YAML: {reason}.").format(reason=told), cure)


def _depth_fault(where: Where) -> Fault:
    return Fault(where, _("More than {depth} levels are nested in each other.").format(depth=MAX_DEPTH))


class _Unfolder:
    """Turns nodes into values, counting what it makes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.values: dict[KeyPath, Spot] = {}
        self.keys: dict[KeyPath, Spot] = {}
        self.faults: list[Fault] = []

    def source(self, node: Node) -> Source:
        value = self._value(node, ())
        if self.faults:
            raise FaultsFound(self.faults)
        return Source(self.path, value, self.values, self.keys)

    def _where(self, node: Node) -> Where:
        return Where(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _value(self, node: Node, keys: KeyPath) -> object:
        self.count += 1
        if self.count > MAX_VALUES:
            message = _("The file unfolds to more than {count} values.").format(count=MAX_VALUES)
            raise FaultsFound([Fault(self._where(node), message, _("Use fewer aliases (*name)."))])
        if len(keys) > MAX_DEPTH:
            raise FaultsFound([_depth_fault(self._where(node))])
        if str(node.tag) not in _TAGS:
            message = _("The tag {tag} is not allowed.").format(tag=node.tag)
            self.faults.append(Fault(self._where(node), message, _("Remove the word that begins with “!”.")))
            return None
        body = isinstance(node, ScalarNode) and node.style == "|"
        self.values[keys] = Spot(node.start_mark.line + 1, node.start_mark.column + 1, body)
        if isinstance(node, MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, SequenceNode):
            return [self._value(child, (*keys, index)) for index, child in enumerate(node.value)]
        return _scalar(node)

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
        return result


def _scalar(node: ScalarNode) -> object:
    text = str(node.value)
    if node.style is not None or str(node.tag) == "tag:yaml.org,2002:str":
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
