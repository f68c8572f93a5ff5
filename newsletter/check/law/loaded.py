"""The family `law`, as far as it is about privacy: what the mail loads, and who learns of a click."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import html as lxml_html

from newsletter.check.content import hosts
from newsletter.check.content.linked import targets
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from newsletter.check.rule import Family
from newsletter.language import N_, _
from newsletter.mail.tokens import STAND_IN
from newsletter.mail.ways_out import WaysOut

FAMILY = Family("law")
_REMOTE = re.compile(r"[\"'(,]\s*((?:https?:)?//[^\"'()\s,<>]+)", re.IGNORECASE)
"""An address of another machine, in an attribute or a style, also in Outlook's conditional comments."""
_LOADS = re.compile(
    r"(?:(?<![\w-])(?:src|background|poster|data|srcset)\s*=\s*[\"'][^\"'<>]*"
    r"|url\(\s*[\"']?|@import\s+[\"'])$",
    re.IGNORECASE,
)
"""What stands before an address that mail programs fetch by themselves."""
_SHEET = re.compile(r"<link\b[^<>]*$", re.IGNORECASE)
_BEFORE = 400
"""Characters in which the beginning of an attribute or tag is looked for."""
_TINY = 3
"""CSS pixels; nobody sees an image smaller than that."""
_SIZE = re.compile(r"\b(?:max-)?(width|height)\s*:\s*(\d+(?:\.\d+)?)px", re.IGNORECASE)
_TDDDG = "https://www.gesetze-im-internet.de/ttdsg/__25.html"


@FAMILY.rule(
    "third-party",
    Severity.ERROR,
    title=N_("The mail loads nothing from others"),
    why=N_(
        "Whoever delivers an image, a font or a style sheet learns when, where and with what the mail is"
        " read; without consent that is not lawful (Art. 6 GDPR, § 25 TDDDG), as courts decided of Google"
        " Fonts."
    ),
    source=_TDDDG,
)
def third_party(proof: Proof) -> Iterator[Remark]:
    """Look for addresses that mail programs fetch, of hosts that are not ours."""
    web, own = proof.settings.web, set(map(str.lower, proof.settings.check.hosts))
    own |= {hosts.host_of(url) for url in (web.base_url, web.assets_url) if url}
    seen = set()
    for mail in proof.mails:
        for url in _fetched(mail.html):
            host = hosts.host_of(url)
            if host in own or host in seen:
                continue
            seen.add(host)
            message = _("The mail loads something from {host}: {url}").format(host=host, url=url)
            cure = _(
                "Put it beside the issue or into the theme; if {host} is yours, add it to “hosts” of [check]."
            )
            where = proof.where(url) if proof.is_ours(url) else proof.templates.line(re.escape(url))
            yield Remark(where, message, cure.format(host=host), quote=url)


def _fetched(source: str) -> Iterator[str]:
    """Give the addresses that a mail program fetches without being asked."""
    for found in _REMOTE.finditer(source):
        before = source[max(0, found.start() - _BEFORE) : found.start(1)]
        if _LOADS.search(before) or _SHEET.search(before):
            yield html.unescape(found[1])


@FAMILY.rule(
    "tracking-pixel",
    Severity.ERROR,
    title=N_("No invisible image tells who reads"),
    why=N_(
        "Measuring who opens a mail needs consent of its own (§ 25 TDDDG); an image of one pixel from the web"
        " has no other use."
    ),
    source=_TDDDG,
)
def tracking_pixel(proof: Proof) -> Iterator[Remark]:
    """Look for images from the web that are too small to be seen."""
    for mail in proof.mails:
        for image in mail.images:
            source = image.get("src", "")
            if hosts.host_of(source) and _is_tiny(image):
                message = _("An image that nobody can see is loaded: {url}").format(url=source)
                anchor = mail.sections[image]
                where = proof.templates.line(re.escape(source))
                yield Remark(where, message, _("Take it out."), anchor, source)


def _is_tiny(image: lxml_html.HtmlElement) -> bool:
    sizes = {name.lower(): float(value) for name, value in _SIZE.findall(image.get("style", ""))}
    for name in ("width", "height"):
        value = image.get(name, "").removesuffix("px").strip()
        if value.isdecimal():
            sizes[name] = float(value)
    return any(size < _TINY for size in sizes.values())


@FAMILY.rule(
    "tracking-link",
    Severity.WARNING,
    title=N_("Links lead straight to where they lead, uncounted"),
    why=N_(
        "Parameters such as utm_source, and services that links go through, tell others who clicked on what."
        " Mostly they came along when an address was copied, and they name whoever copied it."
    ),
    source=_TDDDG,
)
def tracking_link(proof: Proof) -> Iterator[Remark]:
    """Look for parameters that count, and for services in between; the reader’s own way out is none."""
    own = STAND_IN.join(WaysOut.of(proof.settings).url)
    for target in targets(proof):
        if own and target.url == own:
            continue
        names = hosts.tracking(target.url)
        if names:
            message = _("The link “{url}” counts its visitors: {names}.")
            message = message.format(url=target.url, names=", ".join(names))
            cure = _("Leave out what stands behind the question mark, as far as the page appears without it.")
        elif host := hosts.detour(target.url):
            message = _("The link “{url}” goes through {host}, which writes down who clicks.")
            message = message.format(url=target.url, host=host)
            cure = _("Open it, and write the address at which you arrive.")
        else:
            continue
        yield Remark(target.where(proof), message, cure, target.anchor, target.url)
