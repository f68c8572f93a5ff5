"""What `newsletter.toml` may hold: one frozen model, every key with its default and meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from newsletter.language import _
from newsletter.settings_sending import Dkim, MailingList, Sender, Sending, Smtp
from newsletter.settings_values import Name, Part, Text, WebAddress

RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[a-z0-9-]+)?$")]


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(_("“{value}” is no time zone; write Europe/Berlin, for example").format(value=value))
    return value


def _pattern(value: str) -> str:
    try:
        value.format(number=3, roman="III", year=2023)
    except (KeyError, IndexError, ValueError, AttributeError) as err:
        message = _("“{value}” cannot be filled in; {{number}}, {{roman}} and {{year}} may stand there.")
        raise ValueError(message.format(value=value)) from err
    return value


class Newsletter(Part):
    """What the newsletter is called, and how its issues are."""

    title: Text
    language: Literal["de", "en"] = "de"
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Berlin"
    issue_title: Annotated[Text, AfterValidator(_pattern)] = "Newsletter {roman} / {year}"
    """Heading of an issue; `{number}`, `{roman}` and `{year}` are filled in."""
    issues_per_year: Annotated[int, Field(ge=1, le=366)] = 4
    hyphenation: dict[str, str] = Field(default_factory=dict)
    """Words that are to be divided otherwise: `Leuchtturmprojekt = "Leuchtturm-projekt"`."""


class Web(Part):
    """Where things lie on the web."""

    base_url: WebAddress | None = None
    """The archive's address; an issue's page lies at `base_url/ID/`."""
    assets_url: WebAddress | None = None
    """Where the mail's images are hosted; without it they travel in the mail (cid)."""
    index: bool = False
    """Whether search engines may list the archive pages."""


class Legal(Part):
    """The legal notice (Impressum) and the links that go with it."""

    imprint: str = ""
    imprint_url: WebAddress | None = None
    privacy_url: WebAddress | None = None
    accessibility_url: WebAddress | None = None


def _flat(value: object) -> object:
    """Take `"content.dead-link" = "…"` and `content.dead-link = "…"` (which TOML nests) for the same."""
    if not isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for name, told in value.items():
        inner = told.items() if isinstance(told, dict) else ()
        found |= {f"{name}.{key}": reason for key, reason in inner} if inner else {name: told}
    return found


RulesOff = Annotated[dict[RuleName, Text], BeforeValidator(_flat)]
"""Rules or families of the check that do not count here, each with the reason, which reports show."""


MailProgram = Literal[
    "outlook-classic", "outlook-new", "outlook-phone", "apple-mail", "gmail", "gmx", "web-de", "t-online",
    "thunderbird",
]  # fmt: skip


class Check(Part):
    """What “newsletter check” looks at."""

    off: RulesOff = Field(default_factory=dict)
    words: tuple[Text, ...] = ()
    """Words that are spelled right though no dictionary knows them."""
    hosts: tuple[Text, ...] = ()
    """Our own hosts beside those of [web], from which the mail may load images."""
    programs: dict[MailProgram, Annotated[float, Field(ge=0, le=100)]] = Field(default_factory=dict)
    """How many of the readers use each mail program, in per cent; an estimate without any."""


class Paths(Part):
    """Where files lie, seen from the folder of newsletter.toml."""

    database: Path = Path("subscribers.db")
    key: Path = Path("subscribers.key")
    """Seals the log and the addresses of erased people; made with the database, never in git."""
    build: Path = Path("build")
    outbox: Path = Path("outbox")
    issues: Path = Path("issues")
    templates: Path = Path("templates")


class Privacy(Part):
    """How long is kept what need not be kept."""

    pending_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days after which a sign-up that was never confirmed is deleted."""
    ip_days: Annotated[int, Field(ge=0, le=365)] = 0
    """Days that a shortened IP address is kept with a consent; 0: none is kept at all."""


class PersonalField(Part):
    """A field of a subscriber beyond name and address, usable as a personal place in an issue."""

    type: Literal["text", "number", "date", "flag"] = "text"
    title: str = ""


class Segment(Part):
    """A named part of the audience, usable in `only:` and `not:`."""

    title: Text
    where: str = ""
    """Who belongs to it, such as `tag = kreise`; without it, those who carry its name as a tag."""


def _segment_name(value: str) -> str:
    if value == "general":
        raise ValueError(_("“general” already means the readers in no segment; name it otherwise"))
    return value


_OWN_FIELDS = frozenset(
    {
        "address", "form", "title", "first_name", "last_name", "name", "organisation", "salutation",
        "language", "tags", "status", "source", "domain", "joined_at", "changed_at", "expires_at",
        "unsubscribe_url",
    }
)  # fmt: skip
"""What a subscriber or a personal place is called already."""


def _field_name(value: str) -> str:
    if value in _OWN_FIELDS:
        raise ValueError(
            _("“{name}” is known of everybody already; name the field otherwise").format(name=value)
        )
    return value


FieldName = Annotated[Name, AfterValidator(_field_name)]
SegmentName = Annotated[Name, AfterValidator(_segment_name)]


class Settings(Part):
    """All of newsletter.toml."""

    newsletter: Newsletter
    sender: Sender
    list: MailingList = Field(default_factory=MailingList)
    smtp: Smtp = Field(default_factory=Smtp)
    sending: Sending = Field(default_factory=Sending)
    dkim: Dkim = Field(default_factory=Dkim)
    web: Web = Field(default_factory=Web)
    legal: Legal = Field(default_factory=Legal)
    check: Check = Field(default_factory=Check)
    paths: Paths = Field(default_factory=Paths)
    privacy: Privacy = Field(default_factory=Privacy)
    fields: dict[FieldName, PersonalField] = Field(default_factory=dict)
    segments: dict[SegmentName, Segment] = Field(default_factory=dict)
