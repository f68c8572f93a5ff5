"""What a web address says of itself: it is a placeholder, or leads into the office, or on detours."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

_EXAMPLES = frozenset({"example.com", "example.net", "example.org", "example.edu"})
_EXAMPLE_ENDINGS = (".example", ".test", ".invalid")
"""Names that are reserved for examples and lead nowhere (RFC 2606)."""
_DUMMIES = re.compile(
    r"(?:www\.)?(?:x{2,}|y{3,}|link|url|adresse|address|domain|deine-?domain|ihre-?domain|(?:your|my)-?domain|website|webseite"
    r"|homepage|platzhalter|placeholder|beispiel|beispielseite|musterseite|muster|todo|tbd|foo|bar|asdf)"
    r"(?:\.(?:de|com|org|net|eu|tld|nrw|xx+))?|(?:www\.)?[a-z0-9-]+\.(?:tld|xxx+)|x+(?:\.x+)+",
    re.IGNORECASE,
)
"""Hosts that somebody wrote down until the true one would be known."""
_DUMMY_WORDS = re.compile(
    r"(?<![a-z0-9])(?:to-?do|tbd|fixme|x{3,}|platzhalter|placeholder|lorem-?ipsum"
    r"|(?:link|url)-?(?:einf(?:ü|ue)gen|erg(?:ä|ae)nzen|folgt|hier|here)|(?:insert|your)-?(?:link|url))(?![a-z0-9])",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"(?:.+\.)?(?:localhost|local|localdomain|lan|intra|intranet|internal|intern|corp|home\.arpa)"
)
_TRIALS = re.compile(
    r"(?:[a-z0-9]+-)*(staging|stage|preprod|uat|dev|test|testing|preview|qa|beta)(?:-?\d+)?(?:-[a-z0-9]+)*"
)
_CERTAIN_TRIALS = frozenset({"staging", "stage", "preprod", "uat"})
_TWO_LABELS = frozenset({"co", "com", "org", "gov", "ac", "net", "edu", "gv", "or"})
"""Second labels below which a country gives out names: `gov.uk`, `gv.at`."""
_DETOURS = (
    "safelinks.protection.outlook.com", "urldefense.com", "urldefense.proofpoint.com", "list-manage.com",
    "sendgrid.net", "mailgun.org", "sendinblue.com", "rapidmail.de", "cleverreach.com", "hubspotlinks.com",
    "mandrillapp.com", "createsend.com", "cmail19.com", "cmail20.com", "r.mailjet.com", "deref-gmx.net",
    "deref-web.de", "deref-web-02.de", "deref-mail.com", "l.facebook.com", "lm.facebook.com", "bit.ly",
    "tinyurl.com", "t.co", "goo.gl", "ow.ly", "lnkd.in", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly",
    "t1p.de", "shorturl.at",
)  # fmt: skip
"""Services that lead on to another address, and write down who came by."""
_TRACKING = re.compile(
    r"utm_[a-z_]+|mc_[ce]id|[gd]clid|gclsrc|gbraid|wbraid|fbclid|msclkid|yclid|igshid|twclid|_hs(?:enc|mi)|hsctatracking"
    r"|mkt_tok|(?:pk|mtm|matomo|piwik)_(?:campaign|cid|content|group|keyword|kwd|medium|placement|source)|wt_?mc|wt_zmc"
    r"|vero_(?:conv|id)|elqtrack(?:id)?|s_cid|icid|oly_(?:anon|enc)_id|rb_clickid|_openstat|ml_subscriber(?:_hash)?|ck_subscriber_id"
    r"|trk_(?:contact|msg|module|sid)|at_(?:campaign|medium|recipient_id)",
    re.IGNORECASE,
)
"""Names of parameters by which a site counts where its visitors come from, or who they are."""


def host_of(url: str) -> str:
    """Return the host of a web address in small letters; empty for every other address."""
    if not url.lower().startswith(("http://", "https://", "//")):
        return ""
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def domain_of(host: str) -> str:
    """Return the organisation's domain of a host, as DMARC compares them (RFC 7489 §3.2).

    Nearly: the public suffix list is replaced by the few suffixes of two labels that concern offices.
    """
    labels = host.lower().rstrip(".").split(".")
    long = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _TWO_LABELS  # noqa: PLR2004 (a country's code)
    return ".".join(labels[-3:] if long else labels[-2:])


def is_example(host: str) -> bool:
    """Say whether a host is reserved for examples (RFC 2606)."""
    return f".{host}".endswith(_EXAMPLE_ENDINGS) or domain_of(host) in _EXAMPLES


def is_dummy(url: str) -> bool:
    """Say whether somebody wrote an address down until the true one would be known."""
    host = url.partition("://")[2].partition("/")[0]
    if host and not any(map(str.isalnum, host)):  # https://…
        return True
    return _DUMMIES.fullmatch(host_of(url)) is not None or _DUMMY_WORDS.search(url) is not None


def is_inside(host: str) -> bool:
    """Say whether a host can be reached only from the office's own network, or from this machine."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or _INSIDE.fullmatch(host) is not None


def trial(host: str) -> str:
    """Return the part of a host that says it is one for trials: `staging`; empty for others."""
    below = host.removesuffix(domain_of(host)).rstrip(".")
    found = filter(None, map(_TRIALS.fullmatch, below.split(".")))
    return next((match[1] for match in found), "")


def is_certain_trial(word: str) -> bool:
    """Say whether no public site is called like that; `test.` and `beta.` may be meant."""
    return word in _CERTAIN_TRIALS


def detour(url: str) -> str:
    """Return the service that an address goes through before it comes to where it leads; else nothing."""
    host = host_of(url)
    if domain_of(host).startswith("google.") and urlsplit(url).path == "/url":
        return host
    return host if is_below(host, _DETOURS) else ""


def tracking(url: str) -> list[str]:
    """Return the parameters of an address that count visitors."""
    query = urlsplit(url).query if "?" in url else ""
    return [name for name, _value in parse_qsl(query, keep_blank_values=True) if _TRACKING.fullmatch(name)]


def is_below(host: str, names: Collection[str]) -> bool:
    """Say whether a host is one of these, or below one."""
    return any(host == name or host.endswith(f".{name}") for name in names)
