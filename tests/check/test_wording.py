"""Language: spelling by the real hunspell, long sentences, ease of reading."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from newsletter.check import checking
from newsletter.check.proof import Proof
from newsletter.check.rule import CannotTell
from newsletter.check.wording import hunspell, prose
from newsletter.check.wording.hunspell import Hunspell
from newsletter.check.wording.spelling import words_in
from tests.check import proofs
from tests.cli.office import SETTINGS
from tests.programs import needs

dictionaries = needs("hunspell", package="hunspell hunspell-de-de hunspell-en-us")


def unknown(proof: Proof) -> list[str]:
    """Return the words that the rule tells, in their order."""
    return [remark.quote for remark in proofs.remarks("wording.spelling", proof)]


@dictionaries
@pytest.mark.parametrize(
    "word",
    [
        "Fördrung", "Verwaltngsreform", "interkommunlae", "Vernastaltung", "ausserdem", "daß", "wiederrum",
        "Standart", "Entgeld", "Unterstützng", "fur",
    ],
)  # fmt: skip
def test_a_typing_error_is_told_at_its_column(tmp_path: Path, word: str) -> None:
    """With the word, its line and column; a short English word is no German one."""
    proof = proofs.proof(tmp_path, f"Erste Zeile.\n\nHier steht das Wort {word} im Satz.\n")
    (found,) = proofs.remarks("wording.spelling", proof)
    assert found.quote == word
    assert proofs.lines([found], proof) == [f"Hier steht das Wort {word} im Satz."]
    line = proof.file.read_text(encoding="utf-8").splitlines()[found.where.line - 1]
    assert line[found.where.column - 1 :].startswith(word)


@dictionaries
def test_proposals_are_made(tmp_path: Path) -> None:
    """The likeliest first; and it is told where a right word goes."""
    (found,) = proofs.remarks("wording.spelling", proofs.proof(tmp_path, "Die Fördrung beginnt.\n"))
    assert found.message == "The dictionary does not know “Fördrung”."
    assert found.cure.startswith("Is this meant: “Förderung”")


@dictionaries
def test_proposals_are_few() -> None:
    """Two words stand there once, with a space, and no parts of compounds."""
    found = Hunspell.of("de").proposals(["Talheim", "Hasel"])
    assert "Tal heim" in found["Talheim"]
    assert "Tal-heim" not in found["Talheim"]
    assert "Hase" in found["Hasel"]
    assert not [one for one in found["Hasel"] if one.endswith("-")]


@dictionaries
@pytest.mark.parametrize(
    "text",
    [
        "Die interkommunale Zusammenarbeit im Abfallwirtschaftszweckverband und die Starkregenvorsorge.",
        "Webinarreihe, Klimaresilienz, Förderfähigkeit und Digitallotsinnen in Recklinghausen und Soest.",
        "Bürger*innen, Ärzt:innen, jede:r, Kolleg_innen, Bildungs- und Kulturangebote, Strom und -verkauf.",
        "Bildungs-Angebot, Nordrhein-Westfalens E-Mails, ggf. inkl. PDFs der NRW.BANK, WebGIS und UNIKIMS.",
        "Am Mühlenweg und Mühlgraben; um Azubis zurückzuholen.",
        "Best Practice und der „Master of Public Administration“ mit Know-how.",
        "Herr Tim-Fabian Qwertzig und Frau Prof. Dr. Xyloph sprechen.",
        "Der Zwuckelhof: [Anmeldung](https://zwuckelhof.example/), a.mueckstein@kreis.example, Mückstein.",
        "{{ first_name | Liebe Lesende }}, 3D-Drucker und www.qwrtz.example gehen.",
    ],
    ids=[
        "compounds",
        "shipped",
        "gender",
        "abbreviations",
        "joints",
        "english",
        "people",
        "addresses",
        "places",
    ],
)
def test_words_that_are_right_are_not_told(tmp_path: Path, text: str) -> None:
    """Compounds, our own list, names of people and in addresses, gendered forms, English ones."""
    assert unknown(proofs.proof(tmp_path, text)) == []


@dictionaries
def test_the_words_of_a_link_are_looked_at(tmp_path: Path) -> None:
    """Only its address is not."""
    assert unknown(proofs.proof(tmp_path, "Zur [Anmeldunng](https://kreis.example/kurs).\n")) == [
        "Anmeldunng"
    ]


@dictionaries
def test_an_office_lists_its_own_words(tmp_path: Path) -> None:
    """In [check] words, with their endings and in compounds; words to be divided otherwise are right, too."""
    text = "Der Zwuckel, des Zwuckels Zwuckelverordnung und das Gnurpsblatt.\n"
    assert unknown(proofs.proof(tmp_path / "1", text)) == [
        "Zwuckel",
        "Zwuckels",
        "Zwuckelverordnung",
        "Gnurpsblatt",
    ]
    own = '\n[check]\nwords = ["Zwuckel"]\n[newsletter.hyphenation]\nGnurpsblatt = "Gnurps-blatt"\n'
    assert unknown(proofs.proof(tmp_path / "2", text, settings=own)) == []


@dictionaries
def test_an_english_issue_is_read_as_english(tmp_path: Path) -> None:
    """By English dictionaries alone."""
    english = {
        "subject": "News from the county",
        "preheader": "What happened in winter, and what comes in spring.",
    }
    settings = SETTINGS.replace("[newsletter]", '[newsletter]\nlanguage = "en"')
    text = {
        "type": "letter",
        "text": "We don’t recieve colourful programmes in a café, and the Verwaltung agrees.\n",
    }
    workspace = proofs.office(tmp_path, text, head=english)
    (workspace.root / "newsletter.toml").write_text(settings, encoding="utf-8")
    proof = checking.proof_of(type(workspace).find(tmp_path, {}), workspace.issue_id(None))
    assert unknown(proof) == ["recieve", "Verwaltung"]


@dictionaries
def test_what_was_asked_once_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issue that is checked again needs no run of the program; new words need one."""
    workspace = proofs.office(tmp_path, "Die Fördrung beginnt.\n")
    before = unknown(checking.proof_of(workspace, workspace.issue_id(None)))
    kept = json.loads((workspace.cache / "words-2024-1.json").read_text(encoding="utf-8"))
    assert {key.partition(" ")[2]: told for key, told in kept.items()}["Fördrung"] == "wrong"
    silent = tmp_path / "bin" / "hunspell"
    silent.parent.mkdir()
    silent.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    silent.chmod(silent.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(silent.parent), prepend=":")
    assert unknown(checking.proof_of(workspace, workspace.issue_id(None))) == before == ["Fördrung"]
    file = workspace.issue_file(workspace.issue_id(None))
    file.write_text(file.read_text(encoding="utf-8").replace("beginnt", "endet"), encoding="utf-8")
    with pytest.raises(CannotTell, match="gave no answer"):
        unknown(checking.proof_of(workspace, workspace.issue_id(None)))


def test_without_hunspell_the_report_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule yields nothing; the report names it, with what to install, and all other rules are asked."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = proofs.report(tmp_path / "office", "Die Fördrung beginnt.\n")
    (unasked,) = found.not_asked
    assert unasked.rule == "wording.spelling"
    assert unasked.reason == "The program “hunspell” is not installed."
    assert "hunspell-de-de" in unasked.cure
    assert found.as_dict()["not_asked"] == [
        {"rule": "wording.spelling", "reason": unasked.reason, "cure": unasked.cure}
    ]
    assert "wording.long-sentence" in found.rules


@dictionaries
def test_a_missing_dictionary_is_named(tmp_path: Path) -> None:
    """A program without words knows nothing."""
    with pytest.raises(CannotTell, match="German"):
        Hunspell.of("de", [tmp_path])


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its patience, and the report says so."""
    monkeypatch.setattr(hunspell, "PATIENCE", 0.2)
    slow = tmp_path / "hunspell"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    with pytest.raises(CannotTell, match="timed out"):
        Hunspell(str(slow), (tmp_path / "de_DE",)).wrong(["Wort"])


def test_words_are_cut_out_of_a_text() -> None:
    """Without numbers, addresses, abbreviations and names that no dictionary holds."""
    text = "Die KfW (seit 2023) fördert „Bildungs- und Kulturhäuser“, z.B. in Köln/Bonn: info@kfw.example."
    assert list(words_in(text, "de")) == [
        "Die",
        "seit",
        "fördert",
        "Bildungs-",
        "und",
        "Kulturhäuser",
        "Köln",
        "Bonn",
    ]


LONG = " ".join(["Wort"] * 31).capitalize() + "."
FITTING = " ".join(["Wort"] * 30).capitalize() + "."


def test_a_long_sentence_is_told_where_it_begins(tmp_path: Path) -> None:
    """By the line of its first word, with its length."""
    proof = proofs.proof(tmp_path, f"Kurz ist gut.\nHier beginnt er,\nund {LONG}\n")
    (found,) = proofs.remarks("wording.long-sentence", proof)
    assert found.message == "This sentence has 35 words: “Hier beginnt er, und Wort wort …”."
    assert proofs.lines([found], proof) == ["Hier beginnt er,"]


@pytest.mark.parametrize(
    "text",
    [
        f"{FITTING}\n{FITTING}\n",
        "".join(f"- {' '.join(['Punkt'] * 12)}\n" for _ in range(4)),
        f"Am 2. August, z. B. um 14 Uhr. {FITTING}",
    ],
    ids=["thirty words", "a list", "dates and abbreviations"],
)
def test_sentences_of_thirty_words_are_fine(tmp_path: Path, text: str) -> None:
    """A list's entries are sentences of their own."""
    assert proofs.remarks("wording.long-sentence", proofs.proof(tmp_path, text)) == []


def test_a_full_stop_does_not_always_end_a_sentence(tmp_path: Path) -> None:
    """Dates, abbreviations and initials go on; closing quotes belong to what they close."""
    text = "Am 2. August kommt Dr. Muster, z. B. nach § 5 Abs. 2 VwVfG. „Gut so!“ Das gilt bis 2026. Ende.\n"
    proof = proofs.proof(tmp_path, text)
    told = next(one for one in proof.written if one.name == "text")
    assert [sentence.text for sentence in prose.sentences(told.text)] == [
        "Am 2. August kommt Dr. Muster, z. B. nach § 5 Abs. 2 VwVfG.",
        "„Gut so!“",
        "Das gilt bis 2026.",
        "Ende.",
    ]


OFFICIAL = (
    "Die Inanspruchnahme der Fördermöglichkeiten zur Weiterentwicklung interkommunaler Kooperationen "
    "setzt die Einreichung vollständiger Antragsunterlagen einschließlich Wirtschaftlichkeitsuntersuchung, "
    "Finanzierungsübersicht und Beschlussfassung der zuständigen Vertretungskörperschaften voraus. "
)
PLAIN = "Wir helfen gern. Rufen Sie uns an, wenn Sie Fragen zu dem neuen Bus im Ort haben. "


def test_a_section_in_official_german_is_hard_to_read(tmp_path: Path) -> None:
    """Told once for the section, with the figure."""
    proof = proofs.proof(tmp_path, OFFICIAL * 3)
    (found,) = proofs.remarks("wording.reading-ease", proof)
    assert "very hard to read (reading ease -" in found.message
    assert found.section


@pytest.mark.parametrize("text", [PLAIN * 6, OFFICIAL], ids=["plain", "too short to tell"])
def test_plain_german_reads_well(tmp_path: Path, text: str) -> None:
    """And of a single sentence nothing is said."""
    assert proofs.remarks("wording.reading-ease", proofs.proof(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("Gemeinde", "de", 3), ("Bürgermeisterin", "de", 5), ("neue", "de", 2), ("Region", "de", 3),
        ("NRW", "de", 1), ("table", "en", 2), ("houses", "en", 2), ("making", "en", 2), ("offices", "en", 3),
        ("loved", "en", 1),
    ],
)  # fmt: skip
def test_syllables(word: str, language: str, count: int) -> None:
    """Groups of vowels; German diphthongs are one, English silent endings none."""
    assert prose.syllables(word, language) == count
