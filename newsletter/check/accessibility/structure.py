"""The family `accessibility`, as far as it is about structure: what screen readers tell of mail and page.

How it looks (contrast, sizes) is in `legibility`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html as lxml_html

from newsletter.check.documents import Document, seen, short
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import remark, template
from newsletter.check.proof import Proof, name_of, words_of
from newsletter.check.rule import Family
from newsletter.check.template_places import MAIL, PAGE
from newsletter.errors import Where
from newsletter.language import N_, _

FAMILY = Family("accessibility")
EMC = "https://emailmarkup.org/en/reports/accessibility/2026"
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_FILE = re.compile(r"[^/\\]*\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|avif|heic)", re.IGNORECASE)
_LAYOUT = {"presentation", "none"}
_CELLS = 4
"""Cells of text from which a table without a role tells something by its rows and columns."""


@FAMILY.rule(
    "language",
    Severity.ERROR,
    title=N_("Mail and page say which language they are in"),
    why=N_(
        "Without it a screen reader pronounces German as if it were English. Programs that show a mail in a "
        "page drop its html element, so the element in its body says it again."
    ),
    source="https://www.w3.org/TR/WCAG22/#language-of-page",
)
def language(proof: Proof) -> Iterator[Remark]:
    """Look at html, and in mails at the children of body."""
    wanted = proof.edition.language if proof.edition else ""
    for document in proof.documents:
        for element in _roots(document):
            said = element.get("lang", "")
            if said.partition("-")[0].lower() == wanted:
                continue
            if said:
                message = _("The element <{tag}> says “lang={said}”, but the issue is in “{wanted}”.")
            else:
                message = _("The element <{tag}> does not say which language it is in.")
            message = message.format(tag=element.tag, said=said, wanted=wanted)
            cure = _('Write lang="{wanted}" into it in the theme.').format(wanted=wanted)
            yield remark(proof, document, element, message, cure, where=_root(proof, document), quote="")


@FAMILY.rule(
    "direction",
    Severity.WARNING,
    title=N_("Mail and page say in which direction they are read"),
    why=N_(
        "In a mail program set to Arabic or Hebrew, a mail that does not say so is laid out from right to "
        "left, with its full stops at the wrong end. 97 % of all newsletters lack it."
    ),
    source=EMC,
)
def direction(proof: Proof) -> Iterator[Remark]:
    """Look at html, and in mails at the children of body."""
    for document in proof.documents:
        for element in _roots(document):
            if element.get("dir", "").lower() not in {"ltr", "rtl"}:
                message = _("The element <{tag}> does not say in which direction it is read.")
                cure = _('Write dir="ltr" into it in the theme.')
                where = _root(proof, document)
                message = message.format(tag=element.tag)
                yield remark(proof, document, element, message, cure, where=where, quote="")


@FAMILY.rule(
    "title",
    Severity.ERROR,
    title=N_("Mail and page have a title"),
    why=N_("It is the first thing that a screen reader tells of a page, and the name of the browser's tab."),
    source="https://www.w3.org/TR/WCAG22/#page-titled",
)
def title(proof: Proof) -> Iterator[Remark]:
    """Look for words in title."""
    for document in proof.documents:
        if not (document.tree.findtext(".//title") or "").strip():
            message = _("The page has no title.") if document.page else _("The mail has no title.")
            cure = _("Give it a title in the theme: mj-title in the mail, title on the page.")
            yield remark(
                proof, document, document.tree, message, cure, where=_root(proof, document), quote=""
            )


@FAMILY.rule(
    "top-heading",
    Severity.WARNING,
    title=N_("There is one heading of the first level"),
    why=N_(
        "People who cannot see the mail go from heading to heading; the first level says what the whole is "
        "about."
    ),
    source="https://www.w3.org/WAI/tutorials/page-structure/headings/",
)
def top_heading(proof: Proof) -> Iterator[Remark]:
    """Count the h1."""
    for document in proof.documents:
        found = list(document.shown("h1"))
        if not found:
            message = _("There is no heading of the first level (h1).")
            cure = _("Make the title of the issue an h1 in the theme.")
            where = proof.templates.main(PAGE if document.page else MAIL)
            yield remark(proof, document, document.tree, message, cure, where=where, quote="")
        for element in found[1:]:
            message = _("“{words}” is one more heading of the first level (h1).")
            cure = _("Make it an h2, so that the title of the issue is the only h1.")
            message = message.format(words=short(words_of(element)))
            yield remark(proof, document, element, message, cure, where=template(proof, document, element))


@FAMILY.rule(
    "heading-order",
    Severity.WARNING,
    title=N_("No level of headings is left out, and no heading is empty"),
    why=N_(
        "A screen reader lists the headings as an outline; where a level is missing, its reader looks for "
        "what is not there."
    ),
    source="https://www.w3.org/WAI/tutorials/page-structure/headings/",
)
def heading_order(proof: Proof) -> Iterator[Remark]:
    """Follow the levels."""
    for document in proof.documents:
        before = 1
        for element in document.shown(*_HEADINGS):
            level, words = int(str(element.tag)[1]), name_of(element)
            if not words:
                message = _("There is an empty heading ({tag}).").format(tag=element.tag)
                cure = _("Give it words, or leave it out.")
                yield remark(proof, document, element, message, cure)
            elif level > before + 1:
                message = _("“{words}” is a heading of level {level} right below one of level {before}.")
                cure = _("Make it level {level}.").format(level=before + 1)
                where = template(proof, document, element)
                message = message.format(words=short(words), level=level, before=before)
                yield remark(proof, document, element, message, cure, where=where)
            before = level


@FAMILY.rule(
    "layout-table",
    Severity.ERROR,
    title=N_("Tables that only lay out say so"),
    why=N_(
        "A screen reader announces each table with its rows and columns; for layout that is noise between "
        "all sentences. 84 % of all newsletters have it."
    ),
    source=EMC,
)
def layout_table(proof: Proof) -> Iterator[Remark]:
    """Look at tables without heads."""
    for document in proof.documents:
        for table in document.body.iter("table"):
            role, data = table.get("role", ""), _tells(table)
            if role in _LAYOUT and table.find(".//th") is not None and _own(table, "th", "caption"):
                message = _("A table with column heads is said to be layout only (role={role}).")
                cure = _("Leave out the role, so that its heads are told.")
                message = message.format(role=role)
            elif role not in _LAYOUT and not data:
                message = _("A table that only lays out does not say so.")
                cure = _('Write role="presentation" into it in the theme.')
            else:
                continue
            yield remark(
                proof, document, table, message, cure, where=template(proof, document, table), quote=""
            )


@FAMILY.rule(
    "data-table",
    Severity.ERROR,
    title=N_("Tables with data have heads"),
    why=N_(
        "Somebody who hears a table cell by cell knows what a number means only if each column has a head "
        "that says it is one (scope), and whether to listen at all from a caption or heading."
    ),
    source="https://www.w3.org/WAI/tutorials/tables/",
)
def data_table(proof: Proof) -> Iterator[Remark]:
    """Look for heads with words and scope, and for a caption or a heading."""
    for document in proof.documents:
        headed: set[str] = set()
        for element in document.shown(*_HEADINGS, "table"):
            if element.tag != "table":
                headed.add(document.sections[element])
            elif element.get("role") not in _LAYOUT and _tells(element):
                yield from _data(proof, document, element, headed=document.sections[element] in headed)


@FAMILY.rule(
    "image-alt",
    Severity.ERROR,
    title=N_("Every image says what is to be seen"),
    why=N_(
        "Who cannot see the image, or whose program does not load it, gets these words in its place. An "
        "image that only decorates has an empty one (decorative: true)."
    ),
    source="https://www.w3.org/TR/WCAG22/#non-text-content",
)
def image_alt(proof: Proof) -> Iterator[Remark]:
    """Look for alt texts, and for such as are file names."""
    for document in proof.documents:
        for image in document.shown("img"):
            alt, source = image.get("alt"), image.get("src", "")
            if alt is None and image.get("role") not in _LAYOUT:
                name = source.rpartition("/")[2]
                message = _("The image “{name}” has no alternative text.").format(name=short(name))
                cure = _("Say in alt what is to be seen, or leave alt empty if it only decorates.")
                where = template(proof, document, image)
                yield remark(proof, document, image, message, cure, where=where, quote=source)
            elif alt and _FILE.fullmatch(alt.strip()):
                message = _("The alternative text “{alt}” is the name of a file.").format(alt=short(alt))
                cure = _("Say in a sentence what is to be seen on the image.")
                yield remark(proof, document, image, message, cure, quote=alt, severity=Severity.WARNING)


@FAMILY.rule(
    "link-name",
    Severity.ERROR,
    title=N_("Every link has a name"),
    why=N_(
        "A link without words, or around an image without alternative text, is read out as its address, "
        "letter by letter. 71 % of all newsletters have one."
    ),
    source="https://www.w3.org/TR/WCAG22/#link-purpose-in-context",
)
def link_name(proof: Proof) -> Iterator[Remark]:
    """Look for links without words."""
    for document in proof.documents:
        for link in document.shown("a"):
            target = link.get("href")
            if not target or seen(name_of(link)) or link.get("title", "").strip():
                continue
            if link.find(".//img") is not None:
                message = _("The image that leads to {url} has no alternative text, so the link has no name.")
                cure = _("Say in the image's alt where the link leads.")
            else:
                message = _("The link to {url} has no words.")
                cure = _("Give the link words that say where it leads, or leave it out.")
            yield remark(proof, document, link, message.format(url=short(target)), cure, quote=target)


def _roots(document: Document) -> Iterator[lxml_html.HtmlElement]:
    """Give the elements that have to say language and direction."""
    yield document.tree
    if not document.page:
        yield from (child for child in document.body.iterchildren("*") if words_of(child))


def _root(proof: Proof, document: Document) -> Where:
    """Return the line of the theme where the document begins."""
    kind = PAGE if document.page else MAIL
    found = proof.templates.line(r"<(?:mjml|html)\b", kind=(kind[0],))
    return found if found.line else proof.templates.main(kind)


def _data(
    proof: Proof, document: Document, table: lxml_html.HtmlElement, *, headed: bool
) -> Iterator[Remark]:
    heads, theme = _own(table, "th"), template(proof, document, table)
    quote = words_of(heads[0] if heads else table)
    if not heads:
        message = _("The table that begins with “{words}” has no column heads.")
        cure = _('Make its first row heads: th with scope="col".')
        message = message.format(words=short(quote))
        yield remark(proof, document, table, message, cure, where=theme, quote=short(quote))
    for head in heads:
        if head.get("scope") not in {"col", "row", "colgroup", "rowgroup"}:
            message = _("The table head “{words}” does not say what it is the head of.")
            cure = _('Write scope="col" or scope="row" into it in the theme.')
            message, where = message.format(words=short(words_of(head))), template(proof, document, head)
            yield remark(proof, document, head, message, cure, where=where, severity=Severity.WARNING)
    for head in heads[1:]:
        if not words_of(head):
            message = _("In the table that begins with “{words}” a column has no head.")
            cure = _("Say in a word or two what stands in the column.")
            message = message.format(words=short(quote))
            yield remark(proof, document, table, message, cure, quote=quote, severity=Severity.WARNING)
    if heads and not headed and not _own(table, "caption") and not table.get("aria-label"):
        message = _("The table that begins with “{words}” has neither a caption nor a heading.")
        cure = _("Say in a caption or heading what the table shows.")
        message = message.format(words=short(quote))
        yield remark(proof, document, table, message, cure, quote=quote, severity=Severity.HINT)


def _tells(table: lxml_html.HtmlElement) -> bool:
    """Say whether a table holds data: it has heads or a caption, or several rows and columns of words."""
    if _own(table, "th", "caption"):
        return True
    if table.find(".//table") is not None or table.find(".//img") is not None:
        return False
    rows = [row.findall("td") for row in table.iter("tr")]
    wide = [row for row in rows if sum(1 for cell in row if words_of(cell)) > 1]
    return len(wide) > 1 and sum(map(len, wide)) >= _CELLS


def _own(table: lxml_html.HtmlElement, *tags: str) -> list[lxml_html.HtmlElement]:
    """Return a table's elements of these tags, not those of tables within it."""
    return [one for one in table.iter(*tags) if next(one.iterancestors("table"), None) is table]
