"""Which links a newsletter may carry: http, https, mailto and tel, complete and alive."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import idna

from newsletter.language import _

SCHEMES = ("https", "http", "mailto", "tel")
RULE = "content.dead-link"
"""The rule of the check that tells of links that cannot stand."""
_SAFE = "%/:=&?~#+!$,;'@()*[]"
_HOST = re.compile(r"(?!.{254})[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9()./ –-]{3,40}")
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


class LinkError(ValueError):
    """The link cannot go into a newsletter."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


def checked(url: str) -> str:
    """Return the link as it is written into HTML: ASCII only, host in its A-label form (RFC 5891).

    Raises:
        LinkError: it is empty, dead (`#`), relative, of another scheme, or malformed.
    """
    if not url.strip().strip("#"):
        raise LinkError(
            _("The link leads nowhere."), _("Write where it leads, or leave the link out and keep the text.")
        )
    if re.search(r"[\s<>\"\\^`{|}\x00-\x1f\x7f]", url):
        raise LinkError(_("The link “{url}” has a space or a sign that no link has.").format(url=url))
    scheme, colon, rest = url.partition(":")
    known = scheme.lower() in SCHEMES
    if not colon or "/" in scheme or "." in scheme or (rest[:1].isdigit() and not known):
        raise _incomplete(url)
    if not known:
        message = _("Links with “{scheme}:” are not allowed.").format(scheme=scheme)
        raise LinkError(message, _("Allowed: https, http, mailto and tel."))
    if scheme.lower() == "mailto":
        return _mailto(rest)
    if scheme.lower() == "tel":
        return _tel(rest)
    return _web(url)


def is_own_label(label: str, url: str) -> bool:
    """Say whether a link's text is its address already, so that plain text need not repeat it."""
    return url in {label, f"mailto:{label}"} or (
        _NUMBER.fullmatch(label) is not None and url == f"tel:{_digits(label)}"
    )


def found_in(html: str) -> list[str]:
    """List the links of a finished mail or page, each once, in their order; places on it itself left out."""
    targets = (unescape(found) for found in re.findall(r'<a\b[^>]*?\shref="([^"#][^"]*)"', html))
    return list(dict.fromkeys(targets))


def _incomplete(url: str) -> LinkError:
    message = _("The link “{url}” is not complete.").format(url=url)
    if _ADDRESS.fullmatch(url):
        return LinkError(message, _("Did you mean “{url}”?").format(url=f"mailto:{url}"))
    if re.match(r"[\w-]+(\.[\w-]+)+(/|$|:)", url):
        return LinkError(message, _("Did you mean “{url}”?").format(url=f"https://{url}"))
    return LinkError(message, _("A link begins with https://, mailto: or tel:."))


def _web(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as err:
        raise LinkError(_("The link “{url}” is not complete.").format(url=url)) from err
    if not host or parts.username is not None:
        raise LinkError(_("The link “{url}” has no host name, or a user name in it.").format(url=url))
    netloc = f"[{host}]" if ":" in host else _host(host)
    if port is not None:
        netloc += f":{port}"
    path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme.lower(), netloc, path, query, fragment))


def _host(name: str) -> str:
    """Return a host name in its A-label form."""
    if _HOST.fullmatch(name):
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError as err:
        raise LinkError(_("“{host}” is no host name.").format(host=name)) from err


def _mailto(rest: str) -> str:
    address, question, query = rest.partition("?")
    if not _ADDRESS.fullmatch(unquote(address)):
        raise LinkError(_("“{address}” is no e-mail address.").format(address=address))
    local, _at, domain = unquote(address).rpartition("@")
    return f"mailto:{quote(local, safe='+-._~')}@{_host(domain)}{question}{quote(query, safe=_SAFE)}"


def _tel(rest: str) -> str:
    if not _NUMBER.fullmatch(rest):
        raise LinkError(
            _("“{number}” is no telephone number.").format(number=rest), _("Write tel:+49211123456.")
        )
    return f"tel:{_digits(rest)}"


def _digits(number: str) -> str:
    """Return what is dialled: in `+49 (0) 211` the zero is not (DIN 5008 forbids it, people write it)."""
    if number.startswith("+"):
        number = number.replace("(0)", "")
    return re.sub(r"[^+0-9]", "", number)
