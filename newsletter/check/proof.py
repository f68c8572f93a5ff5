"""The proof: an issue and what became of it, as the rules look at it, and where each thing was written.

An issue with faults has no edition; then the rules look at its texts alone.
"""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import html as lxml_html

from newsletter import config
from newsletter.check import shown
from newsletter.check.documents import Document
from newsletter.check.shown import Shown
from newsletter.check.template_places import Templates
from newsletter.compose.edition import Edition, Variant
from newsletter.errors import Fault, Where
from newsletter.issue.model import Image, Issue, Section, Text, Value
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.mail.tokens import STAND_IN
from newsletter.mail.ways_out import PLACE, WaysOut
from newsletter.settings_model import Settings
from newsletter.validation import Locate

_SOFT = re.compile("[\u00ad\u200b\u200c\u034f\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(
    r"\*\*|__|[*_`~]|!?\[|\]\([^)\s]*\)|<(?=https?:|mailto:)|(?<=\S)>|\\(?=\W)|^[>#\-+]+ |^\d+\. "
)
"""What Markdown writes beside the words."""
_DASHES = str.maketrans({"–": "-", "—": "-", "„": '"', "“": '"', "”": '"', "‚": "'", "‘": "'", "’": "'"})
_LONGEST_QUOTE = 200


@dataclass(frozen=True)
class Written:
    """A text that the editor wrote, and which section it belongs to."""

    text: Text
    name: str
    """The key it stands at: `heading`, `subject`, `alt` …"""
    section: Section | None = None

    @property
    def anchor(self) -> str:
        """The section's anchor; empty for the head of the issue."""
        return self.section.anchor if self.section else ""

    def lines(self) -> Iterator[tuple[str, Where]]:
        """Give each of its lines with its place (the same place for all, where it is no `|` block)."""
        for number, line in enumerate(self.text.value.split("\n")):
            yield line, self.text.line(number)


@dataclass(frozen=True)
class Mail:
    """The mail of one variant, as a reader gets it of whom nothing is known."""

    variant: Variant
    html: str
    """With the neutral forms in the personal places, and a link with a sample token to unsubscribe."""
    text: str

    @cached_property
    def tree(self) -> lxml_html.HtmlElement:
        """The parsed HTML; Outlook's conditional parts are comments in it."""
        return lxml_html.document_fromstring(self.html)

    @cached_property
    def sections(self) -> Mapping[lxml_html.HtmlElement, str]:
        """The anchor of the section that each element belongs to: of the last one begun before it."""
        return _sections(self.tree, self.variant)

    @cached_property
    def links(self) -> tuple[lxml_html.HtmlElement, ...]:
        """The `a` elements that lead somewhere, in their order."""
        return tuple(self.tree.iterfind(".//a[@href]"))

    @cached_property
    def images(self) -> tuple[lxml_html.HtmlElement, ...]:
        """The images, in their order."""
        return tuple(self.tree.iterfind(".//img"))


@dataclass(frozen=True)
class Proof:
    """What is checked."""

    settings: Settings
    root: Path
    """The newsletter's folder."""
    file: Path
    """The issue's file."""
    folders: tuple[Path, ...]
    """The theme's, the office's own first."""
    issue: Issue | None
    """None when the file could not be read as an issue."""
    edition: Edition | None
    """None when faults kept it from being composed."""
    faults: Sequence[Fault] = ()
    cache: Path | None = None
    """Where rules keep what took them time; may be lost at any moment."""
    web: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the web answered to the links, once a rule has asked; see `check.online`."""

    @cached_property
    def written(self) -> tuple[Written, ...]:
        """Every text of the issue, in its order."""
        if self.issue is None:
            return ()
        issue = self.issue
        head = [("title", issue.title), ("subject", issue.subject), ("preheader", issue.preheader)]
        if issue.salutation is not None:
            head.append(("salutation", issue.salutation))
        everything = [Written(text, name) for name, text in head]
        for section in issue.sections:
            for name, value in section.values.items():
                everything += _texts(value, name, section)
        return tuple(everything)

    @cached_property
    def mails(self) -> tuple[Mail, ...]:
        """The mail of each variant, the general one first; none without an edition."""
        if self.edition is None:
            return ()
        link = STAND_IN.join(WaysOut.of(self.settings).url)
        return tuple(_mail(self.edition, variant, link) for variant in self.edition.variants)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Each variant's mail, and last the page of the archive; none without an edition."""
        if self.edition is None:
            return ()
        page = lxml_html.document_fromstring(self.edition.page)
        mails = [Document(mail.tree, mail.sections, page=False) for mail in self.mails]
        return (*mails, Document(page, _sections(page, self.edition.general), page=True))

    @cached_property
    def templates(self) -> Templates:
        """The theme's templates, to find who wrote what is not the editor's."""
        return Templates(self.folders)

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """The images that the mail shows: the issue's in their order, then the theme's."""
        if self.edition is None:
            return ()
        ours = tuple(shown.of_issue(self.issue, self.edition, self.cache)) if self.issue else ()
        return (*ours, *shown.of_theme(self.edition, self.folders, ours))

    @cached_property
    def letter(self) -> EmailMessage | None:
        """The general variant's mail as it goes over the wire, parsed; None without an edition.

        Raises:
            NewsletterError: the settings hold something that cannot stand in a header.
        """
        return None if self.printed is None else _parsed(self.printed)

    @cached_property
    def header(self) -> EmailMessage | None:
        """Its header alone, as parsing the parts takes 10 ms; None without an edition.

        Raises:
            NewsletterError: the settings hold something that cannot stand in a header.
        """
        return None if self.printed is None else _parsed(self.printed.partition(b"\r\n\r\n")[0])

    @cached_property
    def printed(self) -> bytes | None:
        """The general variant's mail, byte for byte; None without an edition.

        Raises:
            NewsletterError: the settings hold something that cannot stand in a header.
        """
        if self.edition is None:
            return None
        noon = datetime.combine(self.edition.date, time(12), ZoneInfo(self.settings.newsletter.timezone))
        press = Press.sample(self.edition, self.settings, date=noon)
        return press.letter(Recipient(person=0, address="reader@example.org")).data

    @cached_property
    def text_of_section(self) -> Mapping[str, str]:
        """What a section's texts say, one after the other, bare of Markdown, by its anchor."""
        found: dict[str, str] = {}
        for one in self.written:
            found[one.anchor] = f"{found.get(one.anchor, '')} {bare(one.text.value)}".strip()
        return found

    def head(self, name: str) -> Where:
        """Return where a text of the issue's head stands (`subject`, `preheader`, `title`)."""
        return next((one.text.where for one in self.written if one.name == name), Where(self.file))

    def section(self, anchor: str) -> Section | None:
        """Return a section by its anchor."""
        sections = self.issue.sections if self.issue else ()
        return next((section for section in sections if section.anchor == anchor), None)

    def where(self, quote: str, anchor: str = "") -> Where:
        """Return where words of the mail were written: their line, or else their section, or the file.

        Args:
            quote: words as the reader sees them, or a web address.
            anchor: the section to look in first.
        """
        found = self._found(quote, [one for one in self.written if anchor and one.anchor == anchor])
        found = found or self._found(quote, self.written)
        if found:
            return found
        section = self.section(anchor)
        return section.where if section else Where(self.file)

    def key(self, section: Section, name: str) -> Where:
        """Return the line of a section at which a key stands: a date, say, has no place of its own."""
        wanted, first = re.compile(rf"(?:- )?{name}\s*:"), max(1, section.where.line)
        for number, line in enumerate(self._raw[first - 1 :], first):
            if wanted.match(line.strip()):
                return replace(section.where, line=number, column=line.index(name) + 1)
        return section.where

    def is_ours(self, quote: str) -> bool:
        """Say whether words stand in the issue; otherwise the theme or the settings wrote them."""
        return self._found(quote, self.written) is not None

    def setting(self, *keys: str) -> Where:
        """Return where a setting stands in newsletter.toml, or the table that it belongs in."""
        return self._settings_file(keys, True)  # noqa: FBT003 (validation.Locate has no keywords)

    @cached_property
    def _settings_file(self) -> Locate:
        path = self.root / config.FILENAME
        try:
            return config.locator(path, path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError):
            return config.locator(path, "")

    def _found(self, quote: str, among: Sequence[Written]) -> Where | None:
        wanted = plain(quote)[:_LONGEST_QUOTE]
        if not wanted:
            return None
        for one in among:
            for line, where in one.lines():
                if wanted in plain(line) or wanted in plain(bare(line)):
                    return self.point(where, quote)
        for one in among:  # words that go over a line's end: where they begin
            value = plain(bare(one.text.value.replace("\n", " ")))
            if (offset := value.find(wanted)) >= 0:
                return self.point(_line_of(one, offset), quote)
        return None

    @cached_property
    def _raw(self) -> list[str]:
        """The lines of the issue's file, as an editor shows them."""
        try:
            return self.file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            return []

    def line(self, where: Where) -> str:
        """Return a line of the issue's file; empty for a place that is in no line of it."""
        return self._raw[where.line - 1] if 0 < where.line <= len(self._raw) else ""

    def point(self, where: Where, quote: str) -> Where:
        """Point at words in the line of a place, as far as they stand there as they are read."""
        line = self.line(where)
        words = _SOFT.sub("", quote).split()
        for count in range(len(words), 0, -1):
            if (column := line.find(" ".join(words[:count]))) >= 0:
                return replace(where, column=column + 1)
        return where


def _sections(tree: lxml_html.HtmlElement, variant: Variant) -> Mapping[lxml_html.HtmlElement, str]:
    anchors, now = set(variant.sections), ""
    found: dict[lxml_html.HtmlElement, str] = {}
    for element in tree.iter("*"):
        name = element.get("id", "")
        now = name if name in anchors else now
        found[element] = now
    return found


def plain(text: str) -> str:
    """Return a text as it is compared: no soft hyphens, one space, one kind of quotes and dashes."""
    return _SPACE.sub(" ", _SOFT.sub("", text)).strip().translate(_DASHES).casefold()


def bare(text: str) -> str:
    """Return a text without the signs of Markdown."""
    return _MARKS.sub("", text)


def words_of(element: lxml_html.HtmlElement) -> str:
    """Return what a reader sees of an element, on one line, without soft hyphens."""
    return _SPACE.sub(" ", _SOFT.sub("", str(element.text_content()))).strip()


def name_of(element: lxml_html.HtmlElement) -> str:
    """Return what a screen reader calls a link: its words, and the alt texts of its images."""
    label = element.get("aria-label")
    if label:
        return label.strip()
    alts = (image.get("alt", "") for image in element.iter("img"))
    return _SPACE.sub(" ", " ".join((words_of(element), *alts))).strip()


def _texts(value: Value, name: str, section: Section) -> Iterator[Written]:
    if isinstance(value, Text):
        yield Written(value, name, section)
    elif isinstance(value, Image):
        parts = {"file": value.file, "alt": value.alt, "caption": value.caption, "credit": value.credit,
                 "link": value.link}  # fmt: skip
        for part, text in parts.items():
            if text is not None:
                yield Written(text, part, section)
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item, name, section)
    elif isinstance(value, Mapping):
        for part, item in value.items():
            yield from _texts(item, part, section)


def _line_of(one: Written, offset: int) -> Where:
    """Return the line in which so many characters of the compared text have passed."""
    passed = 0
    for line, where in one.lines():
        passed += len(plain(bare(line))) + 1
        if passed > offset:
            return where
    return one.text.where


def _parsed(letter: bytes) -> EmailMessage:
    return email.message_from_bytes(letter, policy=email.policy.default)


def _mail(edition: Edition, variant: Variant, link: str) -> Mail:
    """Fill in what a reader gets of whom nothing is known, with a link that has a token like any other."""
    values = {PLACE: link} if link else {}
    return Mail(variant, edition.fill(variant.html, values, html.escape), edition.fill(variant.text, values))
