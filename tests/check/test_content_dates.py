"""The family `content`: days that exist, have that weekday, and are still to come."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.check.finding import Severity
from tests.check import proofs
from tests.check.proofs import events, said


class TestWeekday:
    """The rule content.weekday."""

    @pytest.mark.parametrize(
        "text",
        [
            "am Mittwoch, 6. März 2024",
            "Mi., 06.03.2024",
            "am Mittwoch, den 6. März",
            "6. März 2024 (Mittwoch)",
            "on Wednesday, March 6th, 2024",
            "Wed, 6 Mar 2024",
            "Wednesday 6 March",
            "Montag bis Mittwoch, 4. bis 6. März 2024",
            "Mo.–Mi., 4.3.–6.3.2024",
            "Montag und Dienstag, 6. März 2024",
            "So 6. März 2024 kommt",
            "Mittwoch, 6.3. 19 Uhr",
            "Mittwoch, 14.30 Uhr",
            "So sind 6.3. Punkte",
        ],
    )
    def test_days_that_match(self, tmp_path: Path, text: str) -> None:
        """German and English, short and long; of several days nothing is claimed."""
        assert proofs.remarks("content.weekday", proofs.proof(tmp_path, text)) == []

    @pytest.mark.parametrize(
        ("quote", "severity"),
        [
            ("Donnerstag, 6. März 2024", None),
            ("Do., 06.03.2024", None),
            ("Do, 6.3.24", None),
            ("Donnerstag, den 6. März", Severity.WARNING),
            ("6. März 2024 (Donnerstag)", None),
            ("Thursday, March 6th, 2024", None),
            ("Thu, 6 Mar 2024", None),
            ("Thursday the 6th of March", Severity.WARNING),
            ("Donnerstag, 2024-03-06", None),
            ("Sonnabend, 6. März 2024", None),
        ],
    )
    def test_days_that_do_not(self, tmp_path: Path, quote: str, severity: Severity | None) -> None:
        """With the right weekday in the message; without a year it is a warning."""
        proof = proofs.proof(tmp_path, f"Zeile.\n\nWir treffen uns {quote} um 10 Uhr.\n")
        [found] = proofs.remarks("content.weekday", proof)
        assert (found.quote, found.severity) == (quote, severity)
        assert "Wednesday" in found.message
        assert proofs.lines([found], proof) == [f"Wir treffen uns {quote} um 10 Uhr."]

    def test_a_date_without_a_year_is_the_next_one(self, tmp_path: Path) -> None:
        """In an issue of November, the 8th of January is that of the year after."""
        head = {"date": "2024-11-20"}
        assert (
            proofs.remarks("content.weekday", proofs.proof(tmp_path, "Mittwoch, 8. Januar", head=head)) == []
        )

    def test_an_event_is_on_its_own_day(self, tmp_path: Path) -> None:
        """The text of an event may name the weekdays on which it takes place, no other."""
        event = {
            "title": "Forum",
            "date": "2024-03-06",
            "end_date": "2024-03-07",
            "text": "Kommen Sie am Donnerstag.",
        }
        assert proofs.remarks("content.weekday", proofs.proof(tmp_path / "good", events(event))) == []
        event["text"] = "Kommen Sie am Freitag."
        [found] = proofs.remarks("content.weekday", proofs.proof(tmp_path / "bad", events(event)))
        assert (found.quote, found.severity) == ("Freitag", Severity.WARNING)


class TestImpossibleDate:
    """The rule content.impossible-date."""

    @pytest.mark.parametrize(
        "text", ["29. Februar 2024", "31.12.2024", "Abschnitt 31.6.", "Version 3.31.2", "31. Mai"]
    )
    def test_days_that_exist(self, tmp_path: Path, text: str) -> None:
        """Leap days do; numbers of sections are no dates."""
        assert proofs.remarks("content.impossible-date", proofs.proof(tmp_path, text)) == []

    @pytest.mark.parametrize(
        "quote", ["31. Juni 2024", "29. Februar 2023", "31.11.2024", "30 February", "June 31, 2024"]
    )
    def test_days_that_do_not(self, tmp_path: Path, quote: str) -> None:
        """In words and in digits."""
        proof = proofs.proof(tmp_path, f"Zeile.\n\nEs beginnt {quote} morgens.\n")
        assert said("content.impossible-date", proof) == [(quote, f"Es beginnt {quote} morgens.")]


class TestPastDate:
    """The rule content.past-date."""

    @pytest.mark.parametrize(
        "text",
        [
            "Die Teilnahme ist bis zum 1. Februar 2024 möglich.",
            "Anmeldung bis 15.2.2024.",
            "Bis zum 31. Januar nur so.",
            "Die Umfrage lief bis zum 31. Januar 2023.",
            "Vom 1. Januar bis zum 31. Dezember 2023 galt das.",
            "Wir haben bis zum 31. Januar 2023 gewartet.",
            "Das Gesetz vom 3. Mai 2020 gilt.",
            "The programme ran until 3 May 2023.",
            "Seit 2020 und bis 31. Dezember 2023 galt das.",
        ],
    )
    def test_days_to_come_and_looks_back(self, tmp_path: Path, text: str) -> None:
        """The day of the issue itself is not over; what has been may be told."""
        assert proofs.remarks("content.past-date", proofs.proof(tmp_path, text)) == []

    @pytest.mark.parametrize(
        ("text", "quote"),
        [
            ("Die Teilnahme ist bis zum 2. August 2023 möglich.", "2. August 2023"),
            (
                "Bitte melden Sie sich bis spätestens Mittwoch, 2. August 2023, an.",
                "Mittwoch, 2. August 2023",
            ),
            ("Anmeldeschluss: 31.01.2024", "31.01.2024"),
            ("Das Forum findet am 2. August 2023 statt.", "2. August 2023"),
            ("Please register by 2 August 2023.", "2 August 2023"),
            ("The forum takes place on August 2, 2023.", "August 2, 2023"),
        ],
    )
    def test_texts_that_call_too_late(self, tmp_path: Path, text: str, quote: str) -> None:
        """A warning, as words can be meant otherwise."""
        [found] = proofs.remarks("content.past-date", proofs.proof(tmp_path, text))
        assert (found.quote, found.severity) == (quote, Severity.WARNING)

    def test_a_deadline_that_is_over(self, tmp_path: Path) -> None:
        """An error, at the line of the deadline; on the day of the issue it is not over."""
        call = {"type": "action", "heading": "Umfrage", "text": "Machen Sie mit.\n", "deadline": "2024-02-01"}
        assert proofs.remarks("content.past-date", proofs.proof(tmp_path / "good", call)) == []
        proof = proofs.proof(tmp_path / "bad", call, {**call, "heading": "Zweite", "deadline": "31.1.2024"})
        [found] = proofs.remarks("content.past-date", proof)
        assert (found.severity, found.section) == (None, "zweite")
        assert "31.1.2024" in proofs.lines([found], proof)[0]

    def test_an_event_that_is_over(self, tmp_path: Path) -> None:
        """A warning, as some lists look back; what lasts longer counts until its end."""
        gone = {"title": "Alter Termin", "date": "2024-01-20"}
        long = {"title": "Ausstellung", "date": "2024-01-20", "end_date": "2024-02-20"}
        proof = proofs.proof(tmp_path, events(gone, long))
        [found] = proofs.remarks("content.past-date", proof)
        assert (found.quote, found.severity) == ("Alter Termin", Severity.WARNING)
        assert "Alter Termin" in proofs.lines([found], proof)[0]
