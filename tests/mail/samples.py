"""An edition and its readers, small and with every trap that a mail has."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from newsletter.compose.edition import Asset, Edition, Place, Variant
from newsletter.issue_id import IssueId
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.settings_model import Newsletter, PersonalField, Segment, Settings, Web
from newsletter.settings_sending import Dkim, DkimKey, MailingList, Sender
from newsletter.subscribers.secret import Secret

SECRET = Secret(b"k" * 32)
DATE = datetime(2023, 9, 14, 8, 30, tzinfo=UTC)
SETTINGS = Settings(
    newsletter=Newsletter(title="Interkommunales für Übermorgen"),
    sender=Sender(
        name="Geschäftsstelle “Zusammenarbeit”",
        address="newsletter@städte.example",
        reply_to="redaktion@example.org",
        return_path="bounces+{token}@städte.example",
    ),
    list=MailingList(
        unsubscribe_url="https://städte.example/abmelden/für-alle?a=1&b=2&t={token}",
        unsubscribe_address="leave@example.org",
        help_url="https://example.org/hilfe",
        owner="redaktion@example.org",
        feedback_id="staedte",
        feedback_address="fbl@post.städte.example",
        headers={"X-CSA-Complaints": "complaints@example.org", "X-Office": "Amt für Öffentlichkeit"},
    ),
    web=Web(base_url="https://archiv.example/newsletter"),
    fields={"district": PersonalField(), "members": PersonalField(type="number")},
    segments={"districts": Segment(title="Kreise"), "cities": Segment(title="Städte")},
)
PLAIN_SETTINGS = SETTINGS.model_copy(
    update={
        "sender": Sender(name="Amt", address="amt@example.org"),
        "list": MailingList(),
        "web": Web(),
    }
)
"""The least that a newsletter's settings say."""
PLACES = (
    Place("zqP00zq", "salutation", "Sehr geehrte Damen und Herren,"),
    Place("zqP01zq", "organisation", "Ihre Verwaltung"),
    Place("zqP02zq", "unsubscribe_url", "mailto:redaktion@example.org?subject=Abmelden"),
    Place("zqP03zq", "district", "NRW"),
)
TEXT = "zqP00zq\n\n.Punkt am Anfang\nFrom hier an fließt \nes weiter: zqP01zqzqP00zq\n--\nAbmelden: zqP02zq\n"
HTML = f"""<!doctype html>
<html lang="de"><body>
<p>zqP00zq</p>
.
From
<td>{"Grüße – „Öffentlich“ = 100 % " * 40}</td>
<img src="cid:logo-1@example.org" alt="">
<p>zqP01zq zqP01zq  in zqP03zq</p><a href="zqP02zq">Abmelden</a>\t\x20
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
RECIPIENT = Recipient(
    person=42,
    address="erika.muster@example.org",
    form="frau",
    title="Dr.",
    first_name="Erika",
    last_name="Müller-Muster",
    organisation="Amt für <Straßen> & “Plätze”",
    fields='{"district": "Köln"}',
)
VALUES = {
    "salutation": "Sehr geehrte Frau Dr. Müller-Muster,",
    "organisation": "Amt für <Straßen> & “Plätze”",
    "district": "Köln",
}
"""What stands in the personal places for this recipient, but for the link."""


def press(
    edition: Edition = EDITION,
    settings: Settings = SETTINGS,
    *,
    root: Path = Path(),
    mailing: int = 7,
    mark: str = "",
) -> Press:
    """Make an edition ready to be printed."""
    return Press.of(edition, settings, SECRET, root=root, mailing=mailing, date=DATE, mark=mark)


def message(
    recipient: Recipient = RECIPIENT, edition: Edition = EDITION, settings: Settings = SETTINGS
) -> bytes:
    """Print the bytes of a letter."""
    return press(edition, settings).letter(recipient).data


def link(token: str) -> str:
    """Return the address at which the holder of a token unsubscribes."""
    return f"https://xn--stdte-hra.example/abmelden/f%C3%BCr-alle?a=1&b=2&t={token}"


def with_list(**changes: object) -> Settings:
    """Return the settings with changes in `[list]`."""
    return SETTINGS.model_copy(update={"list": SETTINGS.list.model_copy(update=changes)})


def with_sender(**changes: object) -> Settings:
    """Return the settings with changes in `[sender]`."""
    return SETTINGS.model_copy(update={"sender": SETTINGS.sender.model_copy(update=changes)})


def signed(*names: str, settings: Settings = SETTINGS) -> Settings:
    """Return the settings with a signature by each key; selector and file bear the same name."""
    first, *others = names
    also = {name: DkimKey(selector=name, key_file=Path(name)) for name in others}
    return settings.model_copy(update={"dkim": Dkim(selector=first, key_file=Path(first), also=also)})


def make_key(path: Path, *options: str) -> None:
    """Make a private key by OpenSSL, mode 0600."""
    subprocess.run(["openssl", "genpkey", *options, "-out", path], check=True, capture_output=True)
    path.chmod(0o600)
