"""Two editions told apart: sections, words, links, images, and what stands around them."""

from __future__ import annotations

from pathlib import Path

from newsletter.difference.comparing import compare
from newsletter.difference.difference import joined
from tests.compose import workshop
from tests.compose.kitchen_sink import ISSUE, kitchen_sink
from tests.difference.editions import ARTICLE, EVENTS, IMAGE, LETTER, changed, difference, told


def test_the_same_edition_has_no_difference(tmp_path: Path) -> None:
    """With every section type there is."""
    found = compare(kitchen_sink(tmp_path / "a"), kitchen_sink(tmp_path / "b"))

    assert found.is_identical
    assert found.is_empty
    assert not found.changed
    assert not any(found.counts.values())


def test_every_section_is_found_again(tmp_path: Path) -> None:
    """Each text that is changed shows up in its own section, and in no other."""
    texts = {
        "Für {{ first_name": ("auftakt", "Statt {{ first_name"),
        "Frühe Sitzung": ("termine", "Erste Sitzung"),
        "2 000": ("tabelle", "3 000"), "Und hier auch.": ("spalten-ohne", "Und dort auch."),
        "Foto: [Amt]": ("artikel", "Bild: [Amt]"), "ein zweiter Absatz": ("zitat", "ein dritter Absatz"),
        "Wir helfen gern": ("kontakt", "Wir helfen immer"),
        "Mit Unterstützung von": ("partner", "Mit Hilfe von"),
        "Dort steht": ("portal", "Da steht"), "Mit *Dank*": ("umfrage", "Voll *Dank*"),
        "Eine Karte": ("karte", "Zwei Karten"),
    }  # fmt: skip
    before = kitchen_sink(tmp_path / "before")
    for number, (old, (anchor, new)) in enumerate(texts.items()):
        assert ISSUE.count(old) == 1
        after = workshop.edition(tmp_path / str(number), ISSUE.replace(old, new))
        found = compare(before, after)
        assert list(changed(found)) == [anchor]
        assert not found.plain, "the plain text says the same twice"


def test_words_inside_of_a_paragraph(tmp_path: Path) -> None:
    """Only the words that changed are told; soft hyphens are none."""
    after = {**ARTICLE, "text": "Das Freibad öffnet am Sonntag um 10 Uhr und bleibt bis in den Herbst offen."}
    found = difference(tmp_path, [LETTER, ARTICLE], [LETTER, after])

    assert told(changed(found)["bad"]) == [
        "Das Freibad öffnet am [-Samstag-]{+Sonntag+} um 10 Uhr und bleibt bis in den Herbst offen."
    ]
    assert (found.counts["words_added"], found.counts["words_removed"]) == (1, 1)


def test_a_section_that_moved(tmp_path: Path) -> None:
    """The one that left the order is told with what it follows now; the others stayed."""
    found = difference(tmp_path, [LETTER, ARTICLE, EVENTS, IMAGE], [LETTER, EVENTS, IMAGE, ARTICLE])

    assert list(changed(found)) == ["bad"]
    assert changed(found)["bad"].state == "same"
    assert changed(found)["bad"].moved_after == "Das Rathaus"
    assert found.counts["sections_moved"] == 1


def test_a_section_that_moved_and_changed(tmp_path: Path) -> None:
    """Both are told."""
    renamed = {**EVENTS, "heading": "Alle Termine"}
    found = difference(tmp_path, [LETTER, ARTICLE, EVENTS], [renamed, LETTER, ARTICLE])

    assert changed(found)["termine"].moved_after == ""
    assert told(changed(found)["termine"]) == ["{+Alle +}Termine"]


def test_a_section_whose_anchor_follows_its_heading(tmp_path: Path) -> None:
    """It is known by its words, and the new anchor is told, as links to the old one end."""
    before = {key: value for key, value in ARTICLE.items() if key != "id"}
    after = {**before, "heading": "Das Bad öffnet wieder"}
    found = difference(tmp_path, [LETTER, before], [LETTER, after])

    section = changed(found)["das-bad-oeffnet-wieder"]
    assert section.state == "changed"
    assert section.anchor_before == "das-bad-oeffnet"
    assert told(section) == ["Das Bad öffnet{+ wieder+}"]


def test_sections_that_came_and_went(tmp_path: Path) -> None:
    """With all their words; what is gone is told where it stood."""
    found = difference(tmp_path, [LETTER, ARTICLE, IMAGE], [LETTER, EVENTS, IMAGE])

    assert [(section.anchor, section.state) for section in found.changed] == [
        ("bad", "removed"),
        ("termine", "added"),
    ]
    assert told(changed(found)["bad"])[0] == "[-Das Bad öffnet-]"


def test_links(tmp_path: Path) -> None:
    """A link that leads elsewhere, one that is new, one that is gone, and one with other words."""
    before = "[Antrag](https://a.example/1), [Satzung](https://a.example/s), [Plan](https://a.example/p)"
    after = "[Antrag](https://a.example/2), [Bericht](https://a.example/b), [Lageplan](https://a.example/p)"
    found = difference(tmp_path, [LETTER, {**ARTICLE, "text": before}], [LETTER, {**ARTICLE, "text": after}])

    links = changed(found)["bad"].links
    assert [(link.state, link.label, link.before, link.after) for link in links] == [
        ("changed", "Antrag", "https://a.example/1", "https://a.example/2"),
        ("removed", "Satzung", "https://a.example/s", ""),
        ("added", "Bericht", "", "https://a.example/b"),
    ]


def test_images(tmp_path: Path) -> None:
    """Another picture, another description: each is told for itself."""
    other = {**IMAGE, "image": {"file": "logo.png", "alt": "Das Rathaus"}}
    described = {**IMAGE, "image": {"file": "rathaus.png", "alt": "Das Rathaus von Süden"}}
    [look] = changed(difference(tmp_path / "1", [LETTER, IMAGE], [LETTER, other]))["bild"].pictures
    [alt] = changed(difference(tmp_path / "2", [LETTER, IMAGE], [LETTER, described]))["bild"].pictures

    assert (look.state, look.look, look.alt) == ("changed", True, False)
    assert (alt.state, alt.look, alt.alt) == ("changed", False, True)
    without = changed(difference(tmp_path / "3", [LETTER, ARTICLE, IMAGE], [LETTER, ARTICLE]))["bild"]
    assert [one.state for one in without.pictures] == ["removed"]


def test_what_every_inbox_shows(tmp_path: Path) -> None:
    """Subject, preheader, date and language; personal places as editors write them."""
    head = {"subject": "Was der {{ region | Herbst }} bringt", "date": "2024-10-02"}
    found = difference(tmp_path, [LETTER], [LETTER], head=head)

    facts = {fact.name: joined(fact.text.pieces, "removed") for fact in found.facts}
    assert facts == {"date": "2024-10-02", "subject": "Was der {{ region | Herbst }} bringt"}
    assert [text.state for text in found.places] == ["added"]
    assert not found.changed


def test_a_place_that_reads_the_same(tmp_path: Path) -> None:
    """A personal place with the words that stood there is a change, though the neutral text is the same."""
    after = {**LETTER, "text": "Guten Tag {{ first_name | und }} viel Freude beim Lesen."}
    found = difference(tmp_path, [LETTER], [after])

    assert not found.is_empty
    assert ["".join(piece.text for piece in text.pieces) for text in found.places] == [
        "{{ first_name | und }}"
    ]


def test_what_only_some_readers_get(tmp_path: Path) -> None:
    """Sections of other variants are compared as well, with and without a heading of their own."""
    cities = {**ARTICLE, "only": "cities"}
    bare = {"type": "letter", "id": "gruss", "only": "press", "text": "Die Presse ist herzlich eingeladen."}
    after = [LETTER, {**cities, "text": "Das Freibad öffnet erst im Mai."}, EVENTS]
    after.append({**bare, "text": "Die Presse ist sehr herzlich eingeladen."})
    found = difference(tmp_path, [LETTER, cities, EVENTS, bare], after)

    assert list(changed(found)) == ["bad", "gruss"]
    assert told(changed(found)["gruss"]) == ["Die Presse ist {+sehr +}herzlich eingeladen."]


def test_who_gets_a_section(tmp_path: Path) -> None:
    """A section that goes to others now is told, even when its words stayed."""
    found = difference(tmp_path, [LETTER, ARTICLE], [LETTER, {**ARTICLE, "only": "cities"}])

    section = changed(found)["bad"]
    assert (section.state, section.readers) == ("same", ("everybody", "cities"))
    assert [fact.name for fact in found.facts] == ["variants"]


def test_words_of_the_plain_text_alone(tmp_path: Path) -> None:
    """Another text for the plain part changes nothing that a section shows, and is told apart."""
    found = difference(tmp_path, [LETTER, ARTICLE], [LETTER, {**ARTICLE, "plain": "Badezeit"}])

    assert not found.changed
    assert "Badezeit" in [joined(text.pieces, "removed") for text in found.plain]


def test_another_look_is_no_other_content(tmp_path: Path) -> None:
    """Editions that differ in colours only are not identical, yet nothing that is read changed."""
    theme = tmp_path / "theme"
    theme.mkdir()
    (theme / "theme.toml").write_text('[light]\nband = "#203040"\n', encoding="utf-8")
    text = workshop.yaml_of([LETTER, ARTICLE])
    found = compare(
        workshop.edition(tmp_path / "a", text), workshop.edition(tmp_path / "b", text, themes=[theme])
    )

    assert not found.is_identical
    assert found.is_empty


def test_two_different_issues(tmp_path: Path) -> None:
    """Nothing is lost when nearly everything changed."""
    before, after = kitchen_sink(tmp_path / "a"), workshop.edition_of(tmp_path / "b", LETTER, ARTICLE)
    found = compare(before, after)

    states = [section.state for section in found.changed]
    assert states.count("removed") + states.count("added") >= 14
    assert found.as_dict()["counts"] == found.counts
