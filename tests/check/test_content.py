"""The family `content`: words, links and days that a reader would stumble over."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from newsletter import config
from newsletter.check import checking
from newsletter.check.finding import Severity
from newsletter.check.proof import Proof
from newsletter.check.report import Report
from newsletter.workspace import Workspace
from tests.check import proofs
from tests.check.proofs import events, said

ROOT = Path(__file__).parents[2]
REAL = "issues/2023-3/issue.yaml"


def real_issue(folder: Path, changes: Mapping[str, str] | None = None) -> tuple[Report, Proof]:
    """Check a copy of the real issue, with words of it exchanged."""
    shutil.copy(ROOT / "newsletter.toml", folder)
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copytree(ROOT / "issues" / "2023-3", folder / "issues" / "2023-3")
    text = (folder / REAL).read_text(encoding="utf-8")
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    (folder / REAL).write_text(text, encoding="utf-8")
    workspace = Workspace(folder, config.load(folder / "newsletter.toml", {}))
    return checking.check(workspace, workspace.issue_id("2023-3"))


class TestRealIssue:
    """Ausgabe III/2023, and what was wrong with its source."""

    def test_the_promise_without_a_link_is_found(self, tmp_path: Path) -> None:
        """“Weitere Informationen finden Sie hier” has no link: an error, at its words."""
        _report, proof = real_issue(tmp_path)
        [found] = proofs.remarks("content.promise", proof)
        assert (found.quote, found.section) == ("Weitere Informationen finden Sie hier", "umfrage")
        assert found.severity is None
        line = proof.file.read_text(encoding="utf-8").splitlines()[found.where.line - 1]
        assert line[found.where.column - 1 :].startswith("Weitere Informationen")

    def test_nothing_else_keeps_it_from_being_sent(self, tmp_path: Path) -> None:
        """The promise may stay, for a reason that stands in the issue and in the report."""
        report, _proof = real_issue(tmp_path)
        ours = [one for one in report.findings if one.rule.startswith(("content.", "inbox.", "law."))]
        assert not [one for one in ours if one.severity is Severity.ERROR]
        assert [(one.rule, one.hidden) for one in report.off] == [("content.promise", 1)]

    def test_the_dead_links_of_the_source_are_found(self, tmp_path: Path) -> None:
        """As the source had them: each `#` is told at its line, the promise not besides."""
        report, proof = real_issue(
            tmp_path,
            {
                "unter Umfrage Interkommunale\n      Kooperation.": (
                    "unter [Umfrage Interkommunale\n      Kooperation](#)."
                ),
                "finden Sie hier.": "finden Sie [hier](#).",
                "unter Interkommunales.NRW\n": "unter [Interkommunales.NRW](#)\n",
            },
        )
        dead = [one for one in report.findings if one.rule == "content.dead-link"]
        assert [(one.severity, one.section) for one in dead] == [
            (Severity.ERROR, "umfrage"),
            (Severity.ERROR, "umfrage"),
            (Severity.ERROR, "portal"),
        ]
        assert len({one.where.line for one in dead}) == 3
        assert proofs.remarks("content.promise", proof) == []
        assert [one.quote for one in proofs.remarks("content.link-text", proof)] == ["hier"]

    def test_its_plain_http_link_is_found(self, tmp_path: Path) -> None:
        """The map's source is linked without encryption: a warning, at the place of the address."""
        warned = [one for one in real_issue(tmp_path)[0].findings if one.rule == "content.plain-http"]
        assert [(one.quote, one.section) for one in warned] == [("http://www.geoportal.de", "karte")]


class TestPromise:
    """The rule content.promise."""

    @pytest.mark.parametrize(
        "text",
        [
            "Weitere Informationen finden Sie [hier](https://kreis.example).",
            "Weitere Informationen finden Sie\n[hier](https://kreis.example).",
            "Weitere Informationen finden Sie im [Bericht](https://kreis.example).",
            "Wir sind gern für Sie da. Hier im Haus finden Sie viele Informationen.",
            "Die Anmeldung ist unter folgendem Link möglich: https://kreis.example/anmeldung",
            "Die Anmeldung ist unter folgendem Link möglich:\n\n[Anmeldung zum Forum](https://kreis.example)",
            "Informationen dazu gibt es hier:\n\n- [Bericht](https://kreis.example)",
            "Hier gibt es mehr Platz. Hier steht eine Bank.",
            "You can find more information in [our report](https://kreis.example).",
            "We are here. More people come here every year.",
            "Weitere Informationen finden Sie hier: Telefon 0211 123456.",
        ],
    )
    def test_promises_that_are_kept(self, tmp_path: Path, text: str) -> None:
        """By a link in the sentence, or behind a colon; “hier” may also be a place."""
        assert proofs.remarks("content.promise", proofs.proof(tmp_path, text)) == []

    @pytest.mark.parametrize(
        ("text", "quote"),
        [
            ("Gut. Weitere Informationen finden Sie hier.", "Weitere Informationen finden Sie hier"),
            ("Weitere Informationen\nfinden Sie hier.", "Weitere Informationen finden Sie hier"),
            ("Näheres lesen Sie hier!", "Näheres lesen Sie hier!"),
            ("Zum Programm gelangen Sie hier:", "Zum Programm gelangen Sie hier"),
            ("Bitte klicken Sie hier, um teilzunehmen.", "Bitte klicken Sie hier, um teilzunehmen"),
            (
                "Sie können sich unter folgendem Link anmelden.",
                "Sie können sich unter folgendem Link anmelden",
            ),
            ("Hier finden Sie weitere Informationen.", "Hier finden Sie weitere Informationen"),
            ("You can find more information here.", "You can find more information here"),
            ("Click here to register.", "Click here to register"),
            ("Please use the following link.", "Please use the following link"),
            (
                "[Bericht](https://kreis.example) da. Alle Unterlagen finden Sie hier.",
                "Alle Unterlagen finden Sie hier",
            ),
        ],
    )
    def test_promises_that_are_broken(self, tmp_path: Path, text: str, quote: str) -> None:
        """There is no link in the sentence, nor behind it."""
        proof = proofs.proof(tmp_path, f"Anfang.\n\n{text}\n")
        [found] = proofs.remarks("content.promise", proof)
        assert (found.quote, found.severity) == (quote, None)
        assert quote.startswith(proofs.lines([found], proof)[0].rpartition(". ")[2].rstrip(".")[:20])

    def test_a_button_below_makes_it_a_warning(self, tmp_path: Path) -> None:
        """The words are no link, but readers find one in the section."""
        section = {
            "type": "letter",
            "text": "Weitere Informationen finden Sie hier.\n",
            "buttons": [{"label": "Bericht der Stadt", "url": "https://kreis.example"}],
        }
        found = proofs.remarks("content.promise", proofs.proof(tmp_path, section))
        assert [one.severity for one in found] == [Severity.WARNING]

    def test_a_frozen_edition_is_looked_at_itself(self, tmp_path: Path) -> None:
        """When its sources have changed since, the mail is read instead of the issue."""
        workspace = proofs.office(tmp_path, "Weitere Informationen finden Sie hier.")
        edition = checking.proof_of(workspace, workspace.issue_id(None)).edition
        assert edition is not None
        file = workspace.issue_file(edition.id)
        file.write_text(
            file.read_text(encoding="utf-8").replace("finden Sie hier", "folgen"), encoding="utf-8"
        )
        proof = checking.proof_of_edition(workspace, edition)
        assert proof.issue is None
        assert [one.quote for one in proofs.remarks("content.promise", proof)] == [
            "Weitere Informationen finden Sie hier"
        ]


class TestPlaceholder:
    """The rule content.placeholder."""

    @pytest.mark.parametrize(
        "text",
        [
            "Der Entwurf des Haushalts liegt vor. Die To-do-Liste ist lang.",
            "ENTWURF DES HAUSHALTS 2024 LIEGT VOR",
            "Der XXX. Städtetag war gut besucht.",
            "Das Projekt XXL wächst.",
            "Wirklich?? Ja.",
            "Metodo todo.",
            "Ihr Ansprechpartner: N. N.",
            "[Bericht](https://kreis.example)",
        ],
    )
    def test_words_that_are_meant(self, tmp_path: Path, text: str) -> None:
        """Words, headings in capitals and Roman numbers."""
        assert proofs.remarks("content.placeholder", proofs.proof(tmp_path, text)) == []

    @pytest.mark.parametrize(
        "word",
        [
            "TODO",
            "XXX",
            "XXXX",
            "DRAFT",
            "ENTWURF",
            "Lorem ipsum",
            "lorem ipsum",
            "FIXME",
            "PLATZHALTER",
            "Blindtext",
            "hier Text einfügen",
            "[Datum]",
            "???",
            "XX.XX.",
            "20XX",
            "Insert text here",
        ],
    )
    def test_placeholders(self, tmp_path: Path, word: str) -> None:
        """At their line and column."""
        proof = proofs.proof(tmp_path, f"Anfang\n\nWir zeigen {word} und gehen.\n")
        [found] = proofs.remarks("content.placeholder", proof)
        assert proofs.lines([found], proof) == [f"Wir zeigen {word} und gehen."]
        assert found.quote.casefold().startswith(word.casefold()[:3])

    def test_everything_that_is_read(self, tmp_path: Path) -> None:
        """Subject, heading, alt text, event: not only running text."""
        image = {"type": "image", "image": {"file": "bild.png", "alt": "TODO"}}
        event = {"title": "Forum", "date": "2024-03-01", "place": "TBA"}
        proof = proofs.proof(tmp_path, image, events(event), head={"subject": "ENTWURF: Neues aus dem Kreis"})
        found = proofs.remarks("content.placeholder", proof)
        assert [(one.quote, one.severity) for one in found] == [
            ("ENTWURF", None),
            ("TODO", None),
            ("TBA", Severity.WARNING),
        ]


class TestHeadings:
    """The rule content.duplicate-heading."""

    def test_each_heading_once(self, tmp_path: Path) -> None:
        """Readers of different segments may get the same one."""
        one = {"type": "article", "heading": "Neues", "text": "Eins.\n", "only": "cities"}
        other = {"type": "article", "heading": "Neues", "text": "Zwei.\n", "not": "cities"}
        proof = proofs.proof(tmp_path, proofs.GOOD, one, other)
        assert proofs.remarks("content.duplicate-heading", proof) == []

    def test_the_same_heading_twice(self, tmp_path: Path) -> None:
        """Told at the second, however it is written."""
        one = {"type": "article", "heading": "Neues aus dem Rat", "text": "Eins.\n"}
        other = {"type": "article", "heading": "NEUES aus dem Rat", "text": "Zwei.\n"}
        proof = proofs.proof(tmp_path, one, other)
        assert said("content.duplicate-heading", proof) == [
            ("NEUES aus dem Rat", "heading: NEUES aus dem Rat")
        ]

    def test_without_an_edition(self, tmp_path: Path) -> None:
        """Faults elsewhere do not hide it."""
        one = {"type": "article", "heading": "Neues", "text": "[Bericht](#)\n"}
        proof = proofs.proof(tmp_path, one, one)
        assert proof.edition is None
        assert len(proofs.remarks("content.duplicate-heading", proof)) == 1


class TestGreeting:
    """The rule content.greeting."""

    @pytest.mark.parametrize(
        ("head", "text"),
        [
            ({}, "Viel Freude beim Lesen."),
            ({}, "Guten Tag und viel Freude."),
            ({"salutation": False}, "Guten Tag und viel Freude."),
            ({"salutation": False}, "Liebe Leserinnen und Leser,\n\nwir freuen uns."),
            ({"salutation": False, "language": "en"}, "Dear readers,\n\nwelcome."),
        ],
    )
    def test_one_greeting(self, tmp_path: Path, head: Mapping[str, object], text: str) -> None:
        """The issue's salutation, or one in the first text."""
        letter = {"type": "letter", "text": f"{text}\n"}
        assert proofs.remarks("content.greeting", proofs.proof(tmp_path, letter, head=head)) == []

    def test_no_greeting(self, tmp_path: Path) -> None:
        """Neither salutation nor a first text that greets."""
        letter = {"type": "letter", "text": "Es gibt Neues.\n"}
        proof = proofs.proof(tmp_path, letter, head={"salutation": False})
        assert [one.message for one in proofs.remarks("content.greeting", proof)] == ["Nobody is greeted."]

    def test_two_greetings(self, tmp_path: Path) -> None:
        """A formal one below the issue's own."""
        letter = {"type": "letter", "text": "Sehr geehrte Damen und Herren,\n\nes gibt Neues.\n"}
        proof = proofs.proof(tmp_path, letter)
        assert said("content.greeting", proof) == [
            ("Sehr geehrte Damen und Herren,", "Sehr geehrte Damen und Herren,")
        ]


class TestIssueNumber:
    """The rule content.issue-number, and the fault that the reader tells."""

    @pytest.mark.parametrize(
        "subject", ["Newsletter 1/2024: Neues", "Ausgabe I / 2024: Neues", "Bilanz 3/2023"]
    )
    def test_its_own_number(self, tmp_path: Path, subject: str) -> None:
        """In digits or Roman letters; other fractions are none."""
        assert proofs.remarks("content.issue-number", proofs.proof(tmp_path, head={"subject": subject})) == []

    @pytest.mark.parametrize(
        "quote", ["Newsletter 4/2023", "Ausgabe IV / 2023", "Newsletter I/2023", "Issue 2/2024"]
    )
    def test_the_number_of_another(self, tmp_path: Path, quote: str) -> None:
        """Left over from the issue that this one was copied from."""
        proof = proofs.proof(tmp_path, head={"subject": f"{quote}: Neues"})
        assert [one.quote for one in proofs.remarks("content.issue-number", proof)] == [quote]

    def test_another_folder_reaches_the_report(self, tmp_path: Path) -> None:
        """The issue of the folder 2024-1 says that it is number 2."""
        found = proofs.report(tmp_path, head={"number": 2})
        [fault] = [one for one in found.findings if one.rule == "issue.fault"]
        assert "2024-2" in fault.message
        assert "2024-1" in fault.message
        assert fault.severity is Severity.ERROR
