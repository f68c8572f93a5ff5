"""Keep a spreadsheet from running what people have written into their name (formula injection).

A cell that begins with = + - @ tab CR LF NUL, or a full-width sign, gets an apostrophe before it (ASVS
1.2.10, OWASP “CSV Injection”); quoting alone does not help, as the spreadsheet takes the quotes away first.
So that nothing is lost, apostrophes before such a sign get one more: taking one away is the exact inverse.

    =1+1  →  '=1+1        '=1+1  →  ''=1+1        'n Abend  →  'n Abend
"""

from __future__ import annotations

import re

_RISKY = "=+\\-@\t\r\n\0＝＋－＠"
FIRSTS = frozenset(f"'{_RISKY.replace(chr(92), '')}")
"""With what a cell begins that `neutralised` may alter; to ask first is ten times quicker."""
_NEEDS_MARK = re.compile(f"'*[{_RISKY}]")
_HAS_MARK = re.compile(f"'+[{_RISKY}]")


def neutralised(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _NEEDS_MARK.match(cell) else cell


def restored(cell: str) -> str:
    """Return what `neutralised` was given; every other cell as it is."""
    return cell[1:] if _HAS_MARK.match(cell) else cell
