"""Markdown for newsletters: CommonMark with tables and strikethrough, no HTML, checked links, clean output.

The tokens are made once; HTML (mail and page) and plain text are written from the same tokens, so they
cannot differ in words, links or order. Every fault is told at its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from newsletter.compose import links
from newsletter.compose.edition import MARKER
from newsletter.compose.places import refused_in_link
from newsletter.compose.typography import QUOTES, bind
from newsletter.errors import Fault, Where
from newsletter.issue.model import Text
from newsletter.language import _

_TAGS = {
    "p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr",
    "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SMART_SIGN = re.compile(r"[\"'().+?!,-]")
"""What markdown-it's replacements and quotes begin with; a line without them stays as it is."""
_ATTRIBUTES = {"*": set(), "a": {"href"}, "ol": {"start"}, "th": {"scope"}}


@dataclass(frozen=True)
class Prose:
    """A text in Markdown: `html` for mail and page, `tokens` for plain text."""

    tokens: tuple[Token, ...]
    html: Markup

    def __html__(self) -> str:
        return self.html


class Markdown:
    """The Markdown of one language."""

    def __init__(self, language: str, hyphenate: Callable[[str], str]) -> None:
        self._language = language
        self._hyphenate = hyphenate
        self._parser, self._lines = _parsers(language)
        self._writer = _Writer(hyphenate)

    def line(self, text: str) -> str:
        """Set a line of plain text (no Markdown in it): quotes, dashes, bound spaces."""
        if _SMART_SIGN.search(text):
            tokens = self._lines.parseInline(text)[0].children or []
            text = "".join(token.content for token in tokens)
        return bind(text, self._language)

    def prose(self, text: Text, marked: str, faults: list[Fault], *, heading: int = 3) -> Prose:
        """Read paragraphs; `heading` is the level that the text's own highest headings get."""
        return self._prose(self._parser.parse(marked), text, faults, heading)

    def inline(self, text: Text, marked: str, faults: list[Fault]) -> Prose:
        """Read one line of Markdown."""
        return self._prose(self._parser.parseInline(marked), text, faults, 0)

    def _prose(self, tokens: list[Token], text: Text, faults: list[Fault], heading: int) -> Prose:
        faults += _Inspection(text).faults(tokens)
        for token in tokens:
            for child in token.children or ():
                if child.type == "text":
                    child.content = bind(child.content, self._language)
        _set_levels(tokens, heading)
        html = self._writer.render(tokens, self._parser.options, {})
        clean = _cleaner().clean(html)
        return Prose(tuple(tokens), Markup(clean.strip()))  # noqa: S704 (sanitised above)


@cache
def _parsers(language: str) -> tuple[MarkdownIt, MarkdownIt]:
    """Make the parser of texts and that of plain lines; they hold nothing but their rules."""
    texts = MarkdownIt("commonmark", {"typographer": True, "quotes": QUOTES[language]})
    # HTML is recognised in order to be refused; no renderer here ever writes it.
    texts.enable(["table", "strikethrough", "replacements", "smartquotes"])
    # links.checked names what is wrong with a link, and writes it in ASCII; the parser leaves it alone.
    texts.validateLink = lambda url: True  # type: ignore[method-assign] # noqa: ARG005 (the parser's hook)
    texts.normalizeLink = lambda url: url  # type: ignore[method-assign] # (the parser's hook)
    texts.normalizeLinkText = lambda link: link  # type: ignore[method-assign] # (the parser's hook)
    lines = MarkdownIt("zero", {"typographer": True, "quotes": QUOTES[language]})
    lines.enable(["replacements", "smartquotes"])
    return texts, lines


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=set(links.SCHEMES),
        link_rel=None,
        allowed_classes={"th": {"right", "center"}, "td": {"right", "center"}},
    )


class _Writer(RendererHTML):
    """markdown-it's HTML with divided words, scoped table heads, and never a piece of raw HTML."""

    def __init__(self, hyphenate: Callable[[str], str]) -> None:
        super().__init__()
        self._hyphenate = hyphenate

    def text(self, tokens: Sequence[Token], idx: int, *_renderer: object) -> str:
        return str(escape(self._hyphenate(tokens[idx].content)))

    def html_inline(self, tokens: Sequence[Token], idx: int, *_renderer: object) -> str:
        return str(escape(tokens[idx].content))

    def html_block(self, tokens: Sequence[Token], idx: int, *_renderer: object) -> str:
        return self.html_inline(tokens, idx)

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("scope", "col")
        return self.td_open(tokens, idx, options, env)

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Write a column's alignment as a class: no inline style on the page, in the mail it is inlined."""
        style = str(tokens[idx].attrs.pop("style", "")).removeprefix("text-align:")
        if style in {"right", "center"}:
            tokens[idx].attrSet("class", style)
        return self.renderToken(tokens, idx, options, env)


def _set_levels(tokens: Sequence[Token], first: int) -> None:
    """Let the headings in a text begin at the given level and leave none out (WCAG 1.3.1)."""
    ranks = sorted({token.tag for token in tokens if token.type == "heading_open"})
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(first + ranks.index(token.tag), 6)}"


class _Inspection:
    """Looks for what a newsletter must not carry: HTML, images in the text, bad links."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def faults(self, tokens: Sequence[Token]) -> list[Fault]:
        return [fault for token in tokens for fault in self._block(token)]

    def _block(self, token: Token) -> Iterator[Fault]:
        line = token.map[0] if token.map else 0
        if token.type == "html_block":
            yield self._html(token, self._text.line(line))
        rest = token.content
        for child in token.children or ():
            yield from self._inline(child, self._text.line(line))
            breaks, rest = _lines_in(child, rest)
            line += breaks

    def _inline(self, token: Token, where: Where) -> Iterator[Fault]:
        if token.type == "html_inline":
            yield self._html(token, where)
        elif token.type == "image":
            message = _("An image cannot stand in the text.")
            cure = _(
                "Write it into the section's “image:” with “file:” and “alt:”, or as a section of its own."
            )
            yield Fault(where, message, cure)
        elif token.type == "link_open":
            yield from self._link(token, where)

    def _html(self, token: Token, where: Where) -> Fault:
        found = re.search(r"<[^>]*>?", token.content)
        message = _("HTML is not allowed in the text: {html}").format(html=(found[0] if found else "")[:40])
        return Fault(where, message, _("Use Markdown: **bold**, *italic*, [text](https://…)."))

    def _link(self, token: Token, where: Where) -> Iterator[Fault]:
        """Write the checked address into the token, or tell why it is not allowed."""
        url = str(token.attrs.get("href", ""))
        if MARKER.search(url):
            yield refused_in_link(where)
            return
        if title := token.attrs.get("title"):
            message = _("A link cannot have a title: “{title}”.").format(title=title)
            yield Fault(where, message, _("Telephones do not show it. Write it into the text."))
        try:
            token.attrs["href"] = links.checked(url)
        except links.LinkError as err:
            yield Fault(where, err.message, err.cure, links.RULE)


def _lines_in(token: Token, rest: str) -> tuple[int, str]:
    """Count the line breaks that a token stands for; `rest` is the source from about there on."""
    if token.type in {"softbreak", "hardbreak"}:
        return 1, rest
    if token.type == "html_inline":
        return token.content.count("\n"), rest
    if token.type == "code_inline":  # its line breaks have become spaces
        pattern = (
            token.markup + r"\s?" + re.escape(token.content).replace(r"\ ", r"\s") + r"\s?" + token.markup
        )
        if found := re.search(pattern, rest):
            return found[0].count("\n"), rest[found.end() :]
    return 0, rest
