"""Issues of any content, drawn from what the section types declare about their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from newsletter.issue import section_type
from newsletter.issue.fields import FieldSpec
from newsletter.workspace import BASE_THEME

# None that begins like a mark of plain text: `2.` at the beginning of a line reads as a list there.
WORDS = st.sampled_from([
    "Haus", "Straße", "über", "die", "und", "–", "Ämter", "Verwaltungsdigitalisierungsgesetz", "z.", "B.",
    "19", "Uhr", "„gut“", '"gerade"', "it's", "R&D", "<spitz>", "5", "%", "日本語", "e\u0301", "😀", "---",
    "...", "(c)", "10-15", "3.500", "www.rathaus.example", "a@b.example", "From", "Förderung{{salutation}}",
    "https://lang.example/eine/adresse/die/kein/ende/hat/und/weiter/geht/bis/zum/rand/des/blattes",
])  # fmt: skip
URLS = st.sampled_from(
    ["https://rathaus.example/a?b=1&c=2", "https://städte.example/ü", "mailto:a@b.example", "tel:+49211123"]
)
LINES = st.lists(WORDS, min_size=1, max_size=14).map(" ".join)
SHORT = st.lists(st.sampled_from(["Haus", "über", "Straße", "R&D", "– 5 %"]), min_size=1, max_size=3).map(
    " ".join
)
TEXT = st.sampled_from(
    ["Haus", "über", "die Straße", "R\\&D", "5 %", "z. B.", "*kursiv*", "**fett**", "`a < b`"]
)
LINKED = st.builds(lambda label, url: f"[{label}]({url})", SHORT, URLS)
INLINE = st.lists(st.one_of(TEXT, LINKED), min_size=1, max_size=8).map(" ".join)
BREAKS = st.sampled_from([" ", "\n", "\\\n"])


@st.composite
def _paragraph(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(INLINE, BREAKS), min_size=1, max_size=4))
    return "".join(part + end for part, end in parts).rstrip("\\\n ")


def _prefixed(first: str, rest: str, text: str) -> str:
    return "\n".join((first if not number else rest) + line for number, line in enumerate(text.split("\n")))


def _listed(mark: str, between: str, items: list[str]) -> str:
    return between.join(_prefixed(mark, " " * len(mark), item) for item in items)


def _list(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(blocks, min_size=1, max_size=3)
    return st.builds(_listed, st.sampled_from(["* ", "7. "]), st.sampled_from(["\n", "\n\n"]), items)


_TABLE = st.lists(INLINE, min_size=2, max_size=3).map(
    lambda cells: "\n".join(
        ["|" + "|".join(cells) + "|", "|" + "---|" * len(cells), "|" + "|".join(cells) + "|"]
    )
)
_FENCE = st.sampled_from(["```\nFrom a > b\n  <tief>\n\nkein > Zitat\n```", "    eingerückt &amp;"])
_BLOCKS = st.recursive(
    st.one_of(_paragraph(), _TABLE, _FENCE, st.just("---"), INLINE.map(lambda text: f"## {text}")),
    lambda inner: st.one_of(
        _list(inner),
        inner.map(lambda text: _prefixed("> ", "> ", text)),
        st.lists(inner, min_size=2, max_size=3).map("\n\n".join),
    ),
    max_leaves=5,
)
_SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "line": LINES,
    "inline": INLINE,
    "lines": st.lists(SHORT, min_size=1, max_size=3).map("\n".join),
    "markdown": _BLOCKS,
    "url": URLS,
    "email": st.sampled_from(["a@b.example", "erika.muster@rathaus.example"]),
    "phone": st.sampled_from(["+49 (0) 211 123-45", "0211 / 12 34", "112"]),
    "date": st.dates().filter(lambda day: day.year > 999).map(str),
    "time": st.times().map(lambda time: time.strftime("%H:%M")),
    "number": st.integers(0, 999),
    "flag": st.booleans(),
}


def _value(spec: FieldSpec) -> st.SearchStrategy[Any]:
    if spec.type == "image":
        return _image()
    if spec.type == "list" and spec.of is not None:
        return st.lists(_value(spec.of), min_size=1, max_size=3)
    if spec.type == "choice":
        return st.sampled_from(spec.choices)
    if spec.members:
        return _group(spec.members)
    return _SCALARS[spec.type]


def _group(fields: Mapping[str, FieldSpec]) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: _value(spec) for name, spec in fields.items() if spec.required}
    optional = {name: _value(spec) for name, spec in fields.items() if not spec.required}
    return st.fixed_dictionaries(required, optional=optional)


def _image() -> st.SearchStrategy[dict[str, Any]]:
    common = {"caption": INLINE, "credit": INLINE}
    file = st.sampled_from(["rathaus.png", "logo.png"])
    told = st.fixed_dictionaries({"file": file, "alt": SHORT}, optional={**common, "link": URLS})
    return told | st.fixed_dictionaries({"file": file, "decorative": st.just(True)}, optional=common)  # noqa: FBT003 (a value)


@st.composite
def sections(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one section of any type."""
    kind = section_type.load(draw(st.sampled_from(section_type.names([BASE_THEME]))), [BASE_THEME])
    section = draw(_group(kind.fields))
    for name, spec in kind.fields.items():
        if spec.same_length and spec.of is not None and spec.of.of is not None and name in section:
            width = len(section[spec.same_length])
            row = st.lists(_value(spec.of.of), min_size=width, max_size=width)
            section[name] = draw(st.lists(row, min_size=1, max_size=3))
    return {"type": kind.name, **section}
