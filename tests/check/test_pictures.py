"""Images: kind, resolution, what vanishes on its ground, idle words in alternative texts."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from newsletter.check import checking
from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof
from tests.check import proofs


def shows(file: str, alt: str = "Ein Feld.") -> dict[str, object]:
    """Make a section with an image."""
    return {"type": "image", "image": {"file": file, "alt": alt}}


@cache
def logo(ink: str, *, ground: str = "#00000000", outline: str = "") -> bytes:
    """Draw some bars on a clear (or other) ground."""
    image = Image.new("RGBA", (1200, 300), ground)
    draw = ImageDraw.Draw(image)
    for left in range(50, 1150, 100):
        draw.rectangle((left, 50, left + 40, 250), fill=ink, outline=outline or None, width=6)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def judged(folder: Path, rule: str, data: bytes, name: str = "logo.png") -> tuple[list[Remark], Proof]:
    """Ask a rule about an issue with one image."""
    proof = proofs.proof(folder, shows(name), files={name: data})
    return proofs.remarks(rule, proof), proof


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"/>'


def animation() -> bytes:
    """Make a GIF that moves."""
    file = BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("logo.svg", SVG, "SVG drawing"),
        ("logo.gif", animation(), "animated"),
        ("logo.bmp", b"BM" * 9, "BMP file"),
    ],
    ids=["svg", "animated", "bmp"],
)
def test_kinds_that_some_programs_do_not_show(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    """Told under the rule's name, at the line of the file, and not twice."""
    found = proofs.report(tmp_path, shows(name), files={name: data})
    (finding,) = [one for one in found.findings if name in one.message]
    assert (finding.rule, finding.severity) == ("pictures.type", Severity.ERROR)
    assert words in finding.message
    assert finding.where.line > 0


def test_kinds_that_are_shown(tmp_path: Path) -> None:
    """A GIF that stands still and a WebP are sent as PNG or JPEG."""
    files = {f"a.{kind.lower()}": proofs.picture(kind=kind) for kind in ("PNG", "GIF", "WEBP", "JPEG")}
    proof = proofs.proof(tmp_path, *map(shows, files), files=files)
    assert proofs.remarks("pictures.type", proof) == []
    assert {one.asset.media_type for one in proof.shown} <= {"image/png", "image/jpeg"}


@pytest.mark.parametrize(
    ("pixels", "severity", "words"),
    [
        (1071, Severity.HINT, "blurred"),
        (536, Severity.HINT, "blurred"),
        (400, Severity.WARNING, "only 400 pixels"),
    ],
)
def test_an_image_with_too_few_pixels(tmp_path: Path, pixels: int, severity: Severity, words: str) -> None:
    """Less than two for each that is shown: a hint; less than its place: a warning."""
    found, proof = judged(tmp_path, "pictures.resolution", proofs.picture(size=(pixels, 300)))
    assert [one.severity for one in found] == [severity]
    assert words in found[0].message
    assert "at least 1072 pixels" in found[0].cure
    assert proofs.lines(found, proof) == ["file: logo.png"]


@pytest.mark.parametrize("pixels", [1072, 3000])
def test_an_image_with_enough_pixels(tmp_path: Path, pixels: int) -> None:
    """Two for each, or more."""
    assert judged(tmp_path, "pictures.resolution", proofs.picture(size=(pixels, 300)))[0] == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (logo("#101820"), "in dark mode"),
        (logo("white"), "on light ground"),
        (logo("#132025", outline="#0a1316"), "in dark mode"),
    ],
    ids=["dark", "white", "dark with a dark outline"],
)
def test_a_transparent_logo_that_vanishes(tmp_path: Path, data: bytes, words: str) -> None:
    """By its outline against the card of either scheme."""
    found, proof = judged(tmp_path, "pictures.vanishing", data)
    assert len(found) == 1
    assert words in found[0].message
    assert proofs.lines(found, proof) == ["file: logo.png"]


@pytest.mark.parametrize(
    "data",
    [
        logo("#0b6474"),
        logo("#e07020"),
        logo("#101820", outline="#ffffff"),
        logo("#101820", ground="#ffffff"),
        proofs.picture(colour="black"),
    ],
    ids=["middle tone", "orange", "dark with a light outline", "on its own ground", "a dark photo"],
)
def test_a_logo_that_is_seen_everywhere(tmp_path: Path, data: bytes) -> None:
    """With a middle tone, an outline, or a ground of its own."""
    assert judged(tmp_path, "pictures.vanishing", data)[0] == []


def test_what_counts_is_the_ground_behind(tmp_path: Path) -> None:
    """The theme's mark lies on the dark band in both schemes; it is found in the theme's folder."""
    workspace = proofs.office(tmp_path)
    images = workspace.root / "templates" / "images"
    images.mkdir(parents=True)
    (images / "zeichen.png").write_bytes(logo("white"))
    theme = workspace.root / "templates" / "theme.toml"
    theme.write_text('[masthead]\nmark = "zeichen.png"\n', encoding="utf-8")
    proof = checking.proof_of(workspace, workspace.issue_id(None))
    assert proofs.remarks("pictures.vanishing", proof) == []
    (images / "zeichen.png").write_bytes(logo("#101820"))
    proof = checking.proof_of(workspace, workspace.issue_id(None))
    found = proofs.remarks("pictures.vanishing", proof)
    assert {one.where.path for one in found} == {images / "zeichen.png"}


def test_what_was_seen_once_is_kept(tmp_path: Path) -> None:
    """In the cache of builds, with the same judgement; a damaged entry of it costs time only."""
    first, proof = judged(tmp_path, "pictures.vanishing", logo("#101820"))
    assert proof.cache
    (kept,) = proof.cache.glob("pictures-*.json")
    before = kept.read_bytes()
    assert proofs.remarks("pictures.vanishing", proof) == first
    kept.write_bytes(b"{")
    assert proofs.remarks("pictures.vanishing", proof) == first
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "alt",
    [
        "Bild von einem Feld.",
        "Das Foto zeigt ein Feld.",
        "Image of a field.",
        "Abbildung: ein Feld.",
        "Grafik der Stadt.",
    ],
)
def test_idle_words_before_what_is_seen(tmp_path: Path, alt: str) -> None:
    """A screen reader says that it is an image."""
    proof = proofs.proof(tmp_path, shows("bild.png", alt))
    found = proofs.remarks("pictures.idle-words", proof)
    assert len(found) == 1
    assert proofs.lines(found, proof)[0].startswith("alt:")


@pytest.mark.parametrize(
    "alt", ["Ein Feld im Schnee.", "Bildung in Zahlen: 12 Schulen.", "Fotografin Erika Muster am See."]
)
def test_alternative_texts_that_come_to_the_point(tmp_path: Path, alt: str) -> None:
    """Words that only begin alike are fine."""
    assert proofs.remarks("pictures.idle-words", proofs.proof(tmp_path, shows("bild.png", alt))) == []
