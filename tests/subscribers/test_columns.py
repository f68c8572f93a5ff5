"""Columns are found by their headings: German offices, our export, listmonk, Mailchimp, CleverReach."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from newsletter.errors import UsageError
from newsletter.settings_model import Newsletter, PersonalField, Settings
from newsletter.settings_sending import Sender
from newsletter.subscribers.columns import Mapped, mapped, parse_choice, remember, remembered
from newsletter.subscribers.list import SubscriberList
from tests.subscribers import crowd

OFFICE = ("E-Mail-Adresse", "Anrede", "Titel", "Vorname", "Name", "Kommune", "Telefon")
LISTMONK = ("uuid", "email", "name", "attributes", "status", "created_at", "updated_at")
MAILCHIMP = (
    "Address", "Email Address", "First Name", "Last Name", "Phone Number", "MEMBER_RATING",
    "OPTIN_TIME", "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "LATITUDE", "LONGITUDE", "GMTOFF", "DSTOFF",
    "TIMEZONE", "CC", "REGION", "LAST_CHANGED", "LEID", "EUID", "NOTES", "TAGS",
)  # fmt: skip
CLEANED = ("Email Address", "First Name", "Last Name", "CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "LEID", "EUID")
CLEVERREACH = (
    "email",
    "registered",
    "activated",
    "deactivated",
    "bounced",
    "source",
    "anrede",
    "vorname",
    "nachname",
)
SETTINGS = Settings(
    newsletter=Newsletter(title="Kreisblatt"),
    sender=Sender(name="Redaktion", address="redaktion@kreis.example"),
    fields={"region": PersonalField(title="Regierungsbezirk"), "size": PersonalField(type="number")},
)


def _found(got: Mapped, headers: tuple[str, ...]) -> dict[str, str]:
    """Return the heading of each field that has a column."""
    return {name: headers[at] for name, at in {**got.positions, **got.custom}.items() if at >= 0}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            OFFICE,
            {
                "address": "E-Mail-Adresse",
                "form": "Anrede",
                "title": "Titel",
                "first_name": "Vorname",
                "last_name": "Name",
                "organisation": "Kommune",
            },
        ),
        (LISTMONK, {"address": "email", "last_name": "name", "attributes": "attributes", "status": "status"}),
        (
            MAILCHIMP,
            {
                "address": "Email Address",
                "first_name": "First Name",
                "last_name": "Last Name",
                "tags": "TAGS",
                "region": "REGION",
            },
        ),
        (
            CLEANED,
            {
                "address": "Email Address",
                "first_name": "First Name",
                "last_name": "Last Name",
                "bounced_at": "CLEAN_TIME",
            },
        ),
        (
            CLEVERREACH,
            {
                "address": "email",
                "left_at": "deactivated",
                "bounced_at": "bounced",
                "form": "anrede",
                "first_name": "vorname",
                "last_name": "nachname",
            },
        ),
        (
            ("Regierungsbezirk", "E-Mail :", "SIZE"),
            {"address": "E-Mail :", "region": "Regierungsbezirk", "size": "SIZE"},
        ),
        (("Name", "Nachname", "Mail"), {"last_name": "Nachname", "address": "Mail"}),
    ],
    ids=[
        "office",
        "listmonk",
        "Mailchimp",
        "Mailchimp's cleaned",
        "CleverReach",
        "own fields",
        "the surer heading",
    ],
)
def test_columns_are_recognised(headers: tuple[str, ...], found: dict[str, str]) -> None:
    """Each system's headings fill the fields they mean; Mailchimp's `Address` is the postal one."""
    got = mapped(headers, SETTINGS, {})
    assert _found(got, headers) == found
    assert set(got.ignored) == set(headers) - set(found.values())


@pytest.mark.parametrize(
    ("chosen", "field", "heading"),
    [
        ({"telefon": "address"}, "address", "Telefon"),
        ({"Name": "organisation", "Kommune": "-"}, "organisation", "Name"),
        ({"Kommune": "region"}, "region", "Kommune"),
    ],
    ids=["other spelling", "instead of another", "own field"],
)
def test_a_choice_comes_first(chosen: Mapping[str, str], field: str, heading: str) -> None:
    """What the editor says of a column counts before what its heading means."""
    assert _found(mapped(OFFICE, SETTINGS, chosen), OFFICE)[field] == heading


def test_a_column_can_be_left_out() -> None:
    """`-` keeps a column from filling anything, and it is not called forgotten."""
    got = mapped(OFFICE, SETTINGS, {"Kommune": "-"})
    assert got.positions["organisation"] == -1
    assert got.ignored == ("Telefon",)


@pytest.mark.parametrize(
    ("headers", "chosen", "told"),
    [
        (("Vorname", "Name"), {}, "No column holds the addresses; there are: Vorname, Name"),
        (OFFICE, {"Vornahme": "first_name"}, "There is no column “Vornahme”"),
        (OFFICE, {"Telefon": "phone"}, "There is no field “phone”"),
        (OFFICE, {"Telefon": "title", "Titel": "title"}, "Two columns fill “title”: Telefon and Titel"),
    ],
    ids=["no address", "no such column", "no such field", "two for one"],
)
def test_a_wrong_choice_is_told(headers: tuple[str, ...], chosen: dict[str, str], told: str) -> None:
    """What cannot be meant is a wrong use of the command, told with what there is."""
    with pytest.raises(UsageError) as caught:
        mapped(headers, SETTINGS, chosen)
    assert caught.value.message.startswith(told)


def test_choices_are_read_from_options() -> None:
    """A heading may hold an equals sign, the field cannot."""
    assert parse_choice(["A=B=title", " Mail = address "]) == {"A=B": "title", "Mail": "address"}
    for wrong in ("Mail", "=title", "Mail="):
        with pytest.raises(UsageError, match="HEADING=field"):
            parse_choice([wrong])


def test_a_choice_is_remembered_for_the_same_headings(people: SubscriberList) -> None:
    """The next file with these headings, however written, needs no option; the last choice counts."""
    remember(people.db.conn, ["Mail", "Ort"], {"Ort": "region"}, crowd.AT)
    remember(people.db.conn, ["Mail", "Ort"], {"Ort": "organisation"}, crowd.AT)
    assert remembered(people.db.conn, ["MAIL ", "ort"]) == {"Ort": "organisation"}
    assert remembered(people.db.conn, ["Ort", "Mail"]) == {}
