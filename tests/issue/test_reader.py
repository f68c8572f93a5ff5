"""From issue.yaml to an issue: what is right becomes values, what is wrong faults at their places."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from newsletter.errors import FaultsFound, Where
from newsletter.issue.model import Image, Text
from newsletter.issue.reader import slug
from tests.issue.reading import HEAD, issue, read, section, told

LETTER = "type: letter\ntext: Guten Tag."
IMAGE = "type: image\nimage:\n  file: a.png\n"


def _only(folder: Path, text: str) -> tuple[str, str]:
    """Return the only fault of an issue and its cure."""
    (fault,) = read(folder, text).faults
    return told(fault), fault.cure


def test_issue(tmp_path: Path) -> None:
    """An issue has its head, its sections in order, and what newsletter.toml says where it says nothing."""
    made = issue(tmp_path, section(LETTER))
    assert str(made.id) == "2024-1"
    assert made.date == date(2024, 2, 1)
    assert made.language == "de"
    assert made.title.value == "Newsletter I / 2024"
    assert made.subject == Text("Neues", "line", Where(made.path, 4, 10))
    assert made.salutation is not None
    assert made.salutation.value == "{{ salutation }}"
    assert made.contents
    assert made.folder == made.path.parent
    assert [part.type.name for part in made.sections] == ["letter"]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("language: en", "language", "en"),
        ("contents: false", "contents", False),
        ("salutation: false", "salutation", None),
        ("salutation: true", "salutation", "{{ salutation }}"),
        ("salutation: Guten Tag,", "salutation", "Guten Tag,"),
        ("title: Sonderausgabe", "title", "Sonderausgabe"),
        ("title: |\n  Sonderausgabe", "title", "Sonderausgabe"),
    ],
)
def test_head(tmp_path: Path, line: str, name: str, value: object) -> None:
    """The head may say otherwise what newsletter.toml says."""
    made = getattr(issue(tmp_path, f"{line}\n{section(LETTER)}"), name)
    assert (made.value if isinstance(made, Text) else made) == value


@pytest.mark.parametrize(
    ("written", "fault", "cure"),
    [
        ("year: 2024", "1:7: “year”: a whole number belongs here.", ""),
        ("year: 1492", "1:7: “year”: 1900 or more belongs here.", ""),
        ("number: 367", "2:9: “number”: 366 or less belongs here.", ""),
        ("number: 2", "2:9: year and number say 2024-2, but the folder is called 2024-1.", "same"),
        ("number: true", "2:9: “number”: a whole number belongs here.", ""),
        ("number: 1.0", "2:9: “number”: a whole number belongs here.", ""),
        ("date: 2024-02-30", "3:7: “date”: “2024-02-30” is no date; write 2023-08-02", ""),
        ("date: 2024", "3:7: “date”: a date belongs here, such as 2023-08-02", ""),
        ("date:", "3:1: “date”: this must not be empty.", ""),
        ("subject:", "4:1: “subject”: this must not be empty.", ""),
        ('subject: "  "', "4:10: “subject”: this must not be empty.", ""),
        ("subject: 2024", "4:10: “subject”: text belongs here; put it in quotes.", ""),
        ("subject: [a]", "4:10: “subject”: text belongs here; put it in quotes.", ""),
        ('subject: "a\\u0007b"', "4:10: “subject”: a control character (U+0007) stands here; remove it", ""),
        ('subject: "a\\nb"', "4:10: “subject”: one line belongs here", ""),
        ("subjct: a", "4:1: “subjct” is not known here.", "Did you mean “subject”?"),
        ("sections:", "6:1: “sections”: this must not be empty.", ""),
        ("sections: []", "6:11: “sections”: the list must not be empty.", ""),
        ("sections: text", "6:11: “sections”: a list belongs here, each entry beginning with “- ”.", ""),
        ("sections: {a: b}", "6:11: “sections”: a list belongs here, each entry beginning with “- ”.", ""),
        ("sections: [null]", "6:12: A section begins with its type.", "- type: article"),
        ("sections: [text]", "6:12: A section begins with its type.", "- type: article"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_head(tmp_path: Path, written: str, fault: str, cure: str) -> None:
    """What is wrong in the head is told at its line and column."""
    key = written.partition(":")[0].replace("subjct", "subject")
    lines = section(LETTER).splitlines()
    index = next(n for n, line in enumerate(lines) if line.startswith(f"{key}:"))
    text = "\n".join(lines[:index] + [written] + ([] if key == "sections" else lines[index + 1 :]))
    if written == "year: 2024":
        text = text.replace(written, 'year: "2024"')
    faults = read(tmp_path, text).faults
    found = {told(one): one.cure for one in faults}
    (here,) = (one for one in found if one.startswith(fault))
    assert cure in found[here]
    assert all(one == here or "“subject” is missing" in one for one in found)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("language: fr", "1:11: “language”: one of 'de', 'en' belongs here."),
        ("language:", "1:1: “language”: this must not be empty."),
        ("title:", "1:1: “title”: this must not be empty."),
        ("salutation: 5", "1:13: “salutation”: a line of text, true or false belongs here."),
        ("salutation: no", "1:13: “salutation”: a line of text, true or false belongs here."),
        ("salutation:", "1:1: “salutation”: this must not be empty."),
        ("contents: no", "1:11: “contents”: true or false belongs here."),
        ("{{ x }}: 1", "1:1: A key must be a word."),
    ],
)
def test_wrong_option(tmp_path: Path, line: str, fault: str) -> None:
    """A wrong option of the head is one fault, not one for each thing it might have been."""
    assert _only(tmp_path, f"{line}\n{section(LETTER)}")[0] == fault


@pytest.mark.parametrize("name", ["year", "number", "date", "subject", "preheader", "sections"])
def test_missing_in_head(tmp_path: Path, name: str) -> None:
    """A key that must be there and is not, is named."""
    kept = [line for line in HEAD.splitlines() if not line.startswith(name)]
    text = "\n".join(kept) + ("" if name == "sections" else "\n  - type: divider\n")
    assert _only(tmp_path, text) == (f"1:1: “{name}” is missing.", f"Add a line “{name}: …”.")


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "5\n"], ids=["list", "words", "number"])
def test_no_mapping(tmp_path: Path, text: str) -> None:
    """A file that is no block of keys is one fault at its beginning."""
    assert _only(tmp_path, text)[0] == "1:1: a block of “key: value” lines belongs here."


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("type: action\nheading: H\ndeadline: 2023-08-02", "deadline", date(2023, 8, 2)),
        ("type: action\nheading: H\ndeadline: 2.8.2023", "deadline", date(2023, 8, 2)),
        ("type: action\nheading: H\ndeadline: 02. 08. 2023", "deadline", date(2023, 8, 2)),
        ("type: divider\nplain: Text", "plain", "Text"),
        ("type: contact\naddress: |\n  Straße 1\n  12345 Ort", "address", "Straße 1\n12345 Ort\n"),
        ("type: contact\nphone: +49 (0) 211 / 43-12", "phone", "+49 (0) 211 / 43-12"),
        ("type: contact\nemail: a.b@kreis.example", "email", "a.b@kreis.example"),
        ("type: article\nheading: H\ntext: >\n  a\n  b", "text", "a b\n"),
    ],
)
def test_field(tmp_path: Path, written: str, kind: str, value: object) -> None:
    """A field is read as its type says; German dates are dates."""
    (part,) = issue(tmp_path, section(written)).sections
    made = part.values[kind]
    assert (made.value if isinstance(made, Text) else made) == value


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("type: letter\nheading: 5", "8:14: “heading”: text belongs here; put it in quotes."),
        ("type: letter\nheading: 2023-3\ntext: 5", "9:11: “text”: text belongs here; put it in quotes."),
        ("type: letter\ntext:", "8:5: “text”: this must not be empty."),
        ("type: letter\ntext: [a]", "8:11: “text”: text belongs here; put it in quotes."),
        ('type: quote\ntext: a\nsource: "a\\nb"', "9:13: “source”: one line belongs here"),
        ("type: quote", "7:5: “text” is missing."),
        ("type: action\nheading: H\ndeadline: bald", "9:15: “deadline”: “bald” is no date; write 2023-08-02"),
        ("type: action\nheading: H\ndeadline: 31.6.2023", "9:15: “deadline”: “31.6.2023” is no date"),
        ("type: contact\nphone: anrufen!", "8:12: “phone”: “anrufen!” is no telephone number"),
        ("type: contact\nphone: 112", "8:12: “phone”: text belongs here; put it in quotes."),
        ("type: contact\nemail: nirgends", "8:12: “email”: “nirgends” is no e-mail address"),
        ("type: contact\nimage: a.png", "8:12: “image”: a block of “key: value” lines belongs here."),
        ("type: contact\nimage:", "8:5: “image”: this must not be empty."),
        (IMAGE, "9:7: “image”: the image needs “alt”"),
        (f"{IMAGE}  decorative: false", "9:7: “image”: the image needs “alt”"),
        (f"{IMAGE}  decorative: ja", "10:19: “decorative”: true or false belongs here."),
        (f"{IMAGE}  alt: A\n  captoin: C", "11:7: “captoin” is not known here."),
        ("type: image\nimage:\n  alt: A", "9:7: “file” is missing."),
        ("type: letter\nbuttons: {label: L, url: U}", "8:14: “buttons”: a list belongs here"),
        ("type: letter\nbuttons: []", "8:14: “buttons”: the list must not be empty."),
        ("type: letter\nbuttons:\n  - label: L", "9:9: “url” is missing."),
        ("type: letter\nbuttons:\n  - label: L\n    href: U\n    url: U", "10:9: “href” is not known here."),
        ("type: columns\nleft: {text: a}\nright: {txt: b}", "9:13: “txt” is not known here."),
        ("type: letter\nonly: town", "8:11: There is no segment “town” in newsletter.toml."),
        ("type: letter\nnot: [cities, 5]", "8:19: text belongs here; put it in quotes."),
        ("type: letter\nonly: 5", "8:11: “only”: a list belongs here, each entry beginning with “- ”."),
        ("type: letter\nonly:", "8:5: “only”: this must not be empty."),
        ("type: letter\nnot_: cities", "8:5: “not_” is not known here."),
        ("type: letter\nid: Über", "8:9: “id”: small letters, digits and - only, beginning with a letter."),
        ("type: letter\nid: 5", "8:9: “id”: text belongs here; put it in quotes."),
        ("type: letter\ncontents: nein", "8:15: “contents”: a line of text, true or false belongs here."),
        ("type: latter", "7:11: There is no section type “latter”."),
        ("type: 5", "7:11: There is no section type “5”."),
        ("type:", "7:5: There is no section type “None”."),
        ("type: [letter]", "7:11: There is no section type “['letter']”."),
        ("text: a", "7:5: A section begins with its type."),
        ("type: table\ncolumns: [A, B]\nrows:\n  - [1, b]", "10:10: text belongs here; put it in quotes."),
        (
            "type: table\ncolumns: [A, B]\nrows:\n  - [a, b]\n  - [a]",
            "11:9: This row has 1 entries, but there are 2 in “columns”.",
        ),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) and "type" in value[:5] else "",
)
def test_wrong_section(tmp_path: Path, written: str, fault: str) -> None:
    """What is wrong in a section, at any depth, is one fault at its line and column."""
    assert _only(tmp_path, section(written))[0].startswith(fault)


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("type: articel\nheading: H", "Did you mean “article”?"),
        ("type: Article\nheading: H", "Did you mean “article”?"),
        ("type: xyz", "Known here: action, article, columns"),
        ("type: article\nheading: H\nparter: {name: N}", "Did you mean “partner”?"),
        ("type: article\nheading: H\npartner: {name: N, lnk: L}", "Did you mean “link”?"),
        ("type: article\nheading: H\npartner: {name: N, logo: {file: F, alt: A, credt: C}}", "“credit”?"),
        ("type: events\nevents: [{title: T, date: 2024-01-01, tme: '9:00'}]", "Did you mean “time”?"),
        ("type: letter\nnt: cities", "Did you mean “not”?"),
        ("type: letter\nonly: citis", "Did you mean “cities”?"),
        ("type: letter\n<<: {a: b}", "Known here: "),
    ],
)
def test_did_you_mean(tmp_path: Path, written: str, cure: str) -> None:
    """An unknown word is answered with the nearest known one, at any depth, or with the choice."""
    assert cure in _only(tmp_path, section(written))[1]


def test_faults_together(tmp_path: Path) -> None:
    """All faults are told at once, in the order of the file; right sections are read all the same."""
    sections = (
        "  - type: letter\n    text:\n  - type: nope\n  - type: divider\n"
        "  - type: image\n    image: {file: a.png}\n    headng: H\n"
    )
    text = f"contets: true\n{HEAD}{sections}".replace("date: 2024-02-01", "date: soon")
    reading = read(tmp_path, text)
    faults = FaultsFound(reading.faults).faults
    assert [told(fault).partition(": ")[0] for fault in faults] == [
        "1:1", "4:7", "9:5", "10:11", "13:12", "14:5",
    ]  # fmt: skip
    assert reading.issue is None


def test_issue_of_what_is_right(tmp_path: Path) -> None:
    """With a faultless head there is an issue of all right sections, for the later rooms to look at."""
    reading = read(tmp_path, HEAD + "  - type: divider\n  - type: nope\n  - type: letter\n    txt: a\n")
    assert reading.issue is not None
    assert [part.type.name for part in reading.issue.sections] == ["divider"]
    assert len(reading.faults) == 2


def test_body_lines(tmp_path: Path) -> None:
    """The lines of a `|` text have their places, the others stand where they begin."""
    (part,) = issue(tmp_path, section("type: quote\ntext: |\n  eins\n  zwei\nsource: drei")).sections
    text, source = part.values["text"], part.values["source"]
    assert isinstance(text, Text)
    assert isinstance(source, Text)
    assert (text.line(0).line, text.line(1).line) == (9, 10)
    assert source.line(1).line == 11


def test_image(tmp_path: Path) -> None:
    """An image has its width from the section type; a decorative one has no alternative text."""
    (part,) = issue(tmp_path, section(f"{IMAGE}  alt: A\n  decorative: true")).sections
    image = part.values["image"]
    assert isinstance(image, Image)
    assert (image.file.value, image.width, image.alt) == ("a.png", 536, None)


EVENTS = """\
type: events
events:
  - {title: C, date: 2024-03-02, time: "9.30"}
  - {title: D, date: 2024-03-02, time: 14:30}
  - {title: A, date: 1.3.2024}
  - {title: B, date: 2024-03-02}
"""


def test_events_sorted(tmp_path: Path) -> None:
    """Events come in the order of day and time; one without a time lasts all day and comes first."""
    (part,) = issue(tmp_path, section(EVENTS)).sections
    events = part.values["events"]
    assert isinstance(events, tuple)
    assert [(event["title"].value, event["time"]) for event in events] == [
        ("A", None),
        ("B", None),
        ("C", time(9, 30)),
        ("D", time(14, 30)),
    ]


@pytest.mark.parametrize("written", ["24:00", "9", "14.60", "noon"])
def test_wrong_time(tmp_path: Path, written: str) -> None:
    """What is no time of day is refused with an example."""
    text = section(f"type: events\nevents:\n  - title: T\n    date: 2024-01-01\n    time: {written}")
    assert _only(tmp_path, text)[0].startswith("11:15: “time”: a time belongs here, such as 14:30")


def test_anchors(tmp_path: Path) -> None:
    """A section's anchor is its id, or made from its heading, and unique; a written id comes first."""
    parts = (
        "heading: Neue Förderung",
        "heading: Neue Förderung",
        "text: a",
        "id: neue-foerderung-2",
        "id: abschnitt-5",
    )
    made = issue(tmp_path, HEAD + "".join(f"  - type: letter\n    {part}\n" for part in parts))
    assert [part.anchor for part in made.sections] == [
        "neue-foerderung",
        "neue-foerderung-3",
        "abschnitt-3",
        "neue-foerderung-2",
        "abschnitt-5",
    ]


def test_id_twice(tmp_path: Path) -> None:
    """An id that is written twice is a fault at the second."""
    text = HEAD + "  - type: divider\n    id: a\n  - type: divider\n    id: a\n"
    assert _only(tmp_path, text) == ("10:9: The id “a” is used twice.", "Choose another.")


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Förderung des Portals", "foerderung-des-portals"),
        ("Straße & Weg", "strasse-weg"),
        ("100 Tage", "tage"),
        ("Für {{ first_name | Sie }}", "fuer"),
        ("Café Zürich", "cafe-zuerich"),
        ("日本", ""),
        ("ä" * 100, "ae" * 24),
    ],
)
def test_slug(heading: str, anchor: str) -> None:
    """An anchor is ASCII, in small letters, and begins with one."""
    assert slug(heading) == anchor


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("type: article\nheading: H", "H"),
        ("type: article\nheading: H\ncontents: false", None),
        ("type: article\nheading: H\ncontents: Kurz", "Kurz"),
        ("type: letter\nheading: H", None),
        ("type: letter\nheading: H\ncontents: true", "H"),
        ("type: letter\ntext: T\ncontents: true", None),
    ],
)
def test_contents(tmp_path: Path, written: str, listed: str | None) -> None:
    """The contents list a section by its heading, or as it says, or not at all."""
    (part,) = issue(tmp_path, section(written)).sections
    assert (part.contents.value if part.contents else None) == listed


@pytest.mark.parametrize(
    ("written", "only", "without"),
    [
        ("only: cities", {"cities"}, set()),
        ("only: [cities, districts]", {"cities", "districts"}, set()),
        ("not: cities", set(), {"cities"}),
        ("only: districts\nnot:\n  - cities", {"districts"}, {"cities"}),
    ],
)
def test_segments(tmp_path: Path, written: str, only: set[str], without: set[str]) -> None:
    """A section is for one segment or several, or for all others."""
    (part,) = issue(tmp_path, section(f"type: letter\ntext: T\n{written}")).sections
    assert (set(part.only), set(part.not_)) == (only, without)


def test_too_many_segments(tmp_path: Path) -> None:
    """Six segments can be told apart; the seventh is a fault where it stands."""
    names = ["cities", "districts", "s3", "s4", "s5", "s6"]
    text = HEAD + "".join(f"  - type: letter\n    text: T\n    only: {name}\n" for name in names)
    assert not read(tmp_path, text).faults
    fault, cure = _only(tmp_path, f"{text}  - type: letter\n    text: T\n    not: [s6, s7]\n")
    assert fault == "27:10: An issue can distinguish 6 segments, no more."
    assert cure == "Send two issues instead."


def test_folder_of_another_name(tmp_path: Path) -> None:
    """Year and number are compared with the folder only when its name has the form of an ID."""
    path = tmp_path / "entwurf" / "2024-1"
    path.mkdir(parents=True)
    assert not read(path.parent, section(LETTER)).faults
