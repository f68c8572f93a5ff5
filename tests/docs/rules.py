"""The list of all rules of the check, in English and German, from the code and its catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter import language
from newsletter.check import registry
from newsletter.check.finding import Severity
from newsletter.check.rule import Rule
from newsletter.language import _
from tests.docs.documents import ROOT

HEAD = "<!-- Made from the code by `python -m tests.docs.generate`; do not edit. -->"


@dataclass(frozen=True)
class _Words:
    """What the list says beside the rules' own words."""

    title: str
    intro: str
    weights: Mapping[Severity, str]
    source: str
    online: str


_WORDS = {
    "en": _Words(
        title="The rules of the check",
        intro=(
            "What `newsletter check` asks, by families. An error keeps an issue from being sent, a warning"
            " means trouble for some readers, a hint says what could be better."
            " `newsletter check --explain RULE` tells the same on the terminal."
        ),
        weights={Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.HINT: "Hint"},
        source="Source",
        online="Asked with `--online` only.",
    ),
    "de": _Words(
        title="Die Regeln der Prüfung",
        intro=(
            "Wonach `newsletter check` sieht, nach Gruppen geordnet. Ein Fehler hält den Versand auf,"
            " eine Warnung heißt, dass manche Leserinnen und Leser Schwierigkeiten haben, ein Hinweis sagt,"
            " was besser ginge. Wie man prüft und eine Regel abschaltet, steht in"
            " [Eine Ausgabe prüfen](pruefen.md). Dasselbe wie hier zeigt `newsletter check --explain REGEL`."
        ),
        weights={Severity.ERROR: "Fehler", Severity.WARNING: "Warnung", Severity.HINT: "Hinweis"},
        source="Quelle",
        online="Wird nur mit `--online` geprüft.",
    ),
}


def rules(lang: str) -> str:
    """Return the document in a language; what the catalogue does not have yet stands there in English."""
    spoken = language.editor()
    language.use(lang)
    try:
        return "\n".join(_lines(_WORDS[lang]))
    finally:
        language.use(spoken)


def _lines(words: _Words) -> Iterator[str]:
    known = registry.rules().values()
    families = {
        name: [rule for rule in known if rule.family == name]
        for name in registry.FAMILIES
        if any(rule.family == name for rule in known)
    }
    yield from (f"# {words.title}", "", HEAD, "", words.intro, "")
    yield from _overview(families, words)
    for name, members in families.items():
        yield from (f"## {_(registry.FAMILIES[name])}", "")
        for rule in members:
            yield from _rule(rule, words)


def _overview(families: Mapping[str, Sequence[Rule]], words: _Words) -> Iterator[str]:
    """Count the rules of each family by their weights."""
    yield f"| | | {' | '.join(words.weights.values())} |"
    yield f"| --- | --- | {' | '.join('---:' for _weight in words.weights)} |"
    for name, members in families.items():
        counts = (str(sum(rule.severity is weight for rule in members)) for weight in words.weights)
        title = _(registry.FAMILIES[name])
        yield f"| [{title}](#{_anchor(title)}) | `{name}` | {' | '.join(counts)} |"
    yield ""


def _rule(rule: Rule, words: _Words) -> Iterator[str]:
    yield from (f"### {_text(_(rule.title))}", "")
    online = f" {words.online}" if rule.online else ""
    yield from (f"`{rule.id}` · **{words.weights[rule.severity]}**{online}", "")
    yield from (_text(_(rule.why)), "")
    yield from (f"{words.source}: {_source(rule.source)}", "")


def _source(told: str) -> str:
    """Link addresses, and documents of ours from the folder that they lie in."""
    pieces = []
    for word in told.split():
        bare = word.strip("();,")
        if bare.startswith("https://"):
            pieces.append(word.replace(bare, f"<{bare}>"))
        elif bare.startswith("docs/") and (ROOT / bare).is_file():
            pieces.append(word.replace(bare, f"[{Path(bare).name}]({Path(bare).name})"))
        else:
            pieces.append(_text(word))
    return " ".join(pieces)


def _text(told: str) -> str:
    """Escape what Markdown would take for its own."""
    return "".join(f"\\{char}" if char in "<*_#[]`" else char for char in told)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
