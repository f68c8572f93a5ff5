"""Links: which go into a newsletter, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.links import LinkError, checked, found_in


@pytest.mark.parametrize(
    ("url", "written"),
    [
        pytest.param("https://a.example", "https://a.example", id="plain"),
        pytest.param("HTTPS://A.Example/B", "https://a.example/B", id="capitals"),
        pytest.param(
            "http://a.example:8080/b?c=d&e=f#g", "http://a.example:8080/b?c=d&e=f#g", id="all parts"
        ),
        pytest.param(
            "https://städte.example/übersicht?ö=ä#ß",
            "https://xn--stdte-hra.example/%C3%BCbersicht?%C3%B6=%C3%A4#%C3%9F",
            id="umlauts",
        ),
        pytest.param(
            "https://straße.example", "https://xn--strae-oqa.example", id="sharp s stays (IDNA 2008)"
        ),
        pytest.param("https://STÄDTE.example", "https://xn--stdte-hra.example", id="umlaut in capitals"),
        pytest.param("https://a.example/%C3%BC", "https://a.example/%C3%BC", id="encoded already"),
        pytest.param("https://a_b.example/x", "https://a_b.example/x", id="underscore"),
        pytest.param("https://[::1]/", "https://[::1]/", id="IPv6"),
        pytest.param("https://127.0.0.1/", "https://127.0.0.1/", id="IPv4"),
        pytest.param("mailto:a@b.example", "mailto:a@b.example", id="mail"),
        pytest.param(
            "mailto:a@b.example?subject=Über%20uns",
            "mailto:a@b.example?subject=%C3%9Cber%20uns",
            id="mail with subject",
        ),
        pytest.param(
            "mailto:post@städte.example", "mailto:post@xn--stdte-hra.example", id="mail to an umlaut"
        ),
        pytest.param("mailto:müller@a.example", "mailto:m%C3%BCller@a.example", id="umlaut before the @"),
        pytest.param("tel:+49211123", "tel:+49211123", id="telephone"),
        pytest.param("tel:0211/12-34", "tel:02111234", id="telephone with signs"),
        pytest.param("tel:+49(0)211123", "tel:+49211123", id="a zero that is not dialled"),
        pytest.param("tel:(0211)123", "tel:0211123", id="area code in brackets"),
        pytest.param("TEL:112", "tel:112", id="scheme in capitals"),
    ],
)
def test_good_links(url: str, written: str) -> None:
    """A good link is written in ASCII, its host as it goes over the wire."""
    assert checked(url) == written
    assert checked(written) == written


@pytest.mark.parametrize(
    ("url", "words", "cure"),
    [
        pytest.param("", "nowhere", "leave the link out", id="empty"),
        pytest.param("#", "nowhere", "leave the link out", id="dead"),
        pytest.param("  ", "nowhere", "", id="blank"),
        pytest.param("#oben", "not complete", "https://", id="place on the page"),
        pytest.param("seite.html", "not complete", "https://", id="relative"),
        pytest.param("/seite", "not complete", "", id="from the root"),
        pytest.param("//a.example", "not complete", "", id="without a scheme"),
        pytest.param("www.a.example/b", "not complete", "https://www.a.example/b", id="host only"),
        pytest.param("a.example:8080/b", "not complete", "https://a.example:8080/b", id="host and port"),
        pytest.param("localhost:8080", "not complete", "", id="local port"),
        pytest.param("a@b.example", "not complete", "mailto:a@b.example", id="bare address"),
        pytest.param("javascript:alert(1)", "javascript:", "Allowed", id="javascript"),
        pytest.param("JAVASCRIPT:alert(1)", "JAVASCRIPT:", "Allowed", id="JAVASCRIPT"),
        pytest.param("data:text/html,x", "data:", "Allowed", id="data"),
        pytest.param("vbscript:x", "vbscript:", "Allowed", id="vbscript"),
        pytest.param("file:///etc/passwd", "file:", "Allowed", id="file"),
        pytest.param("ftp://a.example", "ftp:", "Allowed", id="ftp"),
        pytest.param("https://a.example/b c", "space", "", id="space"),
        pytest.param("java\nscript:a", "space", "", id="line break"),
        pytest.param('https://a.example/"x', "space or a sign", "", id="quote"),
        pytest.param("https://a.example\\b", "space or a sign", "", id="backslash"),
        pytest.param("https://a.example/{{x}}", "space or a sign", "", id="braces"),
        pytest.param("https://", "no host name", "", id="no host"),
        pytest.param("https:a.example", "no host name", "", id="no slashes"),
        pytest.param("https://u:p@a.example", "user name", "", id="password"),
        pytest.param("https://a.example:99999", "not complete", "", id="port too high"),
        pytest.param("https://[::1", "not complete", "", id="bracket not closed"),
        pytest.param("https://a..example", "no host name", "", id="empty label"),
        pytest.param("https://ä..example", "no host name", "", id="empty label beside an umlaut"),
        pytest.param("https://ex\u2100mple.example", "not complete", "", id="sign that hides a slash"),
        pytest.param("https://ex%C3%A4mple.example", "no host name", "", id="encoded host"),
        pytest.param("mailto:", "no e-mail address", "", id="mail to nobody"),
        pytest.param("mailto:a", "no e-mail address", "", id="mail without a host"),
        pytest.param(
            "mailto:a@b.example%0aBcc:c@d.example", "no e-mail address", "", id="line break in an address"
        ),
        pytest.param("tel:", "no telephone number", "tel:+49", id="no number"),
        pytest.param("tel:anrufen", "no telephone number", "tel:+49", id="word for a number"),
    ],
)
def test_bad_links(url: str, words: str, cure: str) -> None:
    """A bad link is refused with what is wrong, and a guess at what was meant."""
    with pytest.raises(LinkError) as found:
        checked(url)
    assert words in found.value.message
    assert cure in found.value.cure


@given(st.one_of(st.text(), st.text().map("https://a.example/".__add__), st.text().map("https://".__add__)))
def test_what_passes_is_safe(url: str) -> None:
    """A link that passes is ASCII, of an allowed scheme, and passes again; any other is a LinkError."""
    try:
        written = checked(url)
    except LinkError:
        return
    assert written.isascii()
    assert not set(written) & set(' "<>\\^`{|}\n\t')
    assert written.partition(":")[0] in {"https", "http", "mailto", "tel"}
    assert checked(written) == written


def test_links_found_in_html() -> None:
    """The links of a document, each once, unescaped, without places on the document itself."""
    html = '<a class="x" href="https://a.example/?b=1&amp;c=2">a</a><a href="#b">b</a><a href="https://a.example/?b=1&amp;c=2">'
    assert found_in(html) == ["https://a.example/?b=1&c=2"]
