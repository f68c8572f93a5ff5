"""The family `accessibility`, as far as it is about colours: text on its ground, links within text.

Contrast is computed from the styles in the mail or page, in the light and in the dark scheme, and for the
mail once more without `<style>`, as GMX and WEB.DE show it in the browser.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import html as lxml_html

from newsletter.check.css.colours import Colour, contrast
from newsletter.check.css.styles import Style, Styles
from newsletter.check.css.stylesheet import DARK, DESK
from newsletter.check.documents import Document, block_around, own_text, seen, short
from newsletter.check.finding import Remark, Severity
from newsletter.check.pointing import remark, template
from newsletter.check.proof import Proof, name_of
from newsletter.check.rule import Family
from newsletter.check.template_places import MAIL, PAGE
from newsletter.language import N_, _, figure, ngettext

FAMILY = Family("accessibility")
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0
_BOLDER = 200
"""How much heavier type must be to be told apart."""


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
            around = block_around(link)
            if (
                not link.get("href")
                or around is None
                or not own_text(around)
                or _marked(link, styles, styles[around])
            ):
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
        ratio=figure(int(contrast(*pair) * 100) / 100),  # cut, so that 4.496 is not told as 4.5
        scheme=scheme,
        colour=pair[0],
        ground=pair[1],
    )
    templates = proof.templates
    value = templates.colour(*pair, dark=dark) if templates.colour(pair[0], dark=dark) else None
    if value:
        cure = _("Change “{name}” in theme.toml so that the contrast is at least {needed}:1.")
        cure, where = cure.format(name=value.name, needed=figure(needed, 2)), value.where
    else:
        cure = _("Change one of the two colours in the theme so that the contrast is at least {needed}:1.")
        cure = cure.format(needed=figure(needed, 2))
        kind = PAGE if document.page else MAIL
        where = templates.literal(pair[0], kind=kind) or template(proof, document, element)
    return remark(proof, document, element, message, cure, where=where, quote=text)


def _ratio(one: Colour, other: Colour) -> float:
    return contrast(one._replace(alpha=1.0), other._replace(alpha=1.0))


def _marked(link: lxml_html.HtmlElement, styles: Styles, text: Style) -> bool:
    """Say whether a link, or what is in it, differs by more than colour."""
    return link.find(".//img") is not None or any(
        style.underlined or style.boxed or abs(style.weight - text.weight) >= _BOLDER
        for style in map(styles.__getitem__, link.iter("*"))
    )
