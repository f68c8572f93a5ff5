"""What a mail depends on: all that is declared in it, and remarks about features that some programs lack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import html as lxml_html

from newsletter.check.clients import support
from newsletter.check.clients.features import Feature
from newsletter.check.css.stylesheet import Declaration, declarations
from newsletter.check.documents import Document
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import remark, template
from newsletter.check.proof import Proof
from newsletter.check.template_places import MAIL
from newsletter.errors import Where
from newsletter.language import _

MANY, FEW = 15.0, 1.0
"""Per cent of the readers: from here a warning; below, not worth a word."""
CARRYING = {"color", "background", "background-color", "display", "font-size", "font-weight", "text-align",
            "width", "float", "position", "padding"}  # fmt: skip
"""Properties without which a mail looks broken, not only plainer."""


@dataclass(frozen=True)
class Block:
    """Declarations that count for an element: of its style attribute, or of a rule that always counts."""

    element: lxml_html.HtmlElement
    declarations: Sequence[Declaration]
    inline: bool


def mails(proof: Proof) -> Iterator[tuple[Document, list[Block]]]:
    """Give each mail with all that is declared in it."""
    for document in proof.documents:
        if not document.page:
            yield document, list(_blocks(document))


def _blocks(document: Document) -> Iterator[Block]:
    """Give all that counts always: each style attribute once, and the rules outside of media queries."""
    known: set[tuple[str, str]] = set()
    for one in document.body.iter("*"):
        style = one.get("style")
        if style and (str(one.tag), style) not in known:
            known.add((str(one.tag), style))
            yield Block(one, declarations(style), inline=True)
    for rule in document.sheet.rules:
        if not rule.media:
            for selector in rule.selectors:
                yield from (
                    Block(one, rule.declarations, inline=False)
                    for one in document.sheet.elements(selector)[:1]
                )


def told(
    proof: Proof,
    document: Document,
    found: lxml_html.HtmlElement,
    feature: Feature,
    *,
    pattern: str = "",
    where: Where | None = None,
) -> Iterator[Remark]:
    """Say who does not understand a feature and what they see; nothing where it is hardly anybody."""
    without = support.affected(feature.slug, partly=feature.partly, shares=proof.settings.check.programs)
    if without.share < FEW:
        return
    message = _(
        "{feature} does not work in {programs}, about {share} % of the readers (caniemail.com, {date}): "
        "{loss}."
    )
    message = message.format(
        feature=feature.shown,
        programs=", ".join(_(support.NAMES[name]) for name in without.programs),
        share=round(without.share),
        date=support.date(),
        loss=_(feature.loss),
    )
    section = proof.section(document.sections.get(found, ""))
    kind = section.type.name if section else ""
    here = where or (proof.templates.find(pattern, kind=MAIL, section_type=kind) if pattern else None)
    yield remark(
        proof,
        document,
        found,
        message,
        _(feature.cure),
        where=here or template(proof, document, found),
        severity=None if without.share >= MANY else Severity.HINT,
    )
