"""The family `law`: what law and mail providers demand, and what readers' privacy does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from newsletter.check import checking
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from tests.check import proofs
from tests.check.proofs import remarks

THEME = Path(__file__).parents[2] / "newsletter" / "theme"
ONE_CLICK = {"NEWSLETTER_LIST__UNSUBSCRIBE_URL": "https://kreis.example/abmelden/{token}"}


def settled(folder: Path, **settings: str) -> Proof:
    """Make a proof with settings, such as `legal__imprint=""`."""
    environ = {f"NEWSLETTER_{name.upper()}": value for name, value in settings.items()}
    return proofs.proof(folder, environ=environ)


def themed(
    folder: Path, changes: Mapping[str, tuple[str, str]], environ: Mapping[str, str] | None = None
) -> Proof:
    """Make a proof with templates of the base theme in which one piece is put in place of another."""
    workspace = proofs.office(folder, environ=environ)
    for name, (old, new) in changes.items():
        template = (THEME / name).read_text(encoding="utf-8")
        assert old in template
        (folder / "templates" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "templates" / name).write_text(template.replace(old, new), encoding="utf-8")
    return checking.proof_of(workspace, workspace.issue_id(None))


def in_mail(folder: Path, content: str, environ: Mapping[str, str] | None = None) -> Proof:
    """Make a proof with a piece of HTML in the foot of the mail."""
    name = "layout/foot.mjml.j2"
    return themed(folder, {name: ('<div class="foot-text">', f'<div class="foot-text">{content}')}, environ)


def weights(found: list[Remark]) -> list[Severity | None]:
    """Return how heavy remarks are; None as the rule says."""
    return [one.severity for one in found]


class TestImprint:
    """The rules law.imprint and law.imprint-sample."""

    @pytest.mark.parametrize(
        "settings",
        [
            {"legal__imprint": "Kreis Beispiel\nAm Markt 1"},
            {"legal__imprint": "", "legal__imprint_url": "https://kreis.example/impressum"},
        ],
        ids=["words", "link"],
    )
    def test_it_is_there(self, tmp_path: Path, settings: Mapping[str, str]) -> None:
        """In words, or as a link."""
        assert remarks("law.imprint", settled(tmp_path, **settings)) == []

    def test_it_is_nowhere(self, tmp_path: Path) -> None:
        """Told at the settings that lack it."""
        [found] = remarks("law.imprint", settled(tmp_path, legal__imprint=""))
        assert found.message == "There is no legal notice (Impressum) in the mail."
        assert found.where.path.name == "newsletter.toml"

    @pytest.mark.parametrize(
        ("name", "old", "part"),
        [
            ("layout/foot.txt.j2", "{{ line.plain }}", "plain text"),
            ("layout/foot.mjml.j2", "{% for line in legal.imprint %}{{ line }}", "HTML"),
        ],
        ids=["text", "html"],
    )
    def test_one_part_lacks_it(self, tmp_path: Path, name: str, old: str, part: str) -> None:
        """A theme of the office's that has lost it in one of the two."""
        new = "{% for line in legal.imprint %}" if part == "HTML" else ""
        [found] = remarks("law.imprint", themed(tmp_path, {name: (old, new)}))
        assert part in found.message

    def test_it_is_the_offices_own(self, tmp_path: Path) -> None:
        """A name that only begins like one of the sample."""
        proof = settled(tmp_path, legal__imprint="Kreis Beispiel, Musterknabenweg 3")
        assert remarks("law.imprint-sample", proof) == []

    def test_it_is_the_samples(self, tmp_path: Path) -> None:
        """Names that samples have; in the sender's block as well."""
        proof = settled(tmp_path, legal__imprint="Musterstraße 1", sender__block="12345 Musterstadt")
        assert [one.quote for one in remarks("law.imprint-sample", proof)] == ["Musterstraße", "Musterstadt"]


class TestPrivacyNotice:
    """The rule law.privacy-link."""

    def test_it_is_linked(self, tmp_path: Path) -> None:
        """By the settings."""
        proof = settled(tmp_path, legal__privacy_url="https://kreis.example/datenschutz")
        assert remarks("law.privacy-link", proof) == []

    def test_it_is_not(self, tmp_path: Path) -> None:
        """Told at the settings."""
        assert [one.where.path.name for one in remarks("law.privacy-link", settled(tmp_path))] == [
            "newsletter.toml"
        ]


class TestUnsubscribe:
    """The rule law.unsubscribe."""

    @pytest.mark.parametrize("environ", [{}, ONE_CLICK], ids=["mail", "web"])
    def test_there_is_a_way_out(self, tmp_path: Path, environ: Mapping[str, str]) -> None:
        """By mail, or on the web."""
        assert remarks("law.unsubscribe", proofs.proof(tmp_path, environ=environ)) == []

    @pytest.mark.parametrize(
        ("name", "old", "part"),
        [
            (
                "layout/foot.mjml.j2",
                '<a href="{{ web.unsubscribe_url }}">{{ _("Unsubscribe from this newsletter") }}</a>',
                "HTML",
            ),
            (
                "layout/foot.txt.j2",
                '{{ sheet.button(_("Unsubscribe from this newsletter"), web.unsubscribe_url) }}',
                "plain text",
            ),
        ],
        ids=["html", "text"],
    )
    def test_one_part_has_none(self, tmp_path: Path, name: str, old: str, part: str) -> None:
        """A theme of the office's that has lost it in one of the two."""
        [found] = remarks("law.unsubscribe", themed(tmp_path, {name: (old, "")}))
        assert part in found.message


class TestListHeaders:
    """The rule law.list-headers."""

    def test_one_click_is_enough(self, tmp_path: Path) -> None:
        """With a service on the web, all that RFC 8058 demands is there, however long the address is."""
        long = {"NEWSLETTER_LIST__UNSUBSCRIBE_URL": f"https://kreis.example/{'a' * 80}/{{token}}"}
        assert remarks("law.list-headers", proofs.proof(tmp_path / "a", environ=ONE_CLICK)) == []
        assert remarks("law.list-headers", proofs.proof(tmp_path / "b", environ=long)) == []

    def test_without_a_service_it_is_a_hint(self, tmp_path: Path) -> None:
        """Nobody can unsubscribe by one click; by mail they can."""
        assert weights(remarks("law.list-headers", proofs.proof(tmp_path))) == [Severity.HINT]

    def test_a_setting_that_cannot_stand_in_a_header(self, tmp_path: Path) -> None:
        """Is told with what is wrong, instead of ending the check."""
        proof = proofs.proof(tmp_path, settings='\n[list.headers]\nList-Id = "eigene"\n', environ=ONE_CLICK)
        [found] = remarks("law.list-headers", proof)
        assert "List-Id" in found.message
        assert found.severity is None

    def test_without_an_edition_there_is_no_header(self, tmp_path: Path) -> None:
        """An issue with faults has none yet."""
        assert remarks("law.list-headers", proofs.proof(tmp_path, "[Bericht](#)")) == []


class TestSender:
    """The rules law.sender-aligned, law.free-mail and law.signature."""

    KEY: Mapping[str, str] = {"dkim__selector": "nl", "dkim__key_file": "dkim.pem"}

    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"sender__return_path": "bounce+{token}@mail.kreis.example"},
            KEY,
            {**KEY, "dkim__domain": "nl.kreis.example"},
        ],
        ids=["alone", "below", "signed", "signed below"],
    )
    def test_one_domain(self, tmp_path: Path, settings: Mapping[str, str]) -> None:
        """The same organisation's, as DMARC compares them."""
        assert remarks("law.sender-aligned", settled(tmp_path, **settings)) == []

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"sender__return_path": "bounce@dienst.test"}, [Severity.WARNING]),
            ({**KEY, "sender__return_path": "bounce@dienst.test"}, [Severity.WARNING]),
            ({**KEY, "dkim__domain": "dienst.test"}, [Severity.WARNING]),
            (
                {**KEY, "dkim__domain": "dienst.test", "sender__return_path": "bounce@dienst.test"},
                [None, None],
            ),
        ],
        ids=["return path", "return path, signed", "signature", "both"],
    )
    def test_several_domains(
        self, tmp_path: Path, settings: Mapping[str, str], expected: list[Severity | None]
    ) -> None:
        """A warning where the other one may vouch for the mail, an error where neither can."""
        assert weights(remarks("law.sender-aligned", settled(tmp_path, **settings))) == expected

    def test_countries_with_two_labels(self, tmp_path: Path) -> None:
        """Two councils of gov.uk are not one organisation."""
        proof = settled(tmp_path, sender__address="news@one.gov.uk", sender__return_path="bounce@two.gov.uk")
        assert len(remarks("law.sender-aligned", proof)) == 1

    def test_a_domain_of_its_own(self, tmp_path: Path) -> None:
        """Answers may go to a large provider all the same."""
        assert remarks("law.free-mail", settled(tmp_path, sender__reply_to="kreisblatt@gmx.de")) == []

    @pytest.mark.parametrize("domain", ["gmx.de", "gmail.com", "t-online.de"])
    def test_a_domain_of_a_provider(self, tmp_path: Path, domain: str) -> None:
        """Only its own servers may send with it."""
        found = remarks("law.free-mail", settled(tmp_path, sender__address=f"kreisblatt@{domain}"))
        assert [domain in one.message for one in found] == [True]

    @pytest.mark.parametrize(
        "settings", [{}, {**KEY, "smtp__host": "relay.kreis.example"}], ids=["outbox", "signed"]
    )
    def test_nothing_to_be_signed_elsewhere(self, tmp_path: Path, settings: Mapping[str, str]) -> None:
        """Nothing leaves the machine, or it is signed."""
        assert remarks("law.signature", settled(tmp_path, **settings)) == []

    def test_unsigned(self, tmp_path: Path) -> None:
        """The relay must sign, and is named."""
        [found] = remarks("law.signature", settled(tmp_path, smtp__host="relay.kreis.example"))
        assert "relay.kreis.example" in found.message


class TestLoaded:
    """The rules law.third-party and law.tracking-pixel."""

    OURS: Mapping[str, str] = {
        "NEWSLETTER_WEB__BASE_URL": "https://archiv.example/blatt",
        "NEWSLETTER_WEB__ASSETS_URL": "https://bilder.example/blatt",
    }

    def test_images_of_our_own(self, tmp_path: Path) -> None:
        """In the mail, or at the hosts of [web]."""
        image = {"type": "image", "image": {"file": "bild.png", "alt": "Ein Feld"}}
        for name, environ in (("a", {}), ("b", self.OURS)):
            proof = proofs.proof(tmp_path / name, image, environ=environ)
            assert remarks("law.third-party", proof) == []
            assert remarks("law.tracking-pixel", proof) == []

    def test_hosts_of_our_own(self, tmp_path: Path) -> None:
        """Those of [check] count as ours."""
        workspace = proofs.office(tmp_path, settings='\n[check]\nhosts = ["Logo.example"]\n')
        foot = (THEME / "layout/foot.mjml.j2").read_text(encoding="utf-8")
        path = tmp_path / "templates/layout/foot.mjml.j2"
        path.parent.mkdir(parents=True)
        image = '<div class="foot-text"><img src="https://logo.example/l.png" alt="" width="80" height="20">'
        path.write_text(foot.replace('<div class="foot-text">', image), encoding="utf-8")
        proof = checking.proof_of(workspace, workspace.issue_id(None))
        assert remarks("law.third-party", proof) == []

    @pytest.mark.parametrize(
        "content",
        [
            '<img src="https://fremd.example/l.png" alt="" width="80" height="20">',
            '<div style="background-image: url(https://fremd.example/b.png)">a</div>',
            '<table background="//fremd.example/b.png"><tr><td>a</td></tr></table>',
        ],
        ids=["image", "css", "background"],
    )
    def test_hosts_of_others(self, tmp_path: Path, content: str) -> None:
        """Whatever a mail program fetches, told at the template that has it."""
        proof = in_mail(tmp_path, content, self.OURS)
        [found] = remarks("law.third-party", proof)
        assert "fremd.example" in found.message
        assert found.where.path.name == "foot.mjml.j2"
        assert found.where.line

    def test_fonts_and_sheets_of_others(self, tmp_path: Path) -> None:
        """In the head of the mail, and for Outlook alone."""
        old = '<meta name="color-scheme"'
        for number, new in enumerate(
            (
                '<link rel="stylesheet" href="https://fremd.example/f.css" />',
                '<style>@import "https://fremd.example/f.css";</style>',
                '<!--[if mso]><v:image src="https://fremd.example/f.png" /><![endif]-->',
            )
        ):
            proof = themed(tmp_path / str(number), {"layout/mail.mjml.j2": (old, new + old)})
            assert len(remarks("law.third-party", proof)) == 1

    @pytest.mark.parametrize(
        "content",
        [
            '<img src="https://archiv.example/p.gif" alt="" width="1" height="1">',
            '<img src="https://archiv.example/p.gif" alt="" style="width:1px;height:1px">',
        ],
        ids=["attributes", "style"],
    )
    def test_an_image_that_nobody_sees(self, tmp_path: Path, content: str) -> None:
        """Also from a host of our own."""
        proof = in_mail(tmp_path, content, self.OURS)
        assert [one.quote for one in remarks("law.tracking-pixel", proof)] == ["https://archiv.example/p.gif"]
        assert remarks("law.third-party", proof) == []


class TestTrackingLinks:
    """The rule law.tracking-link."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://kreis.example/bericht?seite=2&id=17",
            "https://www.google.com/maps/place/Rathaus",
            "https://kreis.example/utm_source",
            "mailto:redaktion@kreis.example?subject=utm_source",
        ],
    )
    def test_links_that_do_not_count(self, tmp_path: Path, url: str) -> None:
        """Parameters that a page needs."""
        assert remarks("law.tracking-link", proofs.proof(tmp_path, f"[Bericht]({url})")) == []

    def test_the_readers_own_way_out(self, tmp_path: Path) -> None:
        """Its token says who unsubscribes, and nothing else."""
        environ = {"NEWSLETTER_LIST__UNSUBSCRIBE_URL": "https://kreis.example/abmelden?mc_eid={token}"}
        assert remarks("law.tracking-link", proofs.proof(tmp_path, environ=environ)) == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://kreis.example/?utm_source=newsletter&utm_medium=email",
            "https://kreis.example/?seite=1&mc_eid=0815",
            "https://kreis.example/?fbclid=abc",
            "https://kreis.example/?pk_campaign=winter",
            "https://bit.ly/3abc",
            "https://t.co/abc",
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkreis.example",
            "https://www.google.de/url?q=https://kreis.example",
            "https://kreis.us1.list-manage.com/track/click?u=1",
        ],
    )
    def test_links_that_count(self, tmp_path: Path, url: str) -> None:
        """By parameters, or by a service in between; at their line."""
        proof = proofs.proof(tmp_path, f"Zeile.\n\nZum [Bericht]({url}).\n")
        assert proofs.said("law.tracking-link", proof) == [(url, f"Zum [Bericht]({url}).")]
