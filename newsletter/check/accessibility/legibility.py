"""The family `accessibility`, as far as it is about lines and sizes: what can be read, and hit with a thumb.

All is computed from the styles that are in the mail or page; colours are in `contrasts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html as lxml_html

from newsletter.check.css.styles import Styles
from newsletter.check.css.stylesheet import DESK, PHONE
from newsletter.check.documents import Document, block_around, is_nested, own_text, seen, short
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import place, remark, template
from newsletter.check.proof import Proof, name_of, words_of
from newsletter.check.rule import Family
from newsletter.errors import Where
from newsletter.language import N_, _, figure

FAMILY = Family("accessibility")
SMALL, TINY = 14, 12
"""Text sizes in CSS pixels below which it is a warning, and an error."""
LEAST_LEADING = 1.4
"""Height of a line as a multiple of the text size."""
TARGET, GOOD_TARGET = 24, 44
"""Heights in CSS pixels: what WCAG 2.2 demands (2.5.8, AA), and what a thumb wants (2.5.5, AAA)."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LONG = 160
"""Letters from which a text takes more than two lines."""
_LOUD_WORDS, _LOUD_LETTERS, _LOUD_SHARE = 4, 20, 0.9
_GENEROUS = re.compile(r"(?:1[4-9]|[2-9]\d)(?:\.\d+)?px|[1-9](?:\.\d+)?rem")
"""Sizes that are `SMALL` at least."""
_WORD = re.compile(r"[^\W\d_]+")


@FAMILY.rule(
    "text-size",
    Severity.WARNING,
    title=N_("Text is large enough"),
    why=N_(
        "Text below 14 px is hard to read for many, not only for older people, and phones do not enlarge "
        "mails by themselves; below 12 px hardly anybody reads on."
    ),
    source="https://www.nngroup.com/articles/legibility-readability-comprehension/",
)
def text_size(proof: Proof) -> Iterator[Remark]:
    """Look at each size that occurs, on a desk and on a phone."""
    for document in proof.documents:
        known: set[tuple[int, Where]] = set()
        for view in (DESK, PHONE) if _shrinks(document) else (DESK,):
            styles = document.styles(view)
            for element, text in document.texts:
                size = styles[element].size
                if size >= SMALL or not _WORD.search(text):
                    continue
                where = template(proof, document, element)
                if (round(size), where) in known:
                    continue
                known.add((round(size), where))
                message = _("“{words}” is only {size} px large.")
                if view is PHONE:
                    message = _("“{words}” is only {size} px large on a phone.")
                yield remark(
                    proof,
                    document,
                    element,
                    message.format(words=short(seen(text)), size=figure(size)),
                    _("Set it in at least {size} px in the theme (font-size).").format(size=SMALL),
                    where=where,
                    quote=seen(text),
                    severity=Severity.ERROR if size < TINY else None,
                )


@FAMILY.rule(
    "line-height",
    Severity.HINT,
    title=N_("Lines have room between them"),
    why=N_("The eye finds the next line more easily with 1.4 to 1.6 times the text's size."),
    source="https://www.w3.org/TR/WCAG22/#text-spacing",
)
def line_height(proof: Proof) -> Iterator[Remark]:
    """Look at texts of more than two lines."""
    for document in proof.documents:
        styles, known = document.styles(DESK), set()
        for block in document.shown("p", "li", "td", "dd", "blockquote"):
            style = styles[block]
            if style.line >= style.size * LEAST_LEADING - 0.01 or _letters(block) < _LONG or is_nested(block):
                continue
            where = template(proof, document, block)
            if where not in known:
                known.add(where)
                message = _("The lines of “{words}” are only {height} times as high as the text.")
                cure = _("Set line-height to at least {least} times the text's size in the theme.")
                message = message.format(
                    words=short(words_of(block)), height=figure(style.line / style.size, 2)
                )
                yield remark(
                    proof, document, block, message, cure.format(least=figure(LEAST_LEADING)), where=where
                )


@FAMILY.rule(
    "target-size",
    Severity.WARNING,
    title=N_("Links and buttons can be hit with a thumb"),
    why=N_(
        "Less than 24 px cannot be hit by people with trembling hands; for buttons 44 px are good. Links "
        "within a sentence are as high as their line."
    ),
    source="https://www.w3.org/TR/WCAG22/#target-size-minimum",
)
def target_size(proof: Proof) -> Iterator[Remark]:
    """Measure buttons, and links that stand alone."""
    for document in proof.documents:
        styles = document.styles(DESK)
        for link in document.shown("a"):
            if not (link.get("href") and (words_of(link) or link.find(".//img") is not None)):
                continue
            height, needed, severity = _target(link, styles)
            if height >= needed:
                continue
            message = _("“{words}” is only {height} px high, too little to be hit well.")
            cure = _("Give it more height in the theme (padding or line-height), at least {needed} px.")
            message = message.format(words=short(name_of(link)), height=figure(height, 3))
            where = template(proof, document, link)
            cure = cure.format(needed=needed)
            yield remark(proof, document, link, message, cure, where=where, severity=severity)


@FAMILY.rule(
    "alignment",
    Severity.WARNING,
    title=N_("Longer text is aligned to the left"),
    why=N_(
        "Justified text has gaps that make reading hard for people with dyslexia; centred lines have no edge "
        "that the eye comes back to."
    ),
    source="https://www.w3.org/TR/WCAG22/#visual-presentation",
)
def alignment(proof: Proof) -> Iterator[Remark]:
    """Look at texts of more than two lines."""
    for document in proof.documents:
        styles = document.styles(DESK)
        for block in document.shown("p", "li", "td", "dd", "blockquote"):
            align = styles[block].align
            if align in {"start", "left"} or _letters(block) < _LONG or is_nested(block):
                continue
            if align == "justify":
                message, severity = _("“{words}” is justified."), None
            elif align in {"center", "right", "end"}:
                message, severity = _("“{words}” is long and not aligned to the left."), Severity.HINT
            else:
                continue
            cure = _("Align it to the left in the theme (text-align: left).")
            where, message = template(proof, document, block), message.format(words=short(words_of(block)))
            yield remark(proof, document, block, message, cure, where=where, severity=severity)


@FAMILY.rule(
    "capitals",
    Severity.WARNING,
    title=N_("No paragraph is all in capitals"),
    why=N_(
        "Capitals have no shapes that the eye knows, are read more slowly, and sound like shouting; some "
        "screen readers spell them."
    ),
    source="https://www.gov.uk/guidance/style-guide/a-to-z#capitalisation",
)
def capitals(proof: Proof) -> Iterator[Remark]:
    """Look at what was typed and at what the theme makes of it."""
    for document in proof.documents:
        styles = document.styles(DESK)
        for block in document.shown("p", "li", "td", "th", "dd", "blockquote", "div", *_HEADINGS):
            text = "" if is_nested(block) else words_of(block)
            if not _is_long(text):
                continue
            if _is_loud(text):
                where, cure = place(proof, document, block), _("Write it in small letters and capitals.")
            elif styles[block].transform == "uppercase":
                where = template(proof, document, block)
                cure = _("Take “text-transform: uppercase” out of the theme there.")
            else:
                continue
            message = _("“{words}” is all in capitals.").format(words=short(text))
            yield remark(proof, document, block, message, cure, where=where, quote=text)


def _shrinks(document: Document) -> bool:
    """Say whether a rule for phones could make text too small; most do not, and looking takes its time."""
    return any(
        not _GENEROUS.fullmatch(declaration.value)
        for rule in document.sheet.rules
        if PHONE.shows(rule.media) and not DESK.shows(rule.media)
        for declaration in rule.declarations
        if declaration.name in {"font", "font-size"}
    )


def _target(link: lxml_html.HtmlElement, styles: Styles) -> tuple[float, int, Severity | None]:
    """Return how high a link is, how high it should be, and how much it weighs if it is not.

    A link alone in its block may have free space around it instead (2.5.8, “spacing”).
    """
    style, block = styles[link], block_around(link)
    images = [image.get("height", "") for image in link.iter("img")]
    height = max([style.line, *(float(each) for each in images if each.isdecimal())])
    if style.block and (style.boxed or (block is not None and block.tag == "td" and styles[block].boxed)):
        height += style.padding
        return height, GOOD_TARGET, Severity.ERROR if height < TARGET else Severity.HINT
    alone = block is not None and not own_text(block)
    if not alone or block is None or len(block.findall(".//a")) > 1:
        return TARGET, TARGET, None
    return height + style.padding + _room(block, styles), TARGET, None


def _room(block: lxml_html.HtmlElement, styles: Styles) -> float:
    """Return the free space above and below a block, in its table cell at most."""
    room = 0.0
    for one in (block, *block.iterancestors("*")):
        beside = (one.getprevious(), one.getnext())
        room += styles[one].padding + styles[one].margin
        room += sum(
            styles[other].margin for other in beside if other is not None and isinstance(other.tag, str)
        )
        if one.tag in {"td", "body"}:
            break
    return room


def _letters(block: lxml_html.HtmlElement) -> int:
    return len(words_of(block))


def _is_long(text: str) -> bool:
    return len(_WORD.findall(text)) >= _LOUD_WORDS and sum(map(str.isalpha, text)) >= _LOUD_LETTERS


def _is_loud(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(map(str.isupper, letters)) >= _LOUD_SHARE * len(letters)
