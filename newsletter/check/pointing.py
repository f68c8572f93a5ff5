"""Remarks about an element of a mail or the page, at its words in the issue or at the line of the theme."""

from __future__ import annotations

from lxml import html as lxml_html

from newsletter.check.documents import Document, short
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof, words_of
from newsletter.check.template_places import MAIL, PAGE
from newsletter.errors import Where


def place(proof: Proof, document: Document, element: lxml_html.HtmlElement, quote: str = "") -> Where:
    """Return where an element's words were written, or the line of the theme if they are not the editor's."""
    words = quote or words_of(element)
    if words and proof.is_ours(words):
        return proof.where(words, document.sections[element])
    return template(proof, document, element)


def template(proof: Proof, document: Document, element: lxml_html.HtmlElement) -> Where:
    """Return the line of the theme that made an element."""
    section = proof.section(document.sections[element])
    name = section.type.name if section else ""
    return proof.templates.of(element, kind=PAGE if document.page else MAIL, section_type=name)


def remark(
    proof: Proof,
    document: Document,
    element: lxml_html.HtmlElement,
    message: str,
    cure: str,
    *,
    where: Where | None = None,
    quote: str | None = None,
    severity: Severity | None = None,
) -> Remark:
    """Say something about an element.

    Args:
        proof: what is checked.
        document: the mail or page it stands in.
        element: what it is about.
        message: what is wrong.
        cure: what to do about it.
        where: its place; where its words were written without one.
        quote: the words or address to find it by; its own words without any.
        severity: where it weighs otherwise than the rule says.
    """
    words = words_of(element) if quote is None else quote
    where = where or place(proof, document, element, words)
    return Remark(
        where=where,
        message=message,
        cure=cure,
        section=_section(proof, where) or document.sections[element],
        quote=short(words).removesuffix(" …"),
        severity=severity,
    )


def _section(proof: Proof, where: Where) -> str:
    """Return the section of a line of the issue; in the mail only sections with a heading have an anchor."""
    sections = proof.issue.sections if proof.issue and where.path == proof.file else ()
    return next((one.anchor for one in reversed(sections) if one.where.line <= where.line), "")
