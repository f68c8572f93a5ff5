"""Documents that are made from the code are current."""

from __future__ import annotations

import pytest

from tests.docs.documents import DOCS
from tests.docs.generate import generated


@pytest.mark.parametrize(
    "name",
    [
        "check-rules.md",
        "commands.md",
        "felder.md",
        "issue-format.md",
        "leserliste.md",
        "pruefen.md",
        "pruefregeln.md",
        "theme.md",
        "versand.md",
    ],
)
def test_a_generated_document_is_current(name: str) -> None:
    """What the code says stands in the document; `python -m tests.docs.generate` writes it anew."""
    assert (DOCS / name).read_text(encoding="utf-8") == generated()[DOCS / name]
