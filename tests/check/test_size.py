"""Size: HTML, styles, images, control characters."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from newsletter.check import checking, size
from newsletter.check.finding import Severity
from newsletter.check.proof import Proof
from newsletter.workspace import BASE_THEME
from tests.check import proofs

SENTENCE = "Wir bauen den Weg von der Schule bis zum Rathaus neu.\n"


def noise(width: int, height: int, kind: str = "PNG") -> bytes:
    """Make an image that no compression makes lighter."""
    file = BytesIO()
    data = random.Random(1).randbytes(3 * width * height)  # noqa: S311 (no secret)
    Image.frombytes("RGB", (width, height), data).save(file, kind)
    return file.getvalue()


def with_template(folder: Path, name: str, text: str) -> Proof:
    """Make the proof of an issue whose office overrides a template."""
    workspace = proofs.office(folder)
    file = workspace.root / "templates" / name
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return checking.proof_of(workspace, workspace.issue_id(None))


def article(heading: str, text: str) -> dict[str, object]:
    """Make a section."""
    return {"type": "article", "heading": heading, "text": text}


@pytest.mark.parametrize(
    ("sentences", "severity"), [(1200, Severity.WARNING), (1500, Severity.ERROR)], ids=["80 KB", "100 KB"]
)
def test_html_that_gmail_may_cut_off(tmp_path: Path, sentences: int, severity: Severity) -> None:
    """A warning from 80,000 bytes, an error from 100,000, at the section that is longest."""
    sections = article("Kurz", SENTENCE), article("Der lange Weg", SENTENCE * sentences)
    proof = proofs.proof(tmp_path, *sections)
    (found,) = proofs.remarks("size.html", proof)
    assert found.severity is severity
    assert "“Der lange Weg”" in found.cure
    assert found.section == "der-lange-weg"
    assert found.where.line == proof.section("der-lange-weg").where.line  # type: ignore[union-attr]


def test_html_of_usual_length_is_fine(tmp_path: Path) -> None:
    """Some pages of text stay far below."""
    assert proofs.remarks("size.html", proofs.proof(tmp_path, article("Weg", SENTENCE * 300))) == []


def test_personal_values_count(tmp_path: Path) -> None:
    """A mail is as long as it is for a reader with a long name, with a link that has a token."""
    text = "{{ last_name | Sie }} und {{ region | hier }}.\n" * 100
    settings = '\n[list]\nunsubscribe_url = "https://kreis.example/abmelden/{token}"\n'
    proof = proofs.proof(tmp_path, article("Weg", text), settings=settings)
    mail = proof.mails[0]
    neutral = len(mail.html.encode())
    assert size.personal_size(proof, mail) > neutral + 100 * len("von Müller-Lüdenscheidt")


def test_the_largest_variant_counts(tmp_path: Path) -> None:
    """It is named."""
    long = {**article("Nur Kreise", SENTENCE * 1500), "only": ["districts"]}
    (found,) = proofs.remarks("size.html", proofs.proof(tmp_path, proofs.GOOD, long))
    assert "“districts”" in found.message


def test_styles_beyond_what_gmail_takes(tmp_path: Path) -> None:
    """At the theme's file; Outlook's styles in conditional comments don't count."""
    base = (BASE_THEME / "layout" / "mail.css.j2").read_text(encoding="utf-8")
    more = "".join(f"      .c{number} {{ color: #123456 !important; }}\n" for number in range(400))
    proof = with_template(tmp_path, "layout/mail.css.j2", base + more)
    (found,) = proofs.remarks("size.style", proof)
    assert found.where.path == tmp_path / "templates" / "layout" / "mail.css.j2"


def test_the_styles_of_the_theme_are_small_enough(tmp_path: Path) -> None:
    """By far."""
    assert proofs.remarks("size.style", proofs.proof(tmp_path)) == []


@pytest.mark.parametrize(
    ("height", "severity"), [(300, Severity.WARNING), (1500, Severity.ERROR)], ids=["200 KB", "1 MB"]
)
def test_a_heavy_image(tmp_path: Path, height: int, severity: Severity) -> None:
    """As it is in the mail, at the line of its `file`; once, however often it is shown."""
    image = {"type": "image", "image": {"file": "schnee.jpg", "alt": "Schnee."}}
    big = noise(1072, height, "PNG")
    proof = proofs.proof(tmp_path, image, image, files={"schnee.jpg": big})
    (found,) = proofs.remarks("size.image", proof)
    assert found.severity is severity
    assert proofs.lines([found], proof) == ["file: schnee.jpg"]
    assert found.where.line < len(proof.file.read_text(encoding="utf-8").splitlines()) - 3


def test_a_light_image_is_fine(tmp_path: Path) -> None:
    """However large its file is."""
    image = {"type": "image", "image": {"file": "bild.png", "alt": "Ein Feld."}}
    proof = proofs.proof(tmp_path, image)
    assert proofs.remarks("size.image", proof) == proofs.remarks("size.images", proof) == []


def test_images_that_are_heavy_together(tmp_path: Path) -> None:
    """Told once, at the heaviest; those that no reader gets together don't add up."""
    files = {f"{name}.png": noise(1072, height) for name, height in (("a", 380), ("b", 420), ("c", 400))}
    images = [{"type": "image", "image": {"file": file, "alt": "Schnee."}} for file in files]
    proof = proofs.proof(tmp_path / "all", *images, files=files)
    weights = [len(image.asset.data) for image in proof.shown]
    assert sum(weights) > size.LARGE_IMAGES
    (found,) = proofs.remarks("size.images", proof)
    assert proofs.lines([found], proof) == ["file: b.png"]
    images[0]["only"] = images[1]["not"] = ["districts"]
    assert proofs.remarks("size.images", proofs.proof(tmp_path / "some", *images, files=files)) == []


def test_control_characters(tmp_path: Path) -> None:
    """Of a template read in the wrong encoding, at their place."""
    base = (BASE_THEME / "layout" / "foot.mjml.j2").read_text(encoding="utf-8")
    proof = with_template(
        tmp_path, "layout/foot.mjml.j2", base.replace("<p>{% if web", "<p>\x92{% if web", 1)
    )
    (found,) = proofs.remarks("size.control-characters", proof)
    assert "U+0092" in found.message
    assert found.where.path.name == "foot.mjml.j2"
    assert found.where.line > 0


def test_umlauts_are_no_control_characters(tmp_path: Path) -> None:
    """Nor are quotes and dashes as they should be."""
    proof = proofs.proof(tmp_path, "„Größe“ – so wird’s geschrieben …\n")
    assert proofs.remarks("size.control-characters", proof) == []
