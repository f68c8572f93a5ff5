"""Proofs whose mail or page was changed after composing, as another theme might have written it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from newsletter.check.proof import Proof
from tests.check import proofs

TABLE = "Zahlen:\n\n| Ort | Zahl |\n| --- | --- |\n| Soest | 12 |\n| Unna | 7 |\n"
SECTIONS = (
    {
        "type": "letter",
        "heading": "Zahlen",
        "text": f"{TABLE}\nMehr steht in der [Übersicht](https://kreis.example/zahlen) vom Mai.\n",
    },
    {
        "type": "article",
        "heading": "Im Winter",
        "image": {"file": "bild.png", "alt": "Ein Feld im Schnee."},
        "text": "Der Winter war lang. " * 12 + "\n",
        "buttons": [{"label": "Zum Bericht", "url": "https://kreis.example/bericht"}],
    },
)


def good(folder: Path) -> Proof:
    """Make a proof with a table, an image, a link within text and a button, all in order."""
    return proofs.proof(folder, *SECTIONS)


def mail(proof: Proof, pattern: str, new: str) -> Proof:
    """Change the mail of every variant, by a regular expression that has to be there."""
    assert proof.edition
    variants = tuple(
        replace(variant, html=_changed(variant.html, pattern, new)) for variant in proof.edition.variants
    )
    return replace(proof, edition=replace(proof.edition, variants=variants))


def page(proof: Proof, pattern: str, new: str) -> Proof:
    """Change the page likewise."""
    assert proof.edition
    return replace(proof, edition=replace(proof.edition, page=_changed(proof.edition.page, pattern, new)))


def append(proof: Proof, html: str) -> Proof:
    """Put something at the end of the mail."""
    return mail(proof, r"</body>", f'<div lang="de" dir="ltr" style="font-size:17px">{html}</div></body>')


def style(proof: Proof, css: str) -> Proof:
    """Add a style sheet to the mail."""
    return mail(proof, r"</head>", f"<style>{css}</style></head>")


def _changed(text: str, pattern: str, new: str) -> str:
    changed, count = re.subn(pattern, lambda _found: new, text, count=1)
    assert count, pattern
    return changed
