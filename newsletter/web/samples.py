"""Sample recipients: made-up readers of all kinds, so that an editor sees what a mail becomes for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.compose.edition import Edition, Variant
from newsletter.language import _
from newsletter.mail.salutation import Form, Reader
from newsletter.settings_model import PersonalField, Settings

_VALUES = {"number": "42", "date": "2026-07-01", "flag": "1"}


@dataclass(frozen=True)
class Sample:
    """A made-up reader."""

    key: str
    """Names it in addresses: `frau`, `segment-districts`."""
    name: str
    """As the editor chooses it."""
    reader: Reader = field(default_factory=Reader)
    of_segment: bool = False


def samples(edition: Edition, settings: Settings) -> tuple[Sample, ...]:
    """Return readers of each form of address, and one for each variant beside the general one."""
    own = {name: _value(name, one) for name, one in settings.fields.items()}
    long = Reader(
        form="herr",
        title="Prof. Dr. Dr. h. c.",
        first_name="Maximilian-Alexander",
        last_name="von Musterhausen-Beispielburg",
        organisation="Zweckverband für interkommunale Zusammenarbeit Musterland-Süd",
        fields=own,
    )
    people = (
        Sample("neutral", _("Nothing known (neutral form)")),
        Sample("frau", "Frau Dr. Erika Beispiel", _person("frau", "Dr.", "Erika", own)),
        Sample("herr", "Herr Max Beispiel", _person("herr", "", "Max", own)),
        Sample("name", _("Kim Beispiel (no form of address)"), _person("none", "", "Kim", own)),
        Sample("long", _("Somebody with a long name"), long),
    )
    return people + tuple(_of_variant(one, settings) for one in edition.variants[1:])


def chosen(among: Sequence[Sample], key: str) -> Sample:
    """Return the sample of this key, or the first when there is none (any more)."""
    return next((sample for sample in among if sample.key == key), among[0])


def _person(form: Form, title: str, first_name: str, own: Mapping[str, str]) -> Reader:
    return Reader(
        form=form,
        title=title,
        first_name=first_name,
        last_name="Beispiel",
        organisation="Kreis Beispiel",
        fields=own,
    )


def _of_variant(variant: Variant, settings: Settings) -> Sample:
    """Choose the reader who is in as few segments as this variant allows."""
    member = min(variant.memberships, key=lambda names: (len(names), sorted(names)))
    titles = [settings.segments[name].title if name in settings.segments else name for name in sorted(member)]
    return Sample(f"segment-{variant.name}", " + ".join(titles), Reader(segments=member), of_segment=True)


def _value(name: str, own: PersonalField) -> str:
    """Return what a field of the newsletter's own holds: its title, so that one sees where it stands."""
    return _VALUES.get(own.type, own.title or name)
