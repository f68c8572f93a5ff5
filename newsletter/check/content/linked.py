"""The family `content`, as far as it is about links: where they lead, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsletter.check.content import hosts
from newsletter.check.finding import Remark, Severity
from newsletter.check.passages import LINK
from newsletter.check.proof import Proof, bare, name_of, plain
from newsletter.check.rule import Family
from newsletter.compose import links
from newsletter.errors import Fault, Where
from newsletter.language import N_, _

FAMILY = Family("content")
_DEAD = re.compile(r"\[(?P<text>[^\]\n]+)\]\([ \t]*#?[ \t]*\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*<?(\S+?)>?[ \t]*$", re.MULTILINE)
_LABELS = frozenset({"label", "link_text"})
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACE = re.compile(r"\s+")
_VAGUE = frozenset({
    "hier", "hier klicken", "bitte hier klicken", "klicken sie hier", "bitte klicken sie hier",
    "klick hier", "hier klick", "klick", "klicken", "hier lang", "hier entlang", "hier geht es weiter",
    "hier geht's weiter", "hier weiterlesen", "hier lesen", "hier mehr", "mehr", "mehr lesen",
    "mehr erfahren", "mehr dazu", "mehr hier", "mehr infos", "mehr info", "mehr informationen",
    "mehr anzeigen", "weitere infos", "weitere informationen", "weitere informationen finden sie hier",
    "infos", "info", "infos hier", "weiter", "weiterlesen", "weiter lesen", "lesen", "lesen sie mehr",
    "lesen sie weiter", "jetzt lesen", "link", "zum link", "dieser link", "diesem link", "diesen link",
    "unter diesem link", "folgender link", "folgendem link", "folgenden link", "unter folgendem link",
    "über diesen link", "dort", "da", "siehe hier", "los", "here", "click here", "click",
    "please click here", "right here", "more", "read more", "read on", "read", "learn more",
    "find out more", "see more", "more here", "more info", "more information", "further information",
    "this link", "the link", "this", "continue", "continue reading", "go", "read it here", "see here",
    "tap here",
})  # fmt: skip
"""Link texts that say nothing by themselves, in German and English, as `_said` writes them."""
_DIM = frozenset(
    {"website", "webseite", "homepage", "download", "herunterladen", "pdf", "details", "dokument", "document",
     "seite", "page", "artikel", "article", "video"}
)  # fmt: skip
"""Those that say only what kind of thing there is."""
_LONG_ADDRESS = 50
"""Letters: an address read out that long is no link text."""
WCAG_PURPOSE = "https://www.w3.org/TR/WCAG22/#link-purpose-in-context"


@dataclass(frozen=True)
class Target:
    """Where something in the issue leads."""

    url: str
    anchor: str
    written: Where | None = None
    """Where the issue says so; None where the theme or the settings do."""
    name: str = ""
    """What the link is called, where it is not known who wrote it."""

    def where(self, proof: Proof) -> Where:
        """Return where it comes from."""
        return self.written or _place(proof, self.url, self.name, self.anchor)


def targets(proof: Proof) -> Iterator[Target]:
    """Give every address that the issue leads to, then those that theme and settings add."""
    known = set()
    for target in _written(proof):
        known.add(_checked(target.url))
        yield target
    for mail in proof.mails:
        for link in mail.links:
            url = link.get("href", "")
            if url not in known and not url.startswith("#"):
                known.add(url)
                yield Target(url, mail.sections[link], name=name_of(link))


def _written(proof: Proof) -> Iterator[Target]:
    """Find links in Markdown, and addresses that stand by themselves."""
    for one in proof.written:
        text = one.text
        if text.kind == "url":
            yield Target(text.value, one.anchor, proof.point(text.where, text.value))
        elif text.kind in {"markdown", "inline"}:
            for found in (*LINK.finditer(text.value), *_DEFINITION.finditer(text.value)):
                url = found[1] if found.re is _DEFINITION else found["auto"] or found["url"]
                line = text.line(text.value.count("\n", 0, found.start()))
                yield Target(url, one.anchor, proof.point(line, url))


def _checked(url: str) -> str:
    """Return an address as the mail has it."""
    try:
        return links.checked(url)
    except links.LinkError:
        return url


def _place(proof: Proof, url: str, name: str, anchor: str) -> Where:
    """Return where a link comes from that was not found in the issue: the settings, or the theme."""
    legal = proof.settings.legal
    of_settings = {
        getattr(legal, key): ("legal", key) for key in type(legal).model_fields if key.endswith("_url")
    }
    if url in of_settings:
        return proof.setting(*of_settings[url])
    base = proof.settings.web.base_url
    if base and url.startswith(base):
        return proof.setting("web", "base_url")
    return proof.where(url if proof.is_ours(url) else name, anchor)


@FAMILY.rule(
    "dead-link",
    Severity.ERROR,
    title=N_("Every link leads somewhere"),
    why=N_(
        "A link that leads nowhere, or to a name that only stood there for the time being, is the fault that"
        " readers notice first, and a mail cannot be called back."
    ),
    source="https://www.rfc-editor.org/rfc/rfc2606",
)
def dead_link(proof: Proof) -> Iterator[Remark]:
    """Pass on what composing found; look for placeholders, and for places in the mail that are not there."""
    for fault in proof.faults:
        if fault.rule == links.RULE:
            yield from _refused(proof, fault)
    own = proof.settings.sender.address.rpartition("@")[2]
    for target in targets(proof):
        if _is_refused(target.url):
            continue
        if hosts.is_dummy(target.url) or _is_borrowed(hosts.host_of(target.url), own):
            message = _("The link “{url}” is a placeholder.").format(url=target.url)
            yield Remark(target.where(proof), message, _cure(), section=target.anchor, quote=target.url)
    yield from _lost_places(proof)


def _refused(proof: Proof, fault: Fault) -> Iterator[Remark]:
    """Name each link of the line that leads to `#` or to nothing; any other fault is told as it is."""
    section = _section_at(proof, fault.where)
    empty = fault.message == _("The link leads nowhere.")
    dead = list(_DEAD.finditer(proof.line(fault.where))) if empty else []
    for found in dead:
        where = replace(fault.where, column=found.start() + 1)
        message = _("The link “{text}” leads nowhere.").format(text=found["text"])
        yield Remark(where, message, fault.cure or _cure(), section=section, quote=found["text"])
    if not dead:
        yield Remark(fault.where, fault.message, fault.cure or _cure(), section=section)


def _cure() -> str:
    return _("Write where it leads, or leave the link out and keep the text.")


def _is_refused(url: str) -> bool:
    """Say whether composing has told of it already."""
    try:
        links.checked(url)
    except links.LinkError:
        return True
    return False


def _is_borrowed(host: str, own: str) -> bool:
    """Say whether a host is one for examples, while the newsletter itself is no example."""
    return host != "" and hosts.is_example(host) and not hosts.is_example(own)


def _lost_places(proof: Proof) -> Iterator[Remark]:
    """Look for links within the mail, and for such that are empty; only templates can make them."""
    for mail in proof.mails:
        places = {*mail.tree.xpath("//@id"), *mail.tree.xpath("//a/@name")}
        for link in mail.links:
            url = link.get("href", "").strip()
            if not url.strip("#") or (url.startswith("#") and url[1:] not in places):
                name = name_of(link)
                message = _("The link “{name}” leads nowhere in the mail.").format(name=name)
                cure = _("Look at the theme's templates: no “{url}” is in the mail.").format(url=url or "#")
                anchor = mail.sections[link]
                where = proof.where(name, anchor) if proof.is_ours(name) else proof.templates.of(link)
                yield Remark(where, message, cure, section=anchor, quote=name)


def _section_at(proof: Proof, where: Where) -> str:
    """Return the anchor of the section that a line of the issue belongs to."""
    sections = proof.issue.sections if proof.issue and where.path == proof.file else ()
    return next((one.anchor for one in reversed(sections) if one.where.line <= where.line), "")


@FAMILY.rule(
    "link-text",
    Severity.WARNING,
    title=N_("Link texts say where they lead"),
    why=N_(
        "Screen readers list the links of a mail without the words around them, and whoever skims reads the"
        " links first: “here” or “more” tells neither anything."
    ),
    source=WCAG_PURPOSE,
)
def link_text(proof: Proof) -> Iterator[Remark]:
    """Look for link texts that say nothing by themselves, or that are long addresses."""
    seen = set()
    for label, where, anchor in _labels(proof):
        seen.add(_said(label))
        yield from _judged(label, where, anchor)
    for mail in proof.mails:
        for link in mail.links:
            name, anchor = name_of(link), mail.sections[link]
            if _blame(name) and _said(name) not in seen:
                seen.add(_said(name))
                yield from _judged(name, proof.where(name, anchor), anchor)


def _labels(proof: Proof) -> Iterator[tuple[str, Where, str]]:
    """Give the texts of links as they were written."""
    for one in proof.written:
        text = one.text
        if one.name in _LABELS and text.kind == "line":
            yield text.value, proof.point(text.where, text.value), one.anchor
        elif text.kind in {"markdown", "inline"}:
            for found in LINK.finditer(text.value):
                if found["label"] is not None:
                    line = text.line(text.value.count("\n", 0, found.start()))
                    label = bare(_SPACE.sub(" ", found["label"]))
                    yield label, proof.point(line, found[0].partition("\n")[0]), one.anchor


def _judged(label: str, where: Where, anchor: str) -> Iterator[Remark]:
    if blame := _blame(label):
        severity, message = blame
        cure = _("Let it name what is behind the link: “Programme of the forum” instead of “here”.")
        yield Remark(where, message.format(text=label), cure, section=anchor, quote=label, severity=severity)


def _blame(label: str) -> tuple[Severity, str] | None:
    """Return what is wrong with a link text, and how much it weighs."""
    said = _said(label)
    if said in _VAGUE or (label and not said):
        return Severity.WARNING, _("The link text “{text}” says nothing by itself.")
    if said in _DIM:
        return Severity.HINT, _("The link text “{text}” does not say what it is about.")
    if len(label) > _LONG_ADDRESS and label.startswith(("http://", "https://", "www.")):
        return Severity.HINT, _(
            "The link text “{text}” is a long address, which is read out letter by letter."
        )
    return None


def _said(text: str) -> str:
    """Return a link text as it is compared: without arrows, dots and quotes around it."""
    return _EDGES.sub("", plain(text))


@FAMILY.rule(
    "internal-host",
    Severity.ERROR,
    title=N_("No link leads into the office’s own network"),
    why=N_(
        "Addresses such as localhost, 10.0.0.5 or intranet work at the editor’s desk and nowhere else; sites"
        " for trials ask for a password, or are gone tomorrow."
    ),
    source="https://www.rfc-editor.org/rfc/rfc6761",
)
def internal_host(proof: Proof) -> Iterator[Remark]:
    """Look for hosts that only the office, or this machine, can reach, and for such that are for trials."""
    for target in targets(proof):
        host = hosts.host_of(target.url)
        cure = _("Write the address at which everybody finds the page.")
        if not host or hosts.is_dummy(target.url):
            continue
        if hosts.is_inside(host):
            message = _("“{host}” can be reached only from the office’s own network.").format(host=host)
            yield Remark(target.where(proof), message, cure, section=target.anchor, quote=target.url)
        elif word := hosts.trial(host):
            message = _("“{host}” looks like a site for trials.").format(host=host)
            severity = None if hosts.is_certain_trial(word) else Severity.WARNING
            yield Remark(
                target.where(proof), message, cure, section=target.anchor, quote=target.url, severity=severity
            )


@FAMILY.rule(
    "plain-http",
    Severity.WARNING,
    title=N_("Links are encrypted (https)"),
    why=N_(
        "Over http:// everybody on the way can read and change what comes; browsers warn of such pages, and"
        " filters count them against the mail."
    ),
    source="https://www.rfc-editor.org/rfc/rfc7258",
)
def plain_http(proof: Proof) -> Iterator[Remark]:
    """Look for links without encryption."""
    for target in targets(proof):
        if target.url.lower().startswith("http://"):
            message = _("The link “{url}” is not encrypted.").format(url=target.url)
            cure = _("Try it with https:// and write that, if the page appears.")
            yield Remark(target.where(proof), message, cure, section=target.anchor, quote=target.url)
