"""The family `content`: where links lead, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.check import checking
from newsletter.check.finding import Severity
from tests.check import proofs
from tests.check.proofs import events, said

ROOT = Path(__file__).parents[2]
TRUE_SENDER = {"NEWSLETTER_SENDER__ADDRESS": "redaktion@kreis-muster.de"}
"""A newsletter that is no sample itself."""


class TestDeadLink:
    """The rule content.dead-link."""

    def test_links_that_lead_somewhere(self, tmp_path: Path) -> None:
        """Pages, addresses, numbers; a sample newsletter may link to names for examples."""
        text = (
            "[Bericht](https://www.kreis.example/bericht?x=1#drei), [Post](mailto:a@kreis.example),"
            " [Ruf](tel:+4930123)"
        )
        assert proofs.remarks("content.dead-link", proofs.proof(tmp_path, text)) == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://xxx",
            "https://www.xxx.de/seite",
            "https://www.link.de",
            "https://link",
            "https://TODO",
            "https://www.land.nrw/TODO",
            "https://www.land.nrw/bericht-tbd",
            "https://url.de",
            "https://www.platzhalter.de/",
            "https://www.land.nrw/link-einfuegen",
            "https://www.land.nrw/xxxx",
        ],
    )
    def test_placeholders(self, tmp_path: Path, url: str) -> None:
        """What was written down until the true address would be known."""
        proof = proofs.proof(tmp_path, f"Zeile.\n\nDer [Bericht]({url}) ist da.\n")
        assert said("content.dead-link", proof) == [(url, f"Der [Bericht]({url}) ist da.")]

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "https://www.example.org/seite",
            "https://bericht.kreis.example/",
            "https://stadt.test/",
            "http://nirgends.invalid/",
        ],
    )
    def test_names_for_examples(self, tmp_path: Path, url: str) -> None:
        """They lead nowhere (RFC 2606) for the readers of a newsletter that is none itself."""
        proof = proofs.proof(tmp_path, f"[Bericht]({url})", environ=TRUE_SENDER)
        assert [one.quote for one in proofs.remarks("content.dead-link", proof)] == [url]

    @pytest.mark.parametrize(
        "url",
        [
            "https://www.test.de/",
            "https://www.linkedin.com/in/x",
            "https://land.nrw/todolisten/xxl",
            "https://www.url-shortener-studie.de",
            "https://www.xxxlutz.de/",
            "https://barrierefrei.nrw/links",
            "https://www.kreis-x.de/adresse/",
            "https://my-domain-registry.nrw",
        ],
    )
    def test_addresses_that_only_look_alike(self, tmp_path: Path, url: str) -> None:
        """A word in an address is no placeholder yet."""
        proof = proofs.proof(tmp_path, f"[Bericht]({url})", environ=TRUE_SENDER)
        assert proofs.remarks("content.dead-link", proof) == []

    @pytest.mark.parametrize("url", ["#", "", "##", "https://..."])
    def test_what_composing_found(self, tmp_path: Path, url: str) -> None:
        """Dead links keep an issue from being composed; they are told by this rule, with their section."""
        proof = proofs.proof(tmp_path, f"Zeile.\n\nMehr [im Bericht]({url}).\n")
        assert proof.edition is None
        [found] = proofs.remarks("content.dead-link", proof)
        assert proofs.lines([found], proof) == [f"Mehr [im Bericht]({url})."]
        assert found.section == "ueberschrift"
        assert found.cure

    def test_each_dead_link_of_a_line_is_named(self, tmp_path: Path) -> None:
        """By its words and its column; another fault of the same line is told beside it."""
        proof = proofs.proof(tmp_path, "Zur [Umfrage](#) und zum [Bericht]() und [dorthin](ftp://a.example).")
        found = proofs.remarks("content.dead-link", proof)
        assert sorted({one.quote for one in found}) == ["", "Bericht", "Umfrage"]
        raw = proof.file.read_text(encoding="utf-8").splitlines()
        for one in found:
            if one.quote:
                assert raw[one.where.line - 1][one.where.column - 1 :].startswith(f"[{one.quote}]")
        assert any("ftp" in one.message for one in found)

    @pytest.mark.parametrize("name", ["content", "content.dead-link"])
    def test_what_composing_found_cannot_be_set_off(self, tmp_path: Path, name: str) -> None:
        """There is no mail with it, so it is told as a fault then."""
        head = {"check": {"off": {name: "Nicht so wichtig"}}}
        found = proofs.report(tmp_path, "Mehr [im Bericht](#).", head=head)
        assert [one.rule for one in found.findings if one.severity is Severity.ERROR] == ["issue.fault"]

    def test_buttons_and_images_too(self, tmp_path: Path) -> None:
        """Addresses that stand by themselves are looked at like those in a text."""
        article = {
            "type": "article",
            "heading": "Bericht",
            "image": {"file": "bild.png", "alt": "Ein Feld", "link": "https://www.link.de"},
            "buttons": [{"label": "Zum Bericht", "url": "https://TODO"}],
        }
        proof = proofs.proof(tmp_path, article)
        assert {one.quote for one in proofs.remarks("content.dead-link", proof)} == {
            "https://TODO",
            "https://www.link.de",
        }

    def test_the_foot_of_the_mail_too(self, tmp_path: Path) -> None:
        """A link of the settings is told at its line in newsletter.toml."""
        environ = {"NEWSLETTER_LEGAL__PRIVACY_URL": "https://www.link.de"}
        proof = proofs.proof(tmp_path, environ=environ)
        [found] = proofs.remarks("content.dead-link", proof)
        assert found.where.path.name == "newsletter.toml"

    def test_places_that_a_template_promises(self, tmp_path: Path) -> None:
        """A link within the mail to a place that is not there is told at the template."""
        template = (ROOT / "newsletter/theme/layout/foot.mjml.j2").read_text(encoding="utf-8")
        workspace = proofs.office(tmp_path)
        office = tmp_path / "templates/layout/foot.mjml.j2"
        office.parent.mkdir(parents=True)
        link = '<p class="up"><a href="#oben">Nach oben</a></p>'
        office.write_text(
            template.replace('<div class="foot-text">', f'<div class="foot-text">{link}'), "utf-8"
        )
        proof = checking.proof_of(workspace, workspace.issue_id(None))
        [found] = proofs.remarks("content.dead-link", proof)
        assert found.quote == "Nach oben"
        assert found.where.path == office


class TestLinkText:
    """The rule content.link-text."""

    @pytest.mark.parametrize(
        "text",
        [
            "Programm des Forums",
            "Hier wächst die Stadt",
            "Mehr Zeit für Pflege",
            "Read the report",
            "www.geoportal.de",
        ],
    )
    def test_texts_that_say_where_they_lead(self, tmp_path: Path, text: str) -> None:
        """Words that begin like a vague text are all right."""
        assert (
            proofs.remarks("content.link-text", proofs.proof(tmp_path, f"[{text}](https://kreis.example)"))
            == []
        )

    @pytest.mark.parametrize(
        "text",
        [
            "hier",
            "Hier klicken",
            "**hier**",
            "mehr",
            "Mehr …",
            "» weiterlesen",
            "Link",
            "weitere Informationen",
            "here",
            "Click here!",
            "read more",
            "Learn more →",
            "mehr\n  erfahren",
        ],
    )
    def test_texts_that_say_nothing(self, tmp_path: Path, text: str) -> None:
        """In German and English, with whatever stands around them, at their line."""
        proof = proofs.proof(tmp_path, f"Zeile hierzu.\n\nZum Bericht [{text}](https://kreis.example)\n")
        [found] = proofs.remarks("content.link-text", proof)
        assert proofs.lines([found], proof)[0].startswith("Zum Bericht")

    def test_buttons_and_events_too(self, tmp_path: Path) -> None:
        """Their labels are link texts."""
        button = {
            "type": "letter",
            "text": "Text.\n",
            "buttons": [{"label": "Mehr", "url": "https://kreis.example"}],
        }
        event = {"title": "Forum", "date": "2024-03-01", "link": "https://kreis.example", "link_text": "hier"}
        proof = proofs.proof(tmp_path, button, events(event))
        assert said("content.link-text", proof) == [("Mehr", "- label: Mehr"), ("hier", "link_text: hier")]

    @pytest.mark.parametrize(
        "text", ["Download", "Website", "https://www.kreis.example/sehr/langer/pfad/zu-einer-seite.html"]
    )
    def test_texts_that_say_little(self, tmp_path: Path, text: str) -> None:
        """What kind of thing there is, or a long address: a hint."""
        proof = proofs.proof(tmp_path, f"[{text}](https://kreis.example)")
        assert [one.severity for one in proofs.remarks("content.link-text", proof)] == [Severity.HINT]


class TestInternalHost:
    """The rule content.internal-host."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://www.test.de/",
            "https://dev.to/",
            "https://kreis.example/staging/",
            "https://testing.gov.uk/",
            "https://www.local-news.example/",
            "https://93.184.216.34/",
            "https://interne-dienste.kreis.example/",
        ],
    )
    def test_public_hosts(self, tmp_path: Path, url: str) -> None:
        """A word that is the whole domain, or stands in the path, says nothing."""
        assert proofs.remarks("content.internal-host", proofs.proof(tmp_path, f"[Bericht]({url})")) == []

    @pytest.mark.parametrize(
        ("url", "severity"),
        [
            ("http://localhost:8000/", None),
            ("http://127.0.0.1/", None),
            ("http://10.1.2.3/x", None),
            ("http://192.168.0.1/", None),
            ("http://172.20.1.1/", None),
            ("http://[::1]/", None),
            ("http://intranet/", None),
            ("http://server.local/", None),
            ("https://wiki.intern/", None),
            ("https://staging.kreis.example/", None),
            ("https://kreis-staging.stadt.example/", None),
            ("https://test.kreis.example/", Severity.WARNING),
            ("https://dev.kreis.example/", Severity.WARNING),
            ("https://portal-dev2.kreis.example/", Severity.WARNING),
        ],
    )
    def test_hosts_of_the_office(self, tmp_path: Path, url: str, severity: Severity | None) -> None:
        """Addresses that readers cannot reach; a name that may be meant is a warning."""
        found = proofs.remarks("content.internal-host", proofs.proof(tmp_path, f"[Bericht]({url})"))
        assert [(one.quote, one.severity) for one in found] == [(url, severity)]


class TestPlainHttp:
    """The rule content.plain-http."""

    def test_encrypted(self, tmp_path: Path) -> None:
        """https, addresses and numbers."""
        text = "[Bericht](https://kreis.example) [Post](mailto:a@kreis.example) [Ruf](tel:+4930123)"
        assert proofs.remarks("content.plain-http", proofs.proof(tmp_path, text)) == []

    def test_not_encrypted(self, tmp_path: Path) -> None:
        """Told at the address, also of one that is its own text."""
        proof = proofs.proof(
            tmp_path, "Zeile\n\nIm <http://kreis.example/a> und [Bericht](http://kreis.example/b).\n"
        )
        found = proofs.remarks("content.plain-http", proof)
        assert [one.quote for one in found] == ["http://kreis.example/a", "http://kreis.example/b"]
        assert found[0].where.column < found[1].where.column
