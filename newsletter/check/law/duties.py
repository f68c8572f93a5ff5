"""The family `law`: what law demands of a newsletter, and mail providers of whoever sends many mails.

Not legal advice; each rule names where it is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email.message import EmailMessage

from newsletter.check.content import hosts
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Mail, Proof, plain, words_of
from newsletter.check.rule import Family
from newsletter.errors import NewsletterError
from newsletter.language import N_, _
from newsletter.mail.ways_out import PLACE

FAMILY = Family("law")
_IMPRINT = re.compile(r"\b(?:impressum|anbieterkennzeichnung|legal notice|imprint)\b")
_WAY_OUT = re.compile(r"abmeld|abbestell|austragen|unsubscribe|opt[- ]?out", re.IGNORECASE)
_WAY_OUT_IN_TEXT = re.compile(rf"(?:{_WAY_OUT.pattern})[^<]{{0,60}}<(?:https://|mailto:)", re.IGNORECASE)
_SAMPLE = re.compile(
    r"\b(?:Muster(?:stra(?:ß|ss)e|stadt|mann|frau|stelle|firma|gasse|weg|hausen|ort|kreis)"
    r"|Sampletown|Sample Street|John Doe|Jane Doe)\b"
)
_ONE_CLICK = "List-Unsubscribe=One-Click"
_FREE = frozenset(
    {
        "gmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "yahoo.com", "yahoo.de",
        "aol.com", "outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "live.de", "live.com",
        "icloud.com", "me.com", "freenet.de", "mail.de", "posteo.de", "mailbox.org", "proton.me", "arcor.de",
    }
)  # fmt: skip
"""Providers whose addresses only their own servers may send with."""
_DMARC = "https://www.rfc-editor.org/rfc/rfc7489#section-3.1"
_BULK = "https://support.google.com/mail/answer/81126"


@FAMILY.rule(
    "imprint",
    Severity.ERROR,
    title=N_("The legal notice (Impressum) is in the HTML and in the text"),
    why=N_(
        "§ 5 DDG and § 18 MStV demand it, easily recognised and directly reachable; GMX and WEB.DE refuse"
        " mass mail without it. Whoever reads the plain text must find it too."
    ),
    source="https://www.gesetze-im-internet.de/ddg/__5.html",
)
def imprint(proof: Proof) -> Iterator[Remark]:
    """Look for its link or its words in both parts of each variant."""
    for mail in proof.mails:
        lacking = [name for name, there in _imprint_in(mail, proof).items() if not there]
        if not lacking:
            continue
        message = _("There is no legal notice (Impressum) in the mail.")
        if len(lacking) == 1:
            part = {"html": _("HTML"), "text": _("plain text")}[lacking[0]]
            message = _("There is no legal notice (Impressum) in the {part} of the mail.").format(part=part)
        cure = _("Write “imprint” or “imprint_url” into [legal] of newsletter.toml.")
        yield Remark(proof.setting("legal", "imprint"), message, cure)


def _imprint_in(mail: Mail, proof: Proof) -> dict[str, bool]:
    """Say for both parts whether the notice or its link is there, from the settings or by another name."""
    legal = proof.settings.legal
    first = next((plain(line) for line in legal.imprint.split("\n") if line.strip()), "")
    seen, text = plain(words_of(mail.tree)), plain(mail.text)
    targets = {link.get("href") for link in mail.links}
    return {
        "html": bool(
            (first and first in seen)
            or (legal.imprint_url and legal.imprint_url in targets)
            or any(_IMPRINT.search(plain(words_of(link))) for link in mail.links)
        ),
        "text": bool(
            (first and first in text)
            or (legal.imprint_url and legal.imprint_url in mail.text)
            or re.search(_IMPRINT.pattern + r"\W{1,4}(?:<?https?://)", text)
        ),
    }


@FAMILY.rule(
    "imprint-sample",
    Severity.WARNING,
    title=N_("The legal notice is your own"),
    why=N_(
        "“Musterstraße 1” is the address of the sample that this newsletter began with; the law wants yours."
    ),
    source="https://www.gesetze-im-internet.de/ddg/__5.html",
)
def imprint_sample(proof: Proof) -> Iterator[Remark]:
    """Look for the names that samples have."""
    for keys, text in (
        (("legal", "imprint"), proof.settings.legal.imprint),
        (("sender", "block"), proof.settings.sender.block),
    ):
        if found := _SAMPLE.search(text):
            message = _("“{word}” stands in the foot of the mail.").format(word=found[0])
            cure = _("Put your own name and address into newsletter.toml.")
            yield Remark(proof.setting(*keys), message, cure, quote=found[0])


@FAMILY.rule(
    "privacy-link",
    Severity.HINT,
    title=N_("The mail leads to the privacy notice"),
    why=N_(
        "Art. 13 GDPR demands the information when somebody signs up; a link in each mail lets them find it"
        " again, and with it how to withdraw their consent (Art. 7 (3))."
    ),
    source="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
)
def privacy_link(proof: Proof) -> Iterator[Remark]:
    """Look for it in the settings."""
    if proof.edition is not None and not proof.settings.legal.privacy_url:
        message = _("The mail has no link to a privacy notice.")
        yield Remark(proof.setting("legal", "privacy_url"), message, _("Write “privacy_url” into [legal]."))


@FAMILY.rule(
    "unsubscribe",
    Severity.ERROR,
    title=N_("Readers can unsubscribe, in the HTML and in the text"),
    why=N_(
        "Withdrawing consent must be as easy as giving it (Art. 7 (3) GDPR); Google and Yahoo demand a"
        " visible link, and whoever finds none presses “Spam”."
    ),
    source=_BULK,
)
def unsubscribe(proof: Proof) -> Iterator[Remark]:
    """Look for the reader’s own way out, or a link that is called so, in both parts of each variant."""
    place = (
        next((place for place in proof.edition.places if place.name == PLACE), None)
        if proof.edition
        else None
    )
    for mail in proof.mails:
        marker = place.marker if place else ""
        in_html = bool(marker) and f'href="{marker}' in mail.variant.html
        in_text = bool(marker) and marker in mail.variant.text
        in_html = in_html or any(_WAY_OUT.search(words_of(link)) for link in mail.links if link.get("href"))
        in_text = in_text or _WAY_OUT_IN_TEXT.search(mail.text) is not None
        for there, part in ((in_html, _("HTML")), (in_text, _("plain text"))):
            if not there:
                message = _("There is no way to unsubscribe in the {part} of the mail.").format(part=part)
                cure = _("Put “web.unsubscribe_url” into the foot of the theme again.")
                yield Remark(proof.setting("list"), message, cure)


@FAMILY.rule(
    "list-headers",
    Severity.ERROR,
    title=N_("The header has what providers demand of lists"),
    why=N_(
        "By List-Unsubscribe and List-Id mail programs show their own button to unsubscribe; Google, Yahoo"
        " and GMX demand them of whoever sends many mails, with one click being enough (RFC 8058)."
    ),
    source="https://www.rfc-editor.org/rfc/rfc8058",
)
def list_headers(proof: Proof) -> Iterator[Remark]:
    """Look at the header as it goes over the wire."""
    try:
        header = proof.header
    except NewsletterError as err:
        yield Remark(proof.setting("list"), err.message, err.cure)
        return
    if header is None:
        return
    cure = _("Look at [list] and [list.headers] in newsletter.toml.")
    for name in ("List-Unsubscribe", "List-Id", "From", "Date", "Message-ID"):
        count = len(header.get_all(name, []))
        if count != 1:
            message = _("The header has {count} fields “{name}”; there must be one.").format(
                count=count, name=name
            )
            yield Remark(proof.setting("list"), message, cure)
    if proof.settings.list.unsubscribe_url:
        yield from _one_click(header, proof)
    else:
        message = _("Nobody can unsubscribe by one click, only by writing a mail.")
        cure = _("Once a service answers there, write its address as “unsubscribe_url” into [list].")
        yield Remark(proof.setting("list", "unsubscribe_url"), message, cure, severity=Severity.HINT)


def _one_click(header: EmailMessage, proof: Proof) -> Iterator[Remark]:
    """Look for what RFC 8058 demands: an https address that no encoded-word hides, and its other field."""
    where = proof.setting("list", "unsubscribe_url")
    raw = [str(value) for name, value in header.raw_items() if name.lower() == "list-unsubscribe"]
    if not raw or "=?" in raw[0] or "<https://" not in raw[0]:
        message = _("Providers find no https:// address in List-Unsubscribe.")
        yield Remark(where, message, _("Write “unsubscribe_url” as https://…, with {{token}}.").format())
    if header.get_all("List-Unsubscribe-Post", []) != [_ONE_CLICK]:
        message = _("List-Unsubscribe-Post is missing, so that one click is not enough.")
        yield Remark(where, message, _("Look at [list.headers] in newsletter.toml."))


@FAMILY.rule(
    "sender-aligned",
    Severity.ERROR,
    title=N_("Sender, return path and signature belong to one domain"),
    why=N_(
        "DMARC asks whether the domain that readers see is the one that vouches for the mail. Google, Yahoo,"
        " Microsoft and Apple refuse mass mail where neither return path (SPF) nor signature (DKIM) belongs"
        " to it; GMX and WEB.DE demand the signature."
    ),
    source=_DMARC,
)
def sender_aligned(proof: Proof) -> Iterator[Remark]:
    """Compare the organisations’ domains, as far as the settings tell them."""
    sender, dkim = proof.settings.sender, proof.settings.dkim
    own = _domain(sender.address)
    back = _domain(sender.return_path or sender.address)
    keys = [dkim.domain or own] if dkim.selector else []
    keys += [key.domain or own for key in dkim.also.values()]
    is_signed = own in map(hosts.domain_of, keys)
    if back != own:
        message = _("The return path is at {other}, the sender at {own}.").format(other=back, own=own)
        cure = _("Take a return path below {own}, or leave “return_path” out.").format(own=own)
        severity = Severity.WARNING if is_signed or not keys else None
        yield Remark(proof.setting("sender", "return_path"), message, cure, severity=severity)
    if keys and not is_signed:
        message = _("The mail is signed for {other}, but the sender is at {own}.")
        message = message.format(other=", ".join(keys), own=own)
        cure = _("Sign with a key of {own}, as “domain” of [dkim].").format(own=own)
        severity = None if back != own else Severity.WARNING
        yield Remark(proof.setting("dkim", "domain"), message, cure, severity=severity)


@FAMILY.rule(
    "free-mail",
    Severity.WARNING,
    title=N_("The sender has a domain of its own"),
    why=N_(
        "Addresses of GMX, Gmail and the like may be sent only by their own servers: everybody else’s mail"
        " with such a sender fails DMARC and is refused."
    ),
    source=_BULK,
)
def free_mail(proof: Proof) -> Iterator[Remark]:
    """Look for the domains of large providers."""
    sender = proof.settings.sender
    if (domain := _domain(sender.address)) in _FREE:
        message = _("The sender’s address is at {domain}.").format(domain=domain)
        cure = _("Send with an address of your own domain; answers may go to “reply_to”.")
        yield Remark(proof.setting("sender", "address"), message, cure)


@FAMILY.rule(
    "signature",
    Severity.HINT,
    title=N_("The mail is signed (DKIM)"),
    why=N_(
        "GMX, WEB.DE, Google, Yahoo, Microsoft and Apple demand it of mass mail. A relay may sign instead;"
        " then it must sign List-Unsubscribe and List-Unsubscribe-Post too, which OpenDKIM does not do by"
        " itself."
    ),
    source="https://www.rfc-editor.org/rfc/rfc8058#section-4",
)
def signature(proof: Proof) -> Iterator[Remark]:
    """Look for a key, where a mail server is named at all."""
    settings = proof.settings
    if settings.smtp.host and not settings.dkim.selector and not settings.dkim.also:
        message = _("The mail is not signed here, so {host} must do it.").format(host=settings.smtp.host)
        cure = _("Ask whether it signs for {domain}, or give [dkim] a key.")
        domain = _domain(settings.sender.address)
        yield Remark(proof.setting("dkim"), message, cure.format(domain=domain))


def _domain(address: str) -> str:
    return hosts.domain_of(html.unescape(address).rpartition("@")[2])
