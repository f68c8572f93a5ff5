"""Keep the message catalogues: `python -m tests.catalogue` extracts, updates and compiles in one go.

The same sources give the same bytes on any machine and day: no dates, no line numbers, no version of Babel,
messages sorted. Texts without a translation are listed, and the exit code is 1.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from newsletter import language

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "newsletter" / "locale"
LANGUAGES = tuple(code for code in language.LANGUAGES if code != "en")
"""English needs no catalogue: the message ids are English."""
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "ngettext": (1, 2),
    "phrases": None,
    "_phrases": None,
    "phrase": None,
}
_KEPT = {"Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
_HEADER = "# The words of newsletter; kept by `make catalogue`, translated by hand."


class QuietCatalog(Catalog):
    """A catalogue whose header tells nothing that changes by itself."""

    def __iter__(self) -> Iterator[Message]:
        head, *messages = super().__iter__()
        fields = [f"{name}: {value}" for name, value in self.mime_headers if name in _KEPT]
        yield Message("", "\n".join([*fields, ""]), flags=head.flags)
        yield from messages


def extract_python(
    file: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],  # noqa: ARG001 (Babel hands it over)
    options: Mapping[str, Any],  # noqa: ARG001 (Babel hands it over, by name)
) -> Iterator[tuple[int, str, tuple[str | None, ...], list[str]]]:
    """Find the calls in a Python file (an extraction method of Babel, named in babel.cfg).

    From the syntax tree: Babel's own method reads tokens, and so before Python 3.12 sees nothing that
    stands inside an f-string.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and (name := called(node)) in keywords:
            yield node.lineno, name, tuple(map(_literal, node.args)), []


def called(node: ast.Call) -> str:
    """Return the last word of what is called: `phrases` of `self.phrases(…)`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def extracted() -> Catalog:
    """Collect the messages of code and theme, as babel.cfg says."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    template = QuietCatalog()
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=_is_ours)
    for name, line, message, comments, context in found:
        template.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return template


def _is_ours(folder: str) -> bool:
    return Path(folder).is_relative_to(ROOT / "newsletter")


def po_path(code: str) -> Path:
    """Return where a language's translations are written."""
    return LOCALE / code / "LC_MESSAGES" / "newsletter.po"


def read(code: str) -> Catalog:
    """Read the translations of a language, none when there are none yet."""
    path = po_path(code)
    if not path.is_file():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def updated(old: Catalog, template: Catalog) -> Catalog:
    """Return the messages of the template with the translations there are; others are left out.

    Nothing is guessed from a similar message: a translation is whole or missing.
    """
    new = QuietCatalog(locale=old.locale, header_comment=_HEADER, fuzzy=False)
    for message in template:
        if not message.id:
            continue
        known = old.get(message.id, message.context)
        fits = known is not None and known.pluralizable == message.pluralizable
        entry = new.add(message.id, known.string if known and fits else "", message.locations)
        entry.flags = known.flags & {"fuzzy"} if known else set()
    return new


def po_of(catalog: Catalog) -> bytes:
    """Write a catalogue as it is committed."""
    file = BytesIO()
    write_po(file, catalog, width=0, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return file.getvalue().rstrip(b"\n") + b"\n"


def mo_of(catalog: Catalog) -> bytes:
    """Compile a catalogue."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def open_messages(catalog: Catalog) -> list[str]:
    """List the messages that have no translation, or only a doubtful one."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalog
        if message.id and (message.fuzzy or not all(_forms(message)))
    ]


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


def main() -> int:
    """Bring all catalogues up to date."""
    template, left = extracted(), 0
    for code in LANGUAGES:
        catalog, path = updated(read(code), template), po_path(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(po_of(catalog))
        path.with_suffix(".mo").write_bytes(mo_of(catalog))
        missing = open_messages(catalog)
        print(f"{path.relative_to(ROOT)}: {len(catalog)} messages, {len(missing)} without translation")
        for text in missing:
            print(f"  {text}")
        left += len(missing)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
