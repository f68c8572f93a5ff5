"""The family `inbox`: what readers see before they open the mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.check.finding import Severity
from newsletter.check.proof import Proof
from tests.check import proofs
from tests.check.proofs import remarks, said


def with_subject(folder: Path, subject: str) -> Proof:
    """Make the proof of an issue with this subject."""
    return proofs.proof(folder, head={"subject": subject})


def with_preheader(folder: Path, preheader: str) -> Proof:
    """Make the proof of an issue with this preheader."""
    return proofs.proof(folder, head={"preheader": preheader})


def sent_by(folder: Path, *, name: str = "Redaktion", **more: str) -> Proof:
    """Make the proof of an issue of this sender."""
    sender = {"name": name, **more}
    return proofs.proof(
        folder, environ={f"NEWSLETTER_SENDER__{key.upper()}": value for key, value in sender.items()}
    )


def test_a_subject_that_is_shown(tmp_path: Path) -> None:
    """Sixty characters are."""
    assert remarks("inbox.subject-length", with_subject(tmp_path, "Neues " * 10)) == []


def test_a_subject_that_is_cut_off(tmp_path: Path) -> None:
    """More are not; the remark stands at the subject and proposes where to end."""
    subject = "Neues aus dem Kreis, aus den Städten und aus allen Gemeinden des Landes"
    proof = with_subject(tmp_path, subject)
    assert said("inbox.subject-length", proof) == [(subject, f"subject: {subject}")]
    assert "Gemeinden des" not in remarks("inbox.subject-length", proof)[0].cure


def test_a_personal_subject_is_counted_as_it_is_read(tmp_path: Path) -> None:
    """With what stands there for readers of whom nothing is known."""
    subject = "{{ first_name | Liebe Leserin, lieber Leser }}: zwei Gemeinden teilen einen Bauhof"
    assert len(subject) > 60
    proof = with_subject(tmp_path, subject)
    [found] = remarks("inbox.subject-length", proof)
    assert "Liebe Leserin, lieber Leser: zwei" in found.quote


@pytest.mark.parametrize(
    "subject",
    [
        "Zwei Gemeinden teilen einen Bauhof",
        "Kreisblatt: Zwei Gemeinden teilen einen Bauhof",
        "Newsletter 1/2024: Bauhof",
        "5 neue Termine im März",
        "Newsletterabo jetzt auch für Vereine",
    ],
)
def test_a_subject_that_says_what_is_new(tmp_path: Path, subject: str) -> None:
    """Within what telephones show of it."""
    assert remarks("inbox.subject-start", with_subject(tmp_path, subject)) == []


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        ("Kreisblatt", Severity.WARNING),
        ("Newsletter III / 2024", Severity.WARNING),
        ("Unser Newsletter Nr. 3", Severity.WARNING),
        ("Kreisblatt | Redaktion | Newsletter Nr. 12/2024: Zwei Gemeinden teilen einen Bauhof", None),
    ],
)
def test_a_subject_that_begins_with_names(tmp_path: Path, subject: str, severity: Severity | None) -> None:
    """A hint where nothing of the message is left on telephones, a warning where there is none."""
    found = remarks("inbox.subject-start", with_subject(tmp_path, subject))
    assert [(one.quote, one.severity) for one in found] == [(subject, severity)]


@pytest.mark.parametrize("count", [40, 110])
def test_a_preheader_that_fills_the_line(tmp_path: Path, count: int) -> None:
    """From 40 to 110 characters."""
    assert remarks("inbox.preheader-length", with_preheader(tmp_path, "x" * count)) == []


@pytest.mark.parametrize(("count", "severity"), [(39, None), (111, Severity.HINT)])
def test_a_preheader_too_short_or_too_long(tmp_path: Path, count: int, severity: Severity | None) -> None:
    """A short one is a warning, a long one a hint; both at the preheader."""
    proof = with_preheader(tmp_path, "x" * count)
    [found] = remarks("inbox.preheader-length", proof)
    assert found.severity is severity
    assert str(count) in found.message
    assert proofs.lines([found], proof)[0].startswith("preheader:")


def test_a_preheader_that_says_more(tmp_path: Path) -> None:
    """Some words may be the same."""
    assert (
        remarks("inbox.preheader-repeats", with_preheader(tmp_path, "Der Kreis baut, und die Städte auch."))
        == []
    )


@pytest.mark.parametrize(
    "preheader",
    [
        "Neues aus dem Kreis",
        "NEUES aus dem Kreis",
        "Neues aus dem Kreis – lesen Sie selbst!",
        "Aus dem Kreis Neues",
    ],
)
def test_a_preheader_that_repeats_the_subject(tmp_path: Path, preheader: str) -> None:
    """As a whole, at its beginning, or in other order."""
    assert [one.quote for one in remarks("inbox.preheader-repeats", with_preheader(tmp_path, preheader))] == [
        preheader
    ]


@pytest.mark.parametrize(
    "subject", ["Regeln für alle", "Award: Wer gewinnt?", "WG-Zimmer gesucht", "Reform: was nun?"]
)
def test_a_subject_of_its_own(tmp_path: Path, subject: str) -> None:
    """Words that begin like a sign of an answer are none."""
    assert remarks("inbox.reply-prefix", with_subject(tmp_path, subject)) == []


@pytest.mark.parametrize("sign", ["Re:", "RE :", "Fwd:", "Fw:", "AW:", "WG:", "Antw:", "Re[2]:"])
def test_a_subject_that_pretends_to_be_an_answer(tmp_path: Path, sign: str) -> None:
    """In German and English."""
    proof = with_subject(tmp_path, f"{sign} Neues aus dem Kreis")
    assert [one.quote for one in remarks("inbox.reply-prefix", proof)] == [sign]


@pytest.mark.parametrize(
    "subject", ["NRW und EU: was IKZ kann", "KREISBLATT", "OZG 2.0", "Kreisblatt: EU-FÖRDERUNG"]
)
def test_words_in_small_letters(tmp_path: Path, subject: str) -> None:
    """Abbreviations and single words do not shout."""
    assert remarks("inbox.all-caps", with_subject(tmp_path, subject)) == []


def test_words_in_capitals(tmp_path: Path) -> None:
    """In the subject, and in the preheader."""
    head = {"subject": "JETZT ANMELDEN UND GEWINNEN", "preheader": "NUR NOCH HEUTE: ALLE PREISE HALBIERT"}
    proof = proofs.proof(tmp_path, head=head)
    assert [line.partition(":")[0] for _quote, line in said("inbox.all-caps", proof)] == [
        "subject",
        "preheader",
    ]


@pytest.mark.parametrize("subject", ["Geschafft!", "Wer macht mit? Wir!", "Alles neu"])
def test_one_exclamation_mark(tmp_path: Path, subject: str) -> None:
    """One is enough."""
    assert remarks("inbox.exclamation", with_subject(tmp_path, subject)) == []


@pytest.mark.parametrize("subject", ["Geschafft!!", "Los! Jetzt mitmachen!", "Wirklich?!"])
def test_several_exclamation_marks(tmp_path: Path, subject: str) -> None:
    """Side by side or apart."""
    assert [one.quote for one in remarks("inbox.exclamation", with_subject(tmp_path, subject))] == [subject]


def test_no_emoji(tmp_path: Path) -> None:
    """Umlauts, quotes, dashes and currencies are none."""
    assert remarks("inbox.emoji", with_subject(tmp_path, "Große „Pläne“ – für 5 € & §§ 1–3")) == []


def test_emoji(tmp_path: Path) -> None:
    """A hint in the subject; a sign like a badge in the sender's name is a warning, at the settings."""
    assert [one.severity for one in remarks("inbox.emoji", with_subject(tmp_path / "a", "🎉 Neues"))] == [
        None
    ]
    [found] = remarks("inbox.emoji", sent_by(tmp_path / "b", name="Redaktion ✓"))
    assert found.severity is Severity.WARNING
    assert found.where.path.name == "newsletter.toml"


@pytest.mark.parametrize("name", ["Redaktion Kreisblatt", "INTERKOMMUNALES.NRW", "Newsletter des Kreises"])
def test_a_sender_with_a_name(tmp_path: Path, name: str) -> None:
    """Who writes, in words."""
    assert remarks("inbox.sender-name", sent_by(tmp_path, name=name)) == []


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("redaktion@kreis.example", None), ("Newsletter", None), ("info", None), ("–", None),
        ("Redaktion (Neues aus dem Kreis)", Severity.HINT),
    ],
)  # fmt: skip
def test_a_sender_without_a_name(tmp_path: Path, name: str, severity: Severity | None) -> None:
    """An address, a word that says nothing, nothing at all, or more than telephones show."""
    found = remarks("inbox.sender-name", sent_by(tmp_path, name=name))
    assert found[0].severity is severity
    assert found[0].where.path.name == "newsletter.toml"


def test_a_sender_that_holds_the_subject(tmp_path: Path) -> None:
    """Gmail’s rules forbid it."""
    found = remarks("inbox.sender-name", sent_by(tmp_path, name="Neues aus dem Kreis"))
    assert [one.message for one in found] == ["The sender’s name holds the subject."]


@pytest.mark.parametrize(
    "more",
    [{}, {"address": "noreply@kreis.example", "reply_to": "redaktion@kreis.example"}],
    ids=["own", "other"],
)
def test_a_sender_that_takes_answers(tmp_path: Path, more: dict[str, str]) -> None:
    """Its own address, or another one for answers."""
    assert remarks("inbox.no-reply", sent_by(tmp_path, **more)) == []


@pytest.mark.parametrize(
    "address", ["noreply@kreis.example", "no-reply@kreis.example", "nicht-antworten@kreis.example"]
)
def test_a_sender_that_takes_none(tmp_path: Path, address: str) -> None:
    """Whether it is the sender, or where answers go."""
    assert len(remarks("inbox.no-reply", sent_by(tmp_path / "a", address=address))) == 1
    assert len(remarks("inbox.no-reply", sent_by(tmp_path / "b", reply_to=address))) == 1
