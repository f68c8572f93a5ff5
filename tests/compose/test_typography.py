"""Typography: bound spaces keep the words, divided words keep their letters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.cache import Drawer
from newsletter.compose.typography import NBSP, SHY, Hyphenator, bind

VOWELS = set("aeiouyäöüáéíóúàèâêî")
LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüßABCDEÄÖÜ", min_size=1, max_size=40)
GERMAN = st.lists(
    st.sampled_from(
        [
            "Verwaltung",
            "s",
            "digital",
            "isierung",
            "Gemeinde",
            "Förder",
            "mittel",
            "Straße",
            "Schifffahrt",
            "Amt",
        ]
    ),
    min_size=1,
    max_size=5,
).map(lambda parts: "".join(parts).capitalize())


@pytest.mark.parametrize(
    ("language", "text", "bound"),
    [
        pytest.param("de", "um 19 Uhr", "um 19~Uhr", id="hour"),
        pytest.param("de", "am 2. August", "am 2.~August", id="day"),
        pytest.param("en", "2 August", "2~August", id="English day"),
        pytest.param("de", "z. B. hier, d. h. da", "z.~B. hier, d.~h. da", id="abbreviations"),
        pytest.param("de", "Nr. 4, § 3 Abs. 2 Satz 1", "Nr.~4, §~3 Abs.~2 Satz~1", id="references"),
        pytest.param("de", "1 : 250 000", "1~:~250~000", id="scale"),
        pytest.param("de", "5 % von 20 Mio. Euro", "5~% von 20~Mio. Euro", id="units"),
        pytest.param("de", "Herr Römer, Dr. Muster", "Herr~Römer, Dr.~Muster", id="names"),
        pytest.param("de", "Ende – Anfang", "Ende~– Anfang", id="dash"),
        pytest.param("de", "10-15 Minuten", "10-15~Minuten", id="range"),
        pytest.param(
            "de", "5 Uhren, 3 Tagebücher, Herrschaft a", "5 Uhren, 3 Tagebücher, Herrschaft a", id="not words"
        ),
        pytest.param("de", "12345 678", "12345~678", id="groups of three"),
    ],
)
def test_bind(language: str, text: str, bound: str) -> None:
    """Spaces at which a line must not end become no-break spaces (DIN 5008)."""
    assert bind(text, language) == bound.replace("~", NBSP)


@given(st.text(alphabet=st.sampled_from("az.B019 –:%§Uhr\n-"), max_size=60), st.sampled_from(["de", "en"]))
def test_bind_keeps_the_words(text: str, language: str) -> None:
    """Only spaces change, each into a no-break space."""
    assert bind(text, language).replace(NBSP, " ") == text


@settings(max_examples=300, deadline=None)
@given(st.lists(LETTERS | GERMAN, min_size=1, max_size=5).map(" ".join), st.sampled_from(["de", "en"]))
def test_divided_words_keep_their_letters(text: str, language: str) -> None:
    """Without its soft hyphens a text is what it was; each part has a vowel and two letters."""
    divided = Hyphenator(language, {})(text)
    assert divided.replace(SHY, "") == text
    for word in divided.split():
        parts = word.split(SHY)
        if len(parts) > 1:
            assert all(VOWELS & set(part.casefold()) for part in parts)
            assert all(len(part) > 1 for part in parts)
            assert min(len(parts[0]), len(parts[-1])) >= 4


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "https://verwaltungsdigitalisierung.example/verwaltungsdigitalisierungsgesetz", id="address"
        ),
        pytest.param("verwaltungsdigitalisierung@verwaltungsdigitalisierung.example", id="mail address"),
        pytest.param("www.verwaltungsdigitalisierung.example", id="host name"),
        pytest.param("Interkommunales.NRW", id="name like a host"),
        pytest.param("Verwaltungs\u00addigitalisierung", id="divided by hand"),
        pytest.param("Verwaltung", id="short word"),
        pytest.param("123456789012345", id="number"),
        pytest.param("zqP01zq", id="personal place"),
    ],
)
def test_what_is_not_divided(text: str) -> None:
    """Addresses, host names, short words and words divided by hand stay as they are."""
    assert Hyphenator("de", {})(text) == text


def test_division() -> None:
    """Long words are divided between their parts, in each piece of a compound."""
    hyphenate = Hyphenator("de", {})
    assert SHY in hyphenate("Verwaltungsdigitalisierungsgesetz")
    assert SHY in hyphenate("(Verwaltungsdigitalisierung),")
    assert hyphenate("Verwaltungs-Digitalisierungsgesetz").startswith("Verwaltungs-")


@pytest.mark.parametrize(
    ("word", "divided"),
    [
        pytest.param("Leuchtturmprojekt", "Leuchtturm~projekt", id="as written"),
        pytest.param("LEUCHTTURMPROJEKT", "LEUCHTTURM~PROJEKT", id="capitals stay"),
        pytest.param("„Leuchtturmprojekt“", "„Leuchtturm~projekt“", id="in quotes"),
    ],
)
def test_exceptions(word: str, divided: str) -> None:
    """Words of newsletter.toml are divided as it shows."""
    hyphenate = Hyphenator("de", {"Leuchtturmprojekt": "Leuchtturm-projekt"})
    assert hyphenate(word) == divided.replace("~", SHY)


@settings(max_examples=100, deadline=None)
@given(st.lists(GERMAN, min_size=1, max_size=5).map(" ".join))
def test_a_shelf_changes_nothing(text: str) -> None:
    """Kept words are divided as new ones are, the second time too."""
    shelf = Drawer(None)
    kept = Hyphenator("de", {}, shelf)
    assert kept(text) == kept(text) == Hyphenator("de", {})(text)
