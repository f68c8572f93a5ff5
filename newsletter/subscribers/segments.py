"""Segments: parts of the list, named in newsletter.toml or given as `--where`, compiled to SQL.

The SQL text holds only constants of ours; every value, and the path of a custom field, is a parameter.
Each comparison is either true or false, never NULL, so that `not` means the rest: nobody falls between.
What a person has not given is empty: it equals only `""`, and is neither smaller nor greater than anything.
Texts are compared whatever their case. A segment means people of every status unless it names one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from newsletter.errors import UsageError
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.subscribers.model import TEXTS
from newsletter.subscribers.segment_kinds import KINDS, OWN, Column, CompileOne, UnknownChoice
from newsletter.subscribers.segment_syntax import (
    Both,
    Comparison,
    Either,
    Expression,
    Not,
    Word,
    parse,
)
from newsletter.subscribers.segment_tokens import SegmentError
from newsletter.validation import did_you_mean

__all__ = ["Condition", "SegmentError", "faults", "names", "segment", "where"]

_BUILT_IN: Mapping[str, tuple[str, str]] = {
    "status": ("status", "choice"),
    "form": ("form", "choice"),
    "tag": ("tags", "tag"),
    "address": ("key", "address"),
    "domain": ("domain", "domain"),
    **{name: (name, "text") for name in (*TEXTS, "source")},
    "joined": ("joined_at", "moment"),
    "changed": ("changed_at", "moment"),
}  # fmt: skip
"""Name to column and kind; a field of newsletter.toml with such a name is reached as `fields.NAME`."""

_SHALLOW = 8
"""Pieces no deeper than this stay in the order they were written in."""


class Condition(NamedTuple):
    """What stands behind WHERE, with its parameters."""

    sql: str
    parameters: tuple[object, ...]


class _Piece(NamedTuple):
    sql: str
    parameters: tuple[object, ...]
    depth: int = 0
    """How many parentheses are open at its deepest place."""


def segment(name: str, settings: Settings) -> Condition:
    """Compile a segment of newsletter.toml; without `where` it is those who carry its name as a tag.

    Raises:
        UsageError: there is no such segment.
        SegmentError: its expression is wrong.
    """
    if name not in settings.segments:
        message = _("There is no segment “{name}” in newsletter.toml.").format(name=name)
        raise UsageError(message, cure=did_you_mean(name, settings.segments))
    return where(settings.segments[name].where.strip() or f'tag = "{name}"', settings)


def where(text: str, settings: Settings) -> Condition:
    """Compile an expression.

    Raises:
        SegmentError: it is wrong; the message points at the place.
    """
    piece = _Compiler(text, settings).piece(parse(text))
    return Condition(f"({piece.sql})", piece.parameters)


def faults(settings: Settings) -> list[tuple[str, SegmentError]]:
    """Try every segment of newsletter.toml; return those that are wrong, by name."""
    wrong = []
    for name in settings.segments:
        try:
            segment(name, settings)
        except SegmentError as err:
            wrong.append((name, err))
    return wrong


def names(settings: Settings) -> tuple[str, ...]:
    """List the names that an expression may use."""
    return (*_BUILT_IN, *(f"fields.{name}" if name in _BUILT_IN else name for name in settings.fields))


class _Compiler:
    def __init__(self, text: str, settings: Settings) -> None:
        self._text = text
        self._settings = settings

    def piece(self, expression: Expression) -> _Piece:
        if isinstance(expression, Not):
            return _negated(self.piece(expression.part))
        if isinstance(expression, Either):
            return _joined(" OR ", [self.piece(part) for part in expression.parts])
        if isinstance(expression, Both):
            return _joined(" AND ", [self._operand(part) for part in expression.parts])
        piece = self._compared(expression)
        return _negated(piece) if expression.is_not else piece

    def _operand(self, part: Expression) -> _Piece:
        piece = self.piece(part)
        return _enclosed(piece) if isinstance(part, Either) else piece

    def _compared(self, comparison: Comparison) -> _Piece:
        column = self._column(comparison.name)
        allowed, compile_one = KINDS[column.kind]
        operator = comparison.operator
        if operator.text not in allowed:
            raise self._wrong_operator(comparison, allowed)
        if operator.text == "empty":
            nothing = "," if column.kind == "tag" else ""
            return _Piece(f"{column.sql} = ?", (*column.path, nothing))
        sign = "=" if operator.text == "in" else operator.text
        pieces = [self._one(compile_one, column, sign, value) for value in comparison.values]
        return pieces[0] if len(pieces) == 1 else _enclosed(_joined(" OR ", pieces))

    def _one(self, compile_one: CompileOne, column: Column, sign: str, value: Word) -> _Piece:
        if not value.text and sign in {"contains", "begins", "ends"}:
            raise SegmentError(self._text, value.at, _("There is nothing between the quotes."))
        try:
            sql, parameters = compile_one(column, sign, value.text, self._settings)
        except UnknownChoice as err:
            reason = _("“{value}” is no {name}.").format(value=value.text, name=column.name)
            cure = did_you_mean(value.text, err.choices)
            raise SegmentError(self._text, value.at, reason, cure) from err
        except ValueError as err:
            raise SegmentError(
                self._text, value.at, _("This does not fit: {reason}.").format(reason=err)
            ) from err
        return _Piece(sql, parameters)

    def _column(self, name: Word) -> Column:
        plain = name.text.casefold()
        if plain in _BUILT_IN:
            sql, kind = _BUILT_IN[plain]
            return Column(plain, sql, (), kind)
        own = plain.removeprefix("fields.")
        if own not in self._settings.fields:
            reason = _("There is no name “{name}”.").format(name=name.text)
            raise SegmentError(self._text, name.at, reason, did_you_mean(plain, names(self._settings)))
        return Column(own, OWN, (f'$."{own}"',), self._settings.fields[own].type)

    def _wrong_operator(self, comparison: Comparison, allowed: frozenset[str]) -> SegmentError:
        operator, name = comparison.operator, comparison.name.text
        shown = "is empty" if operator.text == "empty" else operator.text
        reason = _("“{operator}” does not go with “{name}”.").format(operator=shown, name=name)
        cure = _("There are: {names}.").format(names=", ".join(sorted(allowed)))
        return SegmentError(self._text, operator.at, reason, cure)


def _negated(piece: _Piece) -> _Piece:
    return _Piece(f"NOT ({piece.sql})", piece.parameters, piece.depth + 2)


def _enclosed(piece: _Piece) -> _Piece:
    return _Piece(f"({piece.sql})", piece.parameters, piece.depth + 1)


def _joined(operator: str, pieces: Sequence[_Piece]) -> _Piece:
    """Join pieces; deep ones come first: SQLite's parser then has fewest open (of the 100 it can hold)."""
    ordered = sorted(pieces, key=lambda piece: -max(piece.depth, _SHALLOW))
    parameters = tuple(value for piece in ordered for value in piece.parameters)
    return _Piece(
        operator.join(piece.sql for piece in ordered), parameters, max(piece.depth for piece in pieces)
    )
