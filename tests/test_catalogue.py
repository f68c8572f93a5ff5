"""The catalogues: every word people see is translated, whole, and with its places in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from contextvars import copy_context
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract

from newsletter import language
from tests import catalogue
from tests.catalogue import KEYWORDS, LANGUAGES, ROOT

HANDED_ON = {
    "newsletter/check/clients/depending.py: feature.cure",
    "newsletter/check/clients/depending.py: feature.loss",
    "newsletter/check/clients/depending.py: support.NAMES[name]",
    "newsletter/check/online/telling.py: _LOOK",
    "newsletter/check/online/telling.py: _TROUBLE[answer.outcome]",
    "newsletter/check/reporting/report_page.py: rule.title if rule else registry.FAMILIES.get(name, name)",
    "newsletter/check/reporting/report_page.py: title",
    "newsletter/check/reporting/sarif.py: rule.source",
    "newsletter/check/reporting/sarif.py: rule.title",
    "newsletter/check/reporting/sarif.py: rule.why",
    "newsletter/cli/checking_words.py: _HEADS[severity]",
    "newsletter/cli/checking_words.py: _NAMES[rule.severity]",
    "newsletter/cli/checking_words.py: registry.FAMILIES[rule.family]",
    "newsletter/cli/checking_words.py: rule.source",
    "newsletter/cli/checking_words.py: rule.title",
    "newsletter/cli/checking_words.py: rule.why",
    "newsletter/cli/checking_words.py: title",
    "newsletter/cli/mailing_words.py: _ACTIONS[name]",
    "newsletter/cli/sending_words.py: _WHY[ending.why]",
    "newsletter/compose/theme.py: message",
    "newsletter/difference/comparing.py: name",
    "newsletter/difference/names.py: _FACTS[name]",
    "newsletter/difference/names.py: _STATES[state]",
    "newsletter/dispatch/named.py: _DEEDS[deed][1]",
    "newsletter/dispatch/naming.py: _LEFT_OUT[why]",
    "newsletter/dispatch/naming.py: _MAILING_STATES[one]",
    "newsletter/dispatch/naming.py: _STATES[one]",
    "newsletter/dispatch/naming.py: known[name]",
    "newsletter/issue/schema.py: text",
    "newsletter/language.py: plural",
    "newsletter/language.py: singular",
    "newsletter/subscribers/chart.py: STATUS_NAMES[name]",
    "newsletter/subscribers/stats_page.py: STATUS_NAMES[name]",
    "newsletter/web/app.py: HINTS[key]",
    "newsletter/web/app.py: name",
    "newsletter/web/app.py: word",
    "newsletter/web/inbox.py: program.kind",
    "newsletter/web/shots.py: HINTS[view]",
    "newsletter/web/shots.py: VIEWS[View.LIGHT]",
    "newsletter/web/shots.py: VIEWS[view]",
    "newsletter/web/told.py: LABELS[finding.severity]",
    "newsletter/web/told.py: rule.title",
}
"""Calls with a variable: what comes there is marked elsewhere, by `phrase("…")` or `N_("…")`."""
NAMES = {"newsletter "}
"""What is told in no language."""
PLACE = re.compile(r"(?<!\{)\{[^{}]+\}(?!\})")
ATTRIBUTE = re.compile(r'\b[a-z]+="[^"]*"')
"""Code, which has quotes of its own."""
LETTERS = re.compile(r"[^\W\d_]{2}")
CURE = "run `make catalogue`"


@pytest.fixture(scope="module")
def template() -> Catalog:
    """The messages of code and theme as they are now."""
    return catalogue.extracted()


@pytest.fixture(scope="module")
def messages(template: Catalog) -> set[str]:
    """Their texts, singular and plural."""
    return {form for ids, _strings in _pairs(template) for form in ids}


def _pairs(catalog: Catalog) -> Iterator[tuple[list[str], list[str]]]:
    """Give the forms of each message (one, or singular and plural) and those of its translation."""
    for message in catalog:
        if message.id:
            yield _forms(message.id), _forms(message.string)


def _translated(code: str) -> list[tuple[list[str], list[str]]]:
    """List the pairs of a catalogue that are whole; another test speaks of the others."""
    return [(ids, strings) for ids, strings in _pairs(catalogue.read(code)) if all(strings)]


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def _modules() -> list[tuple[str, str]]:
    """List the package's modules, each with its text."""
    files = sorted((ROOT / "newsletter").rglob("*.py"))
    return [(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def _calls(text: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_message_is_translated(code: str, template: Catalog) -> None:
    """No message of code and theme is without a translation or with a doubtful one."""
    assert catalogue.open_messages(catalogue.updated(catalogue.read(code), template)) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_obsolete_is_kept(code: str, messages: set[str]) -> None:
    """The catalogue holds no message that code and theme no longer have."""
    kept = catalogue.read(code)
    assert {form for ids, _strings in _pairs(kept) for form in ids} - messages == set(), CURE
    assert not kept.obsolete


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_files_are_what_make_catalogue_writes(code: str, template: Catalog) -> None:
    """Both files are, byte for byte, what comes of today's code: no dates, no order by chance."""
    path = catalogue.po_path(code)
    want = catalogue.updated(catalogue.read(code), template)
    assert path.read_bytes() == catalogue.po_of(want), CURE
    assert path.with_suffix(".mo").read_bytes() == catalogue.mo_of(want), CURE


@pytest.mark.parametrize("code", LANGUAGES)
def test_python_reads_the_compiled_catalogue(code: str) -> None:
    """The standard library finds in the .mo file what stands in the .po file, for every number."""
    with catalogue.po_path(code).with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for ids, strings in _translated(code):
        if len(ids) == 1:
            assert [compiled.gettext(ids[0])] == strings
        else:
            one, many = strings
            assert [compiled.ngettext(ids[0], ids[1], count) for count in (0, 1, 2)] == [many, one, many]


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_have_the_same_places(code: str) -> None:
    """Each form has the placeholders of its message, each as often, and as many braces in all."""
    wrong = [
        string
        for ids, strings in _translated(code)
        for text, string in zip(ids, strings, strict=True)
        if _places(text) != _places(string)
    ]
    assert wrong == []


def _places(text: str) -> tuple[list[str], int, int]:
    return sorted(PLACE.findall(text)), text.count("{"), text.count("}")


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_end_like_their_messages(code: str) -> None:
    """The sign at the end is part of the message, and no white space comes in at the ends."""
    wrong = [
        string
        for ids, strings in _translated(code)
        for text, string in zip(ids, strings, strict=True)
        if string != string.strip() or any(text.endswith(sign) != string.endswith(sign) for sign in ".?,:")
    ]
    assert wrong == []


def test_german_quotes_are_german() -> None:
    """Quotes stand „so“ in German: never straight, never “so”, none left open."""
    strings = [string for _ids, strings in _translated("de") for string in strings]
    bare = {string: ATTRIBUTE.sub("", re.sub("„[^„“”]*“", "", string)) for string in strings}
    wrong = [string for string in strings if set(bare[string]) & set('„“”"')]
    assert wrong == []


def test_no_call_hides_its_message(messages: set[str]) -> None:
    """A text to be translated stands in the call itself, in one piece; other calls are known by name."""
    hidden = {
        f"{name}: {ast.unparse(argument)}"
        for name, text in _modules()
        for call in _calls(text)
        if (word := catalogue.called(call)) in KEYWORDS
        for argument in call.args[: len(KEYWORDS[word] or (1,))]
        if not (isinstance(argument, ast.Constant) and argument.value in messages)
    }
    assert hidden <= HANDED_ON


def test_babel_finds_no_more_than_we_do(messages: set[str]) -> None:
    """What Babel's own method, which reads tokens and no tree, finds in a module is in the catalogue."""
    for name, _text in _modules():
        with (ROOT / name).open("rb") as file:
            found = [
                form for _line, text, *_rest in extract("python", file, KEYWORDS) for form in _forms(text)
            ]
        assert set(found) <= messages, name


def test_a_plain_search_finds_no_more_than_we_do(messages: set[str]) -> None:
    """Every `_("` that a search of the text finds begins a message, also inside an f-string."""
    words = "|".join(KEYWORDS)
    pattern = re.compile(rf"""(?<!\w)(?:{words})\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
    begun = {ast.literal_eval(found[1]) for _name, text in _modules() for found in pattern.finditer(text)}
    assert {begin for begin in begun if not any(text.startswith(begin) for text in messages)} == set()


def test_a_plain_search_of_the_theme_finds_no_more_than_we_do(messages: set[str]) -> None:
    """Every `_(` in a template has a text in it, and the text is a message."""
    for path in sorted((ROOT / "newsletter" / "theme").rglob("*.j2")):
        text = path.read_text(encoding="utf-8")
        found = [match[2] for match in re.finditer(r"(?<!\w)_\(\s*([\"'])(.*?)\1\s*\)", text)]
        assert len(found) == len(re.findall(r"(?<!\w)_\(", text)), path
        assert set(found) <= messages


def test_editors_are_told_nothing_untranslated() -> None:
    """What a fault, a cure, a help text or `echo` says in words goes through the catalogue."""
    told = {
        f"{name}: {words}"
        for name, text in _modules()
        for call in _calls(text)
        for words in _told(call)
        if LETTERS.search(words) and words not in NAMES
    }
    assert told == set()


def _told(call: ast.Call) -> Iterator[str]:
    """Give the bare texts that a call would show to an editor."""
    name = catalogue.called(call)
    if name in {"Fault", "Problem"}:
        yield from _texts(call.args[1:])
    elif name == "echo":
        yield from _texts(call.args)
    yield from _texts([word.value for word in call.keywords if word.arg in {"cure", "message", "help"}])


def _texts(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
        elif isinstance(argument, ast.JoinedStr):
            yield from _texts(argument.values)


def test_readers_are_told_in_their_language() -> None:
    """`Phrases` gives German from the catalogue, and English as it is written."""
    assert language.Phrases("de")("Contents") == "Inhalt"
    assert language.Phrases("en")("Contents") == "Contents"


def test_editors_are_told_in_theirs() -> None:
    """`_` and `ngettext` follow the language chosen, and the number."""

    def told() -> list[str]:
        language.use("de")
        counts = [language.ngettext("{count} section", "{count} sections", count) for count in (1, 2)]
        return [language._("Subject"), *counts]

    assert copy_context().run(told) == ["Betreff", "{count} Abschnitt", "{count} Abschnitte"]


def test_a_doubtful_or_missing_translation_is_open() -> None:
    """A message without its plural, or marked fuzzy, counts as not translated."""
    made = Catalog(locale="de")
    made.add("whole", "ganz")
    made.add("doubtful", "zweifelhaft", flags=["fuzzy"])
    made.add("bare")
    made.add(("one", "many"), ("eins", ""))
    assert catalogue.open_messages(made) == ["doubtful", "bare", "one"]


def test_an_update_guesses_nothing() -> None:
    """A changed message loses its translation, and one that became plural as well."""
    old, new = Catalog(locale="de"), Catalog()
    old.add("kept", "bleibt")
    old.add("The file is empty.", "Die Datei ist leer.")
    old.add("{count} file", "{count} Datei")
    new.add("kept")
    new.add("This file is empty.")
    new.add(("{count} file", "{count} files"))
    result = list(_pairs(catalogue.updated(old, new)))
    assert result == [
        (["kept"], ["bleibt"]),
        (["This file is empty."], [""]),
        (["{count} file", "{count} files"], ["", ""]),
    ]


def test_extraction_sees_into_f_strings(tmp_path: Path) -> None:
    """Calls inside f-strings, implicit concatenation and calls of attributes are all found."""
    module = tmp_path / "module.py"
    module.write_text(
        "f\"# {_('first')}\"\n_('sec' 'ond')\nself._phrases('third')\nngettext('one', 'many', n)\n",
        encoding="utf-8",
    )
    with module.open("rb") as file:
        found = [texts for _line, _word, texts, _comments in catalogue.extract_python(file, KEYWORDS, (), {})]
    assert sorted(found, key=str) == [("first",), ("one", "many", None), ("second",), ("third",)]


def test_callbacks_without_a_context_speak_as_the_process_does() -> None:
    """The event loop calls some of ours in an empty context; editors are told in one language even so."""
    code = (
        "from contextvars import Context; from newsletter import language;"
        " language.use('de'); language.lend(); print(Context().run(language.editor))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "de\n"
