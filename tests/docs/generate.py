"""Write the documents that are made from the code: `python -m tests.docs.generate`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from newsletter.workspace import BASE_THEME
from tests.docs import program
from tests.docs.documents import DOCS, ROOT, between
from tests.docs.reference import reference
from tests.docs.rules import rules
from tests.docs.transcript import CHECKING, LIST, SENDING, played

COMMANDS_HEAD = """\
# The commands

<!-- Made from the code by `python -m tests.docs.generate`; do not edit. -->

Run them in the newsletter's folder, or anywhere below it. `python cli.py …` in the repository and
`python -m newsletter …` are the same as `newsletter …`.

- What a command made goes to standard output, talk and faults to standard error.
- Exit code 0: done. 1: something is open or wrong. 2: wrong usage.
- Messages are German or English: `NEWSLETTER_LANG=de`, or else the language of the system (`LANG`).
- Every setting of newsletter.toml can also come from the environment, which wins:
  `NEWSLETTER_WEB__BASE_URL` is `base_url` in `[web]`.
"""


def generated() -> dict[Path, str]:
    """Every generated document and what it should hold now."""
    theme = DOCS / "theme.md"
    before, _old, after = between(theme.read_text(encoding="utf-8"), "values")
    return {
        DOCS / "issue-format.md": reference("en"),
        DOCS / "felder.md": reference("de"),
        DOCS / "commands.md": "\n".join([COMMANDS_HEAD, *_helps()]),
        DOCS / "check-rules.md": rules("en"),
        DOCS / "pruefregeln.md": rules("de"),
        CHECKING: played(CHECKING, "de").text,
        LIST: played(LIST, "de").text,
        SENDING: played(SENDING, "de").text,
        theme: before + _theme_values() + after,
    }


def _helps() -> Iterator[str]:
    for command, text in program.commands().items():
        yield f"## {' '.join(('newsletter', *command))}\n\n```text help\n{text}```\n"


def _theme_values() -> str:
    """The design values of the base theme; a colour's light and dark value side by side."""
    values = tomllib.loads((BASE_THEME / "theme.toml").read_text(encoding="utf-8"))
    colours = [
        f"| `{name}` | `{colour}` | `{values['dark'][name]}` |" for name, colour in values["light"].items()
    ]
    rest = [
        f"| `[{table}]` | `{name}` | `{_toml(value)}` |"
        for table, keys in values.items()
        for name, value in keys.items()
        if table not in {"light", "dark"}
    ]
    heads = ["| Colour | `[light]` | `[dark]` |", "| --- | --- | --- |"]
    return "\n".join([*heads, *colours, "", "| Table | Key | Value |", "| --- | --- | --- |", *rest, ""])


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> int:
    """Write what is not current, and say so."""
    for path, text in generated().items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
