"""The look: templates and design values, the office's own before the package's (Jinja2's only home).

Templates are told apart by their names: `*.mjml.j2` (mail) and `*.html.j2` (page) with autoescape,
`*.css.j2` and `*.txt.j2` (plain text) without. Undefined names are faults; a fault names the template's
file and line.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import traceback
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import SandboxedEnvironment

from newsletter.compose.cache import write_whole
from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import Phrases, _

FILENAME = "theme.toml"
_ESCAPED = (".mjml.j2", ".html.j2")
_MARK = re.compile("\x02(\\d+),(\\d+)\x03")


class Theme:
    """Renders the templates of a theme in one language."""

    def __init__(self, folders: Sequence[Path], phrases: Phrases, cache: Path | None = None) -> None:
        self.folders = tuple(folders)
        self._phrases = phrases
        self._cache = cache

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The design values of theme.toml: each table of the base theme, overridden key by key."""
        merged: dict[str, dict[str, Any]] = {}
        for folder in reversed(self.folders):
            path = folder / FILENAME
            if not path.is_file():
                continue
            known = {name: set(table) for name, table in merged.items()}
            for name, table in _toml(path).items():
                _refuse_unknown(path, name, table, known)
                merged.setdefault(name, {}).update(table)
        return merged

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a template.

        Raises:
            FaultsFound: the template is missing, wrong, or uses a name that is not there.
        """
        return self._rendered(self._environment, name, context)

    def marked(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a template so that each of its lines leaves a mark (see `Origin`)."""
        return self._rendered(self._marking, name, context)

    def _rendered(self, environment: Environment, name: str, context: Mapping[str, Any]) -> str:
        try:
            return environment.get_template(name).render({**context, "theme": self.values})
        except FaultsFound:
            raise
        except Exception as err:
            raise FaultsFound([self._fault(name, err)]) from err

    def phrase(self, message: str) -> str:
        """Translate a reader text."""
        return self._phrases(message)

    def origin(self, marked: str) -> Origin:
        """Separate a marked text from its marks."""
        return Origin.of(marked, self._marks)

    @cached_property
    def _environment(self) -> Environment:
        return _kept(self.folders, self._phrases.language, self._cache)

    @cached_property
    def _marking(self) -> Environment:
        environment = _environment(self.folders, self._phrases.language, None, (_LineMarks,))
        environment.extend(template_marks=self._marks)
        return environment

    @cached_property
    def _marks(self) -> list[Path]:
        return []

    def _fault(self, name: str, err: Exception) -> Fault:
        if isinstance(err, TemplateSyntaxError):
            return Fault(Where(Path(err.filename or err.name or name), err.lineno, 1), f"{err.message}.")
        if isinstance(err, TemplateNotFound):
            message = _("The template {name} is missing.").format(name=err.name)
            return Fault(Where(self.folders[0] / str(err.name)), message)
        where = self._deepest(err) or Where(self.folders[0] / name)
        told = str(err) if isinstance(err, TemplateError) else f"{type(err).__name__}: {err}"
        return Fault(where, _("The template fails: {reason}.").format(reason=told))

    def _deepest(self, err: Exception) -> Where | None:
        """Find the template line nearest to the failure; Jinja writes its own lines into tracebacks."""
        for frame in reversed(traceback.extract_tb(err.__traceback__)):
            path = Path(frame.filename)
            if frame.lineno and any(folder in path.parents for folder in self.folders):
                return Where(path, frame.lineno, 1)
        return None


@lru_cache(maxsize=8)
def _kept(folders: tuple[Path, ...], language: str, cache: Path | None) -> Environment:
    """Keep an environment with its compiled templates; Jinja looks at each file's time of change."""
    return _environment(folders, language, cache, ())


def _environment(
    folders: tuple[Path, ...], language: str, cache: Path | None, extensions: Sequence[type[Extension]]
) -> Environment:
    environment = _Sandbox(
        loader=FileSystemLoader(folders),
        extensions=extensions,
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(_ESCAPED),
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_bytecode(cache),
    )
    environment.globals.update(_=Phrases(language), language=language)
    return environment


def _bytecode(cache: Path | None) -> FileSystemBytecodeCache | None:
    if cache is None:
        return None
    folder = cache / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return _Bytecode(str(folder))


@dataclass(frozen=True)
class Origin:
    """A rendered text, and which template line each part of it came from."""

    text: str
    _offsets: tuple[int, ...]
    _places: tuple[Where, ...]

    @classmethod
    def of(cls, marked: str, paths: Sequence[Path]) -> Origin:
        """Take the marks out of a text."""
        offsets, places, parts, end, length = [0], [Where(Path())], [], 0, 0
        for found in _MARK.finditer(marked):
            parts.append(marked[end : found.start()])
            length += len(parts[-1])
            end = found.end()
            offsets.append(length)
            places.append(Where(paths[int(found[1])], int(found[2]), 1))
        parts.append(marked[end:])
        return cls("".join(parts), tuple(offsets), tuple(places))

    def where(self, offset: int) -> Where:
        """Return the template line that wrote the character at an offset."""
        return self._places[bisect_right(self._offsets, offset) - 1]


class _Sandbox(SandboxedEnvironment):
    """Jinja's sandbox, quicker where an object is one of our plain values, which have nothing to hide."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, SimpleNamespace) or is_dataclass(obj):
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)


class _LineMarks(Extension):
    """Leaves a mark at each line of template text, so that a fault in what was rendered can name it."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        paths: list[Path] = self.environment.template_marks  # type: ignore[attr-defined] # put there by extend()
        path = Path(stream.filename or stream.name or "")
        if path not in paths:
            paths.append(path)
        number = paths.index(path)
        for token in stream:
            yield self._marked(token, number) if token.type == "data" else token

    def _marked(self, token: Token, number: int) -> Token:
        lines = str(token.value).split("\n")
        # Inside a tag's attributes a mark is harmless too: all are taken out before anybody reads the text.
        text = "\n".join(f"\x02{number},{token.lineno + step}\x03{line}" for step, line in enumerate(lines))
        return Token(token.lineno, "data", text)


class _Bytecode(FileSystemBytecodeCache):
    """Jinja's cache of compiled templates, written whole or not at all, and never a reason to fail."""

    def dump_bytecode(self, bucket: Any) -> None:
        try:
            write_whole(Path(self._get_cache_filename(bucket)), bucket.bytecode_to_string())
        except OSError:
            return


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise FaultsFound(
            [Fault(Where(path), _("This is not valid TOML: {reason}.").format(reason=err))]
        ) from err


def _refuse_unknown(path: Path, name: str, table: object, known: Mapping[str, set[str]]) -> None:
    """An office's theme may change the base theme's values and add tables of its own, nothing else."""
    from newsletter.validation import did_you_mean  # noqa: PLC0415 (only when something is wrong)

    if not isinstance(table, dict):
        message = _("“{name}” stands outside a table.").format(name=name)
        raise FaultsFound([Fault(Where(path), message, did_you_mean(name, known))])
    if known and name not in known and difflib.get_close_matches(name, known, n=1, cutoff=0.75):
        message = _("“{name}” is not known here.").format(name=name)
        raise FaultsFound([Fault(Where(path), message, did_you_mean(name, known))])
    for key in table if name in known else ():
        if key not in known[name]:
            message = _("“{name}” is not known here.").format(name=f"{name}.{key}")
            raise FaultsFound([Fault(Where(path), message, did_you_mean(key, known[name]))])
