"""Domains as the list holds them: small letters, each label in its A-label form (RFC 5891)."""

from __future__ import annotations

import idna


def ascii_form(text: str) -> str:
    """Return a domain, or a piece of one (`.köln.de`, `*.köln.de`), as it is compared.

    Raises:
        ValueError: a label can stand in no domain.
    """
    return ".".join(map(_label, text.lower().replace("。", ".").split(".")))


def _label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.encode(label, uts46=True).decode("ascii")
    except idna.IDNAError as err:
        raise ValueError(str(err)) from err
