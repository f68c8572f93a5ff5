"""An edition and its readers, small and with every trap that a mail has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from newsletter.compose.edition import Asset, Edition, Place, Variant
from newsletter.issue_id import IssueId
from newsletter.mail.skeleton import Envelope, Skeleton
from newsletter.settings_model import Newsletter, PersonalField, Segment, Settings
from newsletter.settings_sending import Sender

SETTINGS = Settings(
    newsletter=Newsletter(title="Interkommunales für Übermorgen"),
    sender=Sender(
        name="Geschäftsstelle “Zusammenarbeit”",
        address="newsletter@städte.example",
        reply_to="redaktion@example.org",
    ),
    fields={"district": PersonalField(), "members": PersonalField(type="number")},
    segments={"districts": Segment(title="Kreise"), "cities": Segment(title="Städte")},
)
PLACES = (
    Place("zqP00zq", "salutation", "Sehr geehrte Damen und Herren,"),
    Place("zqP01zq", "organisation", "Ihre Verwaltung"),
    Place("zqP02zq", "unsubscribe", "https://example.org/abmelden?a=1&b=2"),
)
TEXT = "zqP00zq\n\n.Punkt am Anfang\nFrom hier an fließt \nes weiter: zqP01zqzqP00zq\n--\nAbmelden: zqP02zq\n"
HTML = f"""<!doctype html>
<html lang="de"><body>
<p>zqP00zq</p>
.
From
<td>{"Grüße – „Öffentlich“ = 100 % " * 40}</td>
<img src="cid:logo-1@example.org" alt=""><p>zqP01zq zqP01zq</p><a href="zqP02zq">Abmelden</a>\t\x20
</body></html>
"""
WITHOUT_IMAGE = Variant("districts", frozenset({frozenset({"districts"})}), (), "<p>zqP00zq</p>", "zqP00zq")
GENERAL = Variant("general", frozenset({frozenset()}), (), HTML, TEXT)
ASSETS = (
    Asset("logo-1.png", "image/png", bytes(range(256)) * 3, 16, 16),
    Asset("logo-12.png", "image/png", b"not shown", 1, 1),
    Asset("hosted.png", "image/png", b"on the web", 1, 1),
)
EDITION = Edition(
    id=IssueId(2023, 3),
    date=date(2023, 9, 14),
    language="de",
    title="Newsletter III / 2023",
    subject="Fördermittel für alle",
    preheader="Was der Herbst bringt",
    places=PLACES,
    segments=("districts",),
    variants=(GENERAL, WITHOUT_IMAGE),
    page="<!doctype html>",
    assets=ASSETS,
    mail_sources={
        "logo-1.png": "cid:logo-1@example.org",
        "logo-12.png": "cid:logo-1",
        "hosted.png": "https://example.org/hosted.png",
    },
    page_assets=(),
)
PERSONAL_SUBJECT = replace(EDITION, subject="zqP01zq: Fördermittel")
ENVELOPE = Envelope(
    to_address="erika.muster@example.org",
    to_name="Erika Müller-Muster",
    values={
        "salutation": "Sehr geehrte Frau Dr. Müller,",
        "organisation": "Amt für <Straßen> & “Plätze”",
        "unsubscribe": "https://example.org/u?" + "a=1&b=2&" * 20,
    },
    date=datetime(2023, 9, 14, 8, 30, tzinfo=UTC),
    recipient_key="42",
    extra_headers=(
        ("List-Unsubscribe", f"<https://example.org/u/{'x' * 120}>, <mailto:leave@example.org>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ),
)


def skeleton(edition: Edition = EDITION) -> Skeleton:
    """Build the general variant's message."""
    return Skeleton.of(edition, edition.general, SETTINGS)
