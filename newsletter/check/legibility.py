"""The family `accessibility`, as far as it is about looks: contrast, sizes, links that one can tell and hit.

All is computed from the styles that are in the mail or page, once as on a desk, once in the dark scheme, once
on a phone, and for the mail once more without `<style>`, as GMX and WEB.DE show it in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html as lxml_html

from newsletter.check.colours import Colour, contrast
from newsletter.check.documents import Document, seen, short
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import place, remark, template
from newsletter.check.proof import Proof, name_of, words_of
from newsletter.check.rule import Family
from newsletter.check.styles import Style, Styles
from newsletter.check.stylesheet import DARK, DESK, PHONE
from newsletter.errors import Where
from newsletter.language import N_, _, ngettext

FAMILY = Family("accessibility")
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0
SMALL, TINY = 14, 12
"""Text sizes in CSS pixels below which it is a warning, and an error."""
LEAST_LEADING = 1.4
"""Height of a line as a multiple of the text size."""
TARGET, GOOD_TARGET = 24, 44
"""Heights in CSS pixels: what WCAG 2.2 demands (2.5.8, AA), and what a thumb wants (2.5.5, AAA)."""
_BLOCKS = ("p", "li", "td", "th", "dd", "dt", "blockquote", "caption", "figcaption", "div", "body",
           "h1", "h2", "h3", "h4", "h5", "h6")  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LONG = 160
"""Letters from which a text takes more than two lines."""
_LOUD_WORDS, _LOUD_LETTERS, _LOUD_SHARE = 4, 20, 0.9
_BOLDER = 200
_GENEROUS = re.compile(r"(?:1[4-9]|[2-9]\d)(?:\.\d+)?px|[1-9](?:\.\d+)?rem")
"""Sizes that are `SMALL` at least."""
_WORD = re.compile(r"[^\W\d_]+")


@FAMILY.rule(
    "contrast",
    Severity.ERROR,
    title=N_("Text stands out from its ground, in the light and in the dark scheme"),
    why=N_(
        "Small differences of lightness cannot be read by people with weak sight, nor by anybody in the sun: "
        "4.5:1 are needed, 3:1 for large text (24 px, or 18.66 px and bold). 58 % of all newsletters miss "
        "it."
    ),
    source="https://www.w3.org/TR/WCAG22/#contrast-minimum",
)
def contrast_of_text(proof: Proof) -> Iterator[Remark]:
    """Compare each text's colour with what shows behind it."""
    known: set[tuple[Colour, Colour]] = set()
    for document in proof.documents:
        views = [(document.styles(DESK), False, _("in the light scheme"))]
        views.append((document.styles(DARK), True, _("in the dark scheme")))
        if not document.page and document.bare_differs:
            views.append((document.bare, False, _("in programs that ignore <style> (GMX, WEB.DE)")))
        for styles, dark, scheme in views:
            for pair, found in _faint(document, styles).items():
                if pair not in known:
                    known.add(pair)
                    yield _too_faint(proof, document, pair, found, dark=dark, scheme=scheme)


@FAMILY.rule(
    "link-visible",
    Severity.ERROR,
    title=N_("Links within text differ from it by more than colour"),
    why=N_(
        "One man in twelve sees colours otherwise than most; an underline is seen by all. 17 % of all "
        "newsletters tell their links by colour alone."
    ),
    source="https://www.w3.org/TR/WCAG22/#use-of-color",
)
def link_visible(proof: Proof) -> Iterator[Remark]:
    """Look for links in running text without an underline or the like."""
    for document in proof.documents:
        styles = document.styles(DESK)
        for link in document.shown("a"):
            around = _around(link)
            if not link.get("href") or around is None or _marked(link, styles, styles[around]):
                continue
            own, text = styles[link], styles[around]
            ratio = _ratio(own.colour, text.colour)
            words = name_of(link)
            message = _("The link “{words}” differs from the text around it only by its colour.")
            cure = _("Underline links in the theme (text-decoration: underline).")
            severity = Severity.WARNING if ratio >= LEAST_CONTRAST_LARGE else None  # technique G183
            yield remark(
                proof,
                document,
                link,
                message.format(words=short(words)),
                cure,
                where=template(proof, document, link),
                severity=severity,
            )


@FAMILY.rule(
    "text-size",
    Severity.WARNING,
    title=N_("Text is large enough"),
    why=N_(
        "Below 14 px many people over fifty give up, and phones do not enlarge mails; below 12 px hardly "
        "anybody reads on."
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
                    message.format(words=short(seen(text)), size=f"{size:.4g}"),
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
            if style.line >= style.size * LEAST_LEADING - 0.01 or _letters(block) < _LONG or _nested(block):
                continue
            where = template(proof, document, block)
            if where not in known:
                known.add(where)
                message = _("The lines of “{words}” are only {height} times as high as the text.")
                cure = _("Set line-height to at least {least} times the text's size in the theme.")
                message = message.format(
                    words=short(words_of(block)), height=f"{style.line / style.size:.2g}"
                )
                yield remark(proof, document, block, message, cure.format(least=LEAST_LEADING), where=where)


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
            message = message.format(words=short(name_of(link)), height=f"{height:.3g}")
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
            if align in {"start", "left"} or _letters(block) < _LONG or _nested(block):
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
            text = "" if _nested(block) else words_of(block)
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


_Found = tuple[lxml_html.HtmlElement, str, int, float]


def _faint(document: Document, styles: Styles) -> dict[tuple[Colour, Colour], _Found]:
    """Return each pair of colours that is too alike: first element, its text, how often, what is needed."""
    found: dict[tuple[Colour, Colour], _Found] = {}
    for element, text in document.texts:
        style = styles[element]
        if style.hidden or style.ground is None:
            continue
        needed = LEAST_CONTRAST_LARGE if style.large else LEAST_CONTRAST
        colour = style.colour.faded(style.opacity).over(style.ground)
        if contrast(colour, style.ground) < needed:
            pair = colour, style.ground
            first = found.get(pair, (element, seen(text), 0, needed))
            found[pair] = (*first[:2], first[2] + 1, max(first[3], needed))
    return found


def _too_faint(
    proof: Proof, document: Document, pair: tuple[Colour, Colour], found: _Found, *, dark: bool, scheme: str
) -> Remark:
    element, text, count, needed = found
    message = ngettext(
        "“{words}” has a contrast of only {ratio}:1 {scheme} ({colour} on {ground}).",
        "“{words}” and {more} more have a contrast of only {ratio}:1 {scheme} ({colour} on {ground}).",
        count,
    ).format(
        words=short(text),
        more=count - 1,
        ratio=f"{int(contrast(*pair) * 100) / 100:.4g}",  # cut, so that 4.496 is not told as 4.5
        scheme=scheme,
        colour=pair[0],
        ground=pair[1],
    )
    value = proof.templates.colour(*pair, dark=dark)
    if value:
        cure = _("Change “{name}” in theme.toml so that the contrast is at least {needed}:1.")
        cure, where = cure.format(name=value.name, needed=f"{needed:.2g}"), value.where
    else:
        cure = _("Change one of the two colours in the theme so that the contrast is at least {needed}:1.")
        cure, where = cure.format(needed=f"{needed:.2g}"), template(proof, document, element)
    return remark(proof, document, element, message, cure, where=where, quote=text)


def _shrinks(document: Document) -> bool:
    """Say whether a rule for phones could make text too small; most do not, and looking takes its time."""
    return any(
        not _GENEROUS.fullmatch(declaration.value)
        for rule in document.sheet.rules
        if PHONE.shows(rule.media) and not DESK.shows(rule.media)
        for declaration in rule.declarations
        if declaration.name in {"font", "font-size"}
    )


def _ratio(one: Colour, other: Colour) -> float:
    return contrast(one._replace(alpha=1.0), other._replace(alpha=1.0))


def _around(link: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    """Return the block of text that a link stands in; None if there are no other words in it."""
    block: lxml_html.HtmlElement | None = next(link.iterancestors(*_BLOCKS), None)
    if block is None:
        return None
    return block if any(_WORD.search(text) for text in _beside(block)) else None


def _beside(block: lxml_html.HtmlElement) -> Iterator[str]:
    """Give the text of a block that is not in links nor in blocks within it."""
    yield block.text or ""
    for child in block.iterchildren("*"):
        if child.tag not in ("a", *_BLOCKS, "table", "ul", "ol"):
            yield from _beside(child)
        yield child.tail or ""


def _marked(link: lxml_html.HtmlElement, styles: Styles, text: Style) -> bool:
    """Say whether a link, or what is in it, differs by more than colour."""
    return link.find(".//img") is not None or any(
        style.underlined or style.boxed or abs(style.weight - text.weight) >= _BOLDER
        for style in map(styles.__getitem__, link.iter("*"))
    )


def _target(link: lxml_html.HtmlElement, styles: Styles) -> tuple[float, int, Severity | None]:
    """Return how high a link is, how high it should be, and how much it weighs if it is not.

    A link alone in its block may have free space around it instead (2.5.8, “spacing”).
    """
    style, block = styles[link], next(link.iterancestors(*_BLOCKS), None)
    images = [image.get("height", "") for image in link.iter("img")]
    height = max([style.line, *(float(each) for each in images if each.isdecimal())])
    if style.block and (style.boxed or (block is not None and block.tag == "td" and styles[block].boxed)):
        height += style.padding
        return height, GOOD_TARGET, Severity.ERROR if height < TARGET else Severity.HINT
    alone = block is not None and not any(_WORD.search(text) for text in _beside(block))
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


def _nested(block: lxml_html.HtmlElement) -> bool:
    """Say whether a block holds other blocks, which are looked at themselves."""
    return next(block.iterdescendants(*_BLOCKS, "table", "ul", "ol"), None) is not None


def _is_long(text: str) -> bool:
    return len(_WORD.findall(text)) >= _LOUD_WORDS and sum(map(str.isalpha, text)) >= _LOUD_LETTERS


def _is_loud(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(map(str.isupper, letters)) >= _LOUD_SHARE * len(letters)
