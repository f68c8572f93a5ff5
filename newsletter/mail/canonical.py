"""The canonical forms that DKIM signs: header and body "relaxed" (RFC 6376 §3.4.2, §3.4.4).

Both work on whole lines, so what is constant is made canonical once and joined with what is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPACES = re.compile(rb"[ \t]+")
_LINE_END = re.compile(rb"[ \t]+(?=\r\n|\Z)")


def header(field: bytes) -> bytes:
    """Return a whole field, folded or not, in its relaxed form."""
    name, _colon, value = field.partition(b":")
    return name.strip().lower() + b":" + b" ".join(value.split()) + b"\r\n"


def body(lines: bytes) -> bytes:
    """Return whole lines of a body in their relaxed form; blank lines at the body's end are left in.

    Ours has none: it ends with the closing boundary.
    """
    if b"  " not in lines and b"\t" not in lines and b" \r\n" not in lines and not lines.endswith(b" "):
        return lines
    return _SPACES.sub(b" ", _LINE_END.sub(b"", lines))


def names(fields: Iterable[bytes]) -> list[str]:
    """Return the fields' names in small letters."""
    return [field.partition(b":")[0].decode("ascii").lower() for field in fields]
