"""The language of segments: text to a tree, or a fault that points at the place.

    either     = both ("or" both)*
    both       = unit ("and" unit)*
    unit       = "not" unit | "(" either ")" | comparison
    comparison = name ("=" | "!=" | "<" | "<=" | ">" | ">=") value
               | name ["not"] ("contains" | "begins" | "ends") value
               | name ["not"] "in" "(" value ("," value)* ")"
               | name "is" ["not"] "empty"
    value      = "…" | „…“ | “…” | '…' | ‚…‘ | ‘…’ | a bare word

Keywords in any case; a quotation mark inside the same ones is written twice. Nothing here knows names or SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.language import _
from newsletter.subscribers.segment_tokens import SHOWN, SegmentError, Token, tokens, unquoted
from newsletter.validation import did_you_mean

MAX_LENGTH = 2_000
MAX_DEPTH = 50
"""How deep parentheses and `not` may nest; SQLite's own parser holds 100 open pieces."""
MAX_TERMS = 100
MAX_VALUES = 200
"""How many values a list may have."""
SIGNS = ("=", "!=", "<", "<=", ">", ">=")
WORDS = ("contains", "begins", "ends")
_JOINING = frozenset({"and", "or", "not"})


@dataclass(frozen=True)
class Word:
    """A name, an operator or a value, and where it stands."""

    text: str
    at: int


@dataclass(frozen=True)
class Comparison:
    """A name compared with values; the operator is one of `SIGNS` and `WORDS`, or `in`, or `empty`."""

    name: Word
    operator: Word
    values: tuple[Word, ...] = ()
    is_not: bool = False


@dataclass(frozen=True)
class Not:
    """What does not hold."""

    part: Expression


@dataclass(frozen=True)
class Both:
    """Parts that all hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Either:
    """Parts of which one holds."""

    parts: tuple[Expression, ...]


Expression = Comparison | Not | Both | Either


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        SegmentError: it is none, or is too long, too deep or has too many terms.
    """
    if len(text) > MAX_LENGTH:
        reason = _("The expression has {count} characters; {most} are possible.")
        raise SegmentError(text, MAX_LENGTH, reason.format(count=len(text), most=MAX_LENGTH))
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._token.kind != "end":
            cure = _("Put a value of several words in quotes.") if self._token.kind == "word" else ""
            raise self._fault(_("“and”, “or” or the end belongs here"), cure)
        return found

    def _either(self) -> Expression:
        parts = self._chain("or", self._both)
        return Either(parts) if len(parts) > 1 else parts[0]

    def _both(self) -> Expression:
        parts = self._chain("and", self._unit)
        return Both(parts) if len(parts) > 1 else parts[0]

    def _chain(self, word: str, part: Callable[[], Expression]) -> tuple[Expression, ...]:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return tuple(parts)

    def _unit(self) -> Expression:
        if self._takes("not"):
            inner = self._deeper(self._unit)
            return inner.part if isinstance(inner, Not) else Not(inner)
        if not self._takes("("):
            return self._comparison()
        whole = self._deeper(self._either)
        if not self._takes(")"):
            raise self._fault(_("“and”, “or” or “)” belongs here"))
        return whole

    def _deeper(self, part: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._limit(
                _("At most {most} parentheses and “not” can stand inside each other."), MAX_DEPTH
            )
        found = part()
        self._depth -= 1
        return found

    def _comparison(self) -> Comparison:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self._limit(_("At most {most} comparisons are possible."), MAX_TERMS)
        token = self._token
        if token.kind != "word" or token.text.casefold() in _JOINING:
            raise self._fault(_("a name such as “status” or “tag” belongs here"))
        self._next += 1
        name = Word(token.text, token.at)
        return self._signed(name) if self._token.kind == "sign" else self._worded(name)

    def _signed(self, name: Word) -> Comparison:
        sign = self._token
        if sign.text not in SIGNS:
            raise self._fault(_("an operator belongs here"), _operators())
        self._next += 1
        operator = Word("=" if sign.text == "!=" else sign.text, sign.at)
        return Comparison(name, operator, (self._value(),), is_not=sign.text == "!=")

    def _worded(self, name: Word) -> Comparison:
        start = self._token.at
        if self._takes("is"):
            is_not = self._takes("not")
            if not self._takes("empty"):
                raise self._fault(_("“empty” belongs here"))
            return Comparison(name, Word("empty", start), is_not=is_not)
        is_not = self._takes("not")
        if self._takes("in"):
            return Comparison(name, Word("in", start), self._list(), is_not)
        for word in WORDS:
            if self._takes(word):
                self._skip_with()
                return Comparison(name, Word(word, start), (self._value(),), is_not)
        near = did_you_mean(self._token.text, WORDS) if self._token.kind == "word" else ""
        raise self._fault(_("an operator belongs here"), near or _operators())

    def _list(self) -> tuple[Word, ...]:
        if not self._takes("("):
            raise self._fault(_("“(” belongs here"), _("Write: in (one, two, “three four”)."))
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
            if len(values) > MAX_VALUES:
                raise self._limit(_("A list can have at most {most} values."), MAX_VALUES)
        if not self._takes(")"):
            raise self._fault(_("“,” or “)” belongs here"))
        return tuple(values)

    def _skip_with(self) -> None:
        """Let people write “begins with x”, too."""
        following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        is_value = following.kind == "quoted" or (
            following.kind == "word" and following.text.casefold() not in _JOINING
        )
        if is_value and self._token.text.casefold() == "with" and self._token.kind == "word":
            self._next += 1

    def _value(self) -> Word:
        token = self._token
        if token.kind not in {"word", "quoted"} or (
            token.kind == "word" and token.text.casefold() in _JOINING
        ):
            raise self._fault(_("a value belongs here"))
        self._next += 1
        return Word(unquoted(token.text) if token.kind == "quoted" else token.text, token.at)

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _takes(self, word: str) -> bool:
        token = self._token
        is_it = token.kind in {"word", "mark"} and token.text.casefold() == word
        self._next += is_it
        return is_it

    def _fault(self, wanted: str, cure: str = "") -> SegmentError:
        token = self._token
        found = _("the end") if token.kind == "end" else f"“{token.text[:SHOWN]}”"
        reason = _("{wanted}, not {found}.").format(wanted=wanted[:1].upper() + wanted[1:], found=found)
        return SegmentError(self._text, token.at, reason, cure)

    def _limit(self, reason: str, most: int) -> SegmentError:
        return SegmentError(self._text, self._tokens[max(self._next - 1, 0)].at, reason.format(most=most))


def _operators() -> str:
    return _("There are: {names}.").format(
        names=", ".join((*SIGNS, "in (…)", *WORDS, "is empty", "is not empty"))
    )
