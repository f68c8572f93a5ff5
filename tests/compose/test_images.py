"""Real images, real bombs, real damage: what the darkroom makes of them, and what it refuses."""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo

from newsletter.compose.edition import Asset
from newsletter.compose.image_file import MAX_BYTES
from newsletter.compose.images import Darkroom
from newsletter.errors import Fault, FaultsFound, Where
from newsletter.issue.model import Text

WHERE = Where(Path("issue.yaml"), 7, 11)
ORIENTATION, GPS = 0x0112, 0x8825


def develop(folder: Path, name: str, width: int = 300, cache: Path | None = None) -> Asset:
    """Develop an image as a section that names it does."""
    return Darkroom(folder, cache).asset(Text(name, "file", WHERE), width)


def fault(folder: Path, name: str, width: int = 300) -> Fault:
    """Return the one fault of an image."""
    with pytest.raises(FaultsFound) as found:
        develop(folder, name, width)
    (only,) = found.value.faults
    assert only.where == WHERE
    assert only.cure
    assert "{" not in only.message + only.cure
    return only


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode an image."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(asset: Asset) -> Image.Image:
    """Open a finished image."""
    image = Image.open(BytesIO(asset.data))
    image.load()
    return image


def photo(width: int = 900, height: int = 600) -> Image.Image:
    """Make something like a photograph: soft, with noise, of many colours."""
    noise = random.Random(7)  # noqa: S311 (noise, no secret)
    small = Image.frombytes("RGB", (48, 32), noise.randbytes(48 * 32 * 3))
    grain = Image.frombytes("L", (width, height), noise.randbytes(width * height)).point(lambda v: v // 16)
    soft = small.resize((width, height), Image.Resampling.BICUBIC)
    return Image.merge("RGB", [Image.blend(band, grain, 0.1) for band in soft.split()])


def flat(width: int = 600, height: int = 200) -> Image.Image:
    """Make something like a logo: three colours."""
    image = Image.new("RGB", (width, height), "#ffffff")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 200, 120), fill="#0a5c8a")
    draw.rectangle((250, 60, 420, 180), fill="#d2232a")
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, bits: int = 8, colours: int = 2) -> bytes:
    """Write the beginning of a PNG that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


# What becomes of a good image


def test_photo_is_shrunk_to_twice_the_display_width(tmp_path: Path) -> None:
    """A photo has two pixels for each CSS pixel, and the shown height keeps the aspect."""
    photo().save(tmp_path / "Große Brücke.jpg")
    asset = develop(tmp_path, "Große Brücke.jpg")
    assert (asset.width, asset.height, asset.media_type) == (300, 200, "image/jpeg")
    assert opened(asset).size == (600, 400)
    assert opened(asset).info.get("progressive")
    assert asset.name.startswith("grosse-bruecke-")
    assert asset.name.endswith(".jpg")


@pytest.mark.parametrize(
    ("own", "shown", "pixels"),
    [(100, 100, 100), (300, 300, 300), (450, 300, 450), (600, 300, 600), (601, 300, 600)],
)
def test_images_are_never_enlarged(tmp_path: Path, own: int, shown: int, pixels: int) -> None:
    """An image smaller than its place is shown as wide as it is; below twice the width, its pixels stay."""
    flat(own, 60).save(tmp_path / "logo.png")
    asset = develop(tmp_path, "logo.png")
    assert asset.width == shown
    assert asset.height == round(60 * shown / own)
    assert opened(asset).width == pixels


@pytest.mark.parametrize("size", [(5000, 1), (1, 1), (2, 3)])
def test_thin_and_tiny_images_keep_a_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    """No side becomes 0."""
    Image.new("RGB", size, "red").save(tmp_path / "line.png")
    asset = develop(tmp_path, "line.png")
    assert asset.height >= 1
    assert min(opened(asset).size) >= 1


def test_flat_art_becomes_a_png_with_the_same_pixels(tmp_path: Path) -> None:
    """Few colours get a palette, without loss."""
    flat().save(tmp_path / "logo.png")
    asset = develop(tmp_path, "logo.png")
    assert asset.media_type == "image/png"
    assert opened(asset).mode == "P"
    assert opened(asset).convert("RGB").tobytes() == flat().tobytes()


def test_transparency_is_kept_without_loss(tmp_path: Path) -> None:
    """Half-transparent flat art gets a palette with alpha and the same pixels."""
    image = flat().convert("RGBA")
    image.putalpha(
        Image.linear_gradient("L").resize(image.size, Image.Resampling.NEAREST).point(lambda v: v & 192)
    )
    image.save(tmp_path / "logo.png")
    asset = develop(tmp_path, "logo.png")
    assert asset.media_type == "image/png"
    assert opened(asset).convert("RGBA").tobytes() == image.tobytes()


def test_transparent_photo_stays_a_png(tmp_path: Path) -> None:
    """JPEG knows no transparency, however large the PNG is."""
    image = photo(300, 200)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "cut-out.webp", lossless=True)
    asset = develop(tmp_path, "cut-out.webp")
    assert (asset.media_type, opened(asset).mode) == ("image/png", "RGBA")


def test_unused_transparency_is_dropped(tmp_path: Path) -> None:
    """A photo that a program saved with an opaque alpha channel may become a JPEG."""
    image = photo()
    image.putalpha(255)
    image.save(tmp_path / "photo.png")
    assert develop(tmp_path, "photo.png").media_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_photo_in_another_format_becomes_a_jpeg(tmp_path: Path, kind: str) -> None:
    """A photo as PNG or WebP is far smaller as JPEG; WebP never goes out, as Outlook does not show it."""
    (tmp_path / "photo").write_bytes(encoded(photo(), kind))
    assert develop(tmp_path, "photo").media_type == "image/jpeg"


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    """A PNG that is called .jpg is a PNG."""
    (tmp_path / "logo.jpg").write_bytes(encoded(flat(), "PNG"))
    assert develop(tmp_path, "logo.jpg").name.endswith(".png")


def test_gif_with_transparent_colour(tmp_path: Path) -> None:
    """The transparent colour of a GIF stays transparent."""
    image = Image.new("P", (40, 40), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (0, 0, 20, 40))
    image.save(tmp_path / "dot.gif", transparency=0)
    result = opened(develop(tmp_path, "dot.gif")).convert("RGBA")
    assert result.getpixel((5, 5)) == (0, 0, 255, 255)
    assert result.getchannel("A").getpixel((35, 5)) == 0


def test_sixteen_bits_of_grey_keep_their_tones(tmp_path: Path) -> None:
    """A scan with 16 bits is scaled to 8, not cut off."""
    image = Image.new("I;16", (4, 1))
    for x, value in enumerate((0, 255, 32768, 65535)):
        image.putpixel((x, 0), value)
    image.save(tmp_path / "scan.png")
    result = opened(develop(tmp_path, "scan.png")).convert("L")
    assert [result.getpixel((x, 0)) for x in range(4)] == [0, 0, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_each_kind_of_png(tmp_path: Path, mode: str) -> None:
    """Whatever channels a PNG has, a picture comes out."""
    flat().convert(mode).save(tmp_path / "logo.png")
    assert opened(develop(tmp_path, "logo.png")).size == (600, 200)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_each_kind_of_jpeg(tmp_path: Path, mode: str) -> None:
    """Grey and printers' JPEGs become JPEGs that mail programs show."""
    flat().convert(mode).save(tmp_path / "logo.jpg")
    result = opened(develop(tmp_path, "logo.jpg"))
    assert result.mode in {"L", "RGB"}
    assert abs(result.convert("L").getpixel((5, 5)) - 255) < 4  # type: ignore[operator] # one channel is one number


def test_orientation_of_the_camera_is_applied(tmp_path: Path) -> None:
    """A photo taken upright is upright, and its shown height follows from that."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = Image.new("RGB", (400, 200), "blue")
    image.paste("red", (0, 0, 200, 200))
    image.save(tmp_path / "tower.jpg", exif=exif)
    asset = develop(tmp_path, "tower.jpg", 100)
    assert (asset.width, asset.height) == (100, 200)
    top = opened(asset).getpixel((100, 20))
    assert isinstance(top, tuple)
    assert top[0] > 200
    assert top[2] < 100


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_gone(tmp_path: Path, kind: str) -> None:
    """Where a photo was taken, by whom and with what never leaves the house."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[GPS] = {1: "N", 2: (51.0, 26.0, 1.0), 3: "E", 4: (7.0, 15.0, 1.0)}
    text = PngInfo()
    text.add_text("Comment", "SecretComment")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {
        "exif": exif,
        "pnginfo": text,
        "icc_profile": profile,
        "dpi": (300, 300),
        "xmp": b"<x>SecretXmp</x>",
    }
    if kind == "JPEG":
        options["comment"] = b"SecretComment"
    source = encoded(photo(), kind, **options)
    assert b"Secret" in source
    (tmp_path / "photo").write_bytes(source)
    asset = develop(tmp_path, "photo")
    result = opened(asset)
    assert not result.getexif()
    assert not {"exif", "icc_profile", "comment", "Comment", "dpi", "xmp"} & set(result.info)
    assert b"Secret" not in asset.data
    assert b"ICC" not in asset.data


def test_colour_profile_is_applied(tmp_path: Path) -> None:
    """A photo in other primaries gets the numbers that mean the same colour in sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    image = Image.new("RGB", (50, 50), (200, 30, 30))
    image.save(tmp_path / "photo.png", icc_profile=bytes(profile))
    pixel = opened(develop(tmp_path, "photo.png")).convert("RGB").getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, (30, 200, 30), strict=True)) < 3


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_profile_that_does_not_fit_is_left_out(tmp_path: Path, mode: str) -> None:
    """A damaged profile costs nothing: the image is shown as it would be without."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    source = encoded(flat().convert(mode), kind, icc_profile=b"no profile")
    (tmp_path / "logo").write_bytes(source)
    assert opened(develop(tmp_path, "logo")).size == (600, 200)


def test_telephone_jpeg_with_a_second_picture(tmp_path: Path) -> None:
    """A JPEG with a second picture behind it (MPO) is a photo, not an animation."""
    (tmp_path / "photo.jpg").write_bytes(
        encoded(photo(), "MPO", save_all=True, append_images=[photo(90, 60)])
    )
    assert develop(tmp_path, "photo.jpg").media_type == "image/jpeg"


def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Neither the order of sets nor anything else of a process gets into a picture."""
    flat().save(tmp_path / "logo.png")
    photo().save(tmp_path / "photo.jpg")
    program = (
        "import sys; from pathlib import Path; from tests.compose.test_images import develop\n"
        "print(*(develop(Path(sys.argv[1]), name).name for name in ('logo.png', 'photo.jpg')))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    names = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("0", "1234")
    }
    assert len(names) == 1


# Where images may lie


def test_image_in_a_subfolder(tmp_path: Path) -> None:
    """Images may be ordered in folders."""
    (tmp_path / "photos").mkdir()
    flat().save(tmp_path / "photos" / "logo.png")
    assert develop(tmp_path, "./photos/logo.png").name.startswith("logo-")


def test_umlaut_as_macos_writes_it(tmp_path: Path) -> None:
    """A name whose umlaut is two characters on disk is found by the one that is typed."""
    flat().save(tmp_path / unicodedata.normalize("NFD", "Förderung.png"))
    assert develop(tmp_path, unicodedata.normalize("NFC", "Förderung.png")).name.startswith("foerderung-")


@pytest.mark.parametrize(
    "name",
    [
        "../logo.png",
        "/etc/passwd",
        "sub/../../logo.png",
        "..",
        "C:\\photos\\logo.png",
        "c:logo.png",
        "\\\\nas\\logo.png",
    ],
)
def test_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    """Nothing outside the folder is read, however it is written."""
    folder = tmp_path / "issue"
    (folder / "sub").mkdir(parents=True)
    flat().save(tmp_path / "logo.png")
    assert "outside" in fault(folder, name).message


@pytest.mark.parametrize("name", ["link.png", "linked/logo.png"])
def test_symbolic_links_that_lead_out(tmp_path: Path, name: str) -> None:
    """A link to a file or folder elsewhere is not followed."""
    folder = tmp_path / "issue"
    folder.mkdir()
    flat().save(tmp_path / "logo.png")
    (folder / "link.png").symlink_to(tmp_path / "logo.png")
    (folder / "linked").symlink_to(tmp_path)
    assert "outside" in fault(folder, name).message


def test_symbolic_link_inside(tmp_path: Path) -> None:
    """A link within the folder is a name like any other."""
    flat().save(tmp_path / "logo.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "logo.png")
    assert develop(tmp_path, "link.png").name.startswith("link-")


def test_symbolic_link_to_itself(tmp_path: Path) -> None:
    """A link in a circle ends in a fault."""
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    fault(tmp_path, "loop.png")


def test_folder_that_is_itself_a_link(tmp_path: Path) -> None:
    """The issue's folder may lie elsewhere."""
    (tmp_path / "real").mkdir()
    (tmp_path / "issue").symlink_to(tmp_path / "real")
    flat().save(tmp_path / "real" / "logo.png")
    assert develop(tmp_path / "issue", "logo.png").width == 300


@pytest.mark.parametrize(
    ("name", "message", "cure"),
    [
        ("photos\\logo.png", "backslash", "Write “/”"),
        ("https://example.org/logo.png", "web address", "Save the image"),
        ("lgoo.png", "no image “lgoo.png”", "Did you mean “logo.png”?"),
        ("zzzzz", "no image", "Known here: logo.png, photos/bridge.jpg."),
        ("LOGO.png", "called “logo.png”, not “LOGO.png”", "capital"),
        ("Photos/bridge.jpg", "called “photos”, not “Photos”", "capital"),
        ("photos", "not a file", "Name an image file"),
        ("", "not a file", "Name an image file"),
        ("logo.png/x", "no image", "Did you mean"),
        ("a\0b", "no image", "Known here"),
        ("{x}.png", "no image “{x}.png”", ""),
        ("x" * 5000, "no image", ""),
    ],
    ids=lambda value: str(value)[:20],
)
def test_names_that_find_nothing(tmp_path: Path, name: str, message: str, cure: str) -> None:
    """A wrong name is told with what is there."""
    (tmp_path / "photos").mkdir()
    flat().save(tmp_path / "logo.png")
    flat().save(tmp_path / "photos" / "bridge.jpg")
    with pytest.raises(FaultsFound) as found:
        develop(tmp_path, name)
    (only,) = found.value.faults
    assert message in only.message
    assert cure in only.cure


def test_no_images_at_all(tmp_path: Path) -> None:
    """In an empty folder, or without one, the cure names the folder."""
    for folder in (tmp_path, tmp_path / "missing"):
        assert str(folder) in fault(folder, "logo.png").cure


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, which would never answer, is no file."""
    os.mkfifo(tmp_path / "logo.png")
    assert "not a file" in fault(tmp_path, "logo.png").message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    """A locked file is told as such."""
    (tmp_path / "logo.png").touch(mode=0o000)
    assert "cannot be read" in fault(tmp_path, "logo.png").message


# What is refused for its content


@pytest.mark.parametrize(
    ("data", "message", "cure"),
    [
        (b"", "is empty", "Copy"),
        (b"Dear reader", "no image that can be used", "PNG, JPEG, GIF and WebP"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "no image that can be used", "PNG"),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg"/>',
            "SVG drawing, which Gmail",
            "Export it as PNG, 600 pixels",
        ),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<SVG/>', "SVG drawing", "Export it as PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC file", "JPEG"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "an AVIF file", "JPEG"),
        (b"%PDF-1.7", "a PDF file", "Export it as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "an EPS file", "Export it as PNG"),
        (b"8BPS\0\1", "a Photoshop file", "Export it as PNG"),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), "a TIFF file", "JPEG"),
        (encoded(Image.new("RGB", (9, 9)), "BMP"), "a BMP file", "JPEG"),
    ],
    ids=["empty", "text", "mp4", "svg", "svg-xml", "heic", "avif", "pdf", "eps", "psd", "tiff", "bmp"],
)
def test_other_kinds_of_files(tmp_path: Path, data: bytes, message: str, cure: str) -> None:
    """What mail programs do not show is refused by name, whatever the file is called."""
    (tmp_path / "image.png").write_bytes(data)
    found = fault(tmp_path, "image.png")
    assert message.removeprefix("an ").removeprefix("a ") in found.message
    assert cure in found.cure


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {}), ("PNG", {}), ("PNG", {"default_image": True})]
)
def test_animations(tmp_path: Path, kind: str, options: dict[str, object]) -> None:
    """Images that move are refused in each format that can."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, **options)
    (tmp_path / "dance").write_bytes(data)
    assert "animated" in fault(tmp_path, "dance").message


def test_too_many_bytes(tmp_path: Path) -> None:
    """A file of more than 25 MB is refused, without being read to its end."""
    with (tmp_path / "photo.jpg").open("wb") as file:
        file.truncate(MAX_BYTES * 100)
    assert "25 MB" in fault(tmp_path, "photo.jpg").message


def _zeros(width: int, height: int) -> bytes:
    """A bomb that is whole: black, a bit for each pixel."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()
    return png_header(width, height, 1, 0) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "make",
    [
        lambda: png_header(60_000, 60_000) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        lambda: png_header(10_000, 8_950) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        lambda: png_header(7_072, 7_072) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        lambda: _zeros(30_000, 30_000),
        lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
    ],
    ids=["error", "warning", "just above", "zeros", "gif"],
)
def test_bombs_go_off_nowhere(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """An image of more than 50 million pixels is refused by its header."""
    data = make()
    assert len(data) < 200_000
    (tmp_path / "bomb.png").write_bytes(data)
    assert "more than 50 million pixels" in fault(tmp_path, "bomb.png").message


def test_webp_that_claims_a_size(tmp_path: Path) -> None:
    """A WebP that claims 65536x65536 pixels is refused, by Pillow 13 for its size, by 11 as damaged."""
    header = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\0\xff\xff\0VP8 \0\0\0\0"
    (tmp_path / "bomb.webp").write_bytes(header)
    assert re.search("more than 50 million pixels|damaged", fault(tmp_path, "bomb.webp").message)


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_bombs_in_metadata(tmp_path: Path, kind: bytes, *, after: bool) -> None:
    """A profile or comment that unpacks to 100 MB is not unpacked; nor is the image used."""
    start, rest = encoded(Image.new("L", (9, 9)), "PNG")[:33], encoded(Image.new("L", (9, 9)), "PNG")[33:]
    bomb = chunk(kind, b"name\0\0" + zlib.compress(bytes(100_000_000), 9))
    data = start + rest[:-12] + bomb + rest[-12:] if after else start + bomb + rest
    (tmp_path / "bomb.png").write_bytes(data)
    assert "damaged" in fault(tmp_path, "bomb.png").message


def test_jpeg_with_endless_scans(tmp_path: Path) -> None:
    """A JPEG that would keep the decoder busy for minutes is refused at once."""
    data = encoded(Image.new("L", (6000, 6000)), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    (tmp_path / "bomb.jpg").write_bytes(data[:-2] + scan * 10_000 + data[-2:])
    assert "damaged" in fault(tmp_path, "bomb.jpg").message


@pytest.mark.parametrize(("width", "fits"), [(200, True), (201, False)])
def test_absurd_heights(tmp_path: Path, width: int, *, fits: bool) -> None:
    """An image that would be more than 4000 pixels high in the mail is a mistake."""
    Image.new("L", (400, 8000)).save(tmp_path / "tower.png")
    if fits:
        assert develop(tmp_path, "tower.png", width).height == 4000
    else:
        assert "4020 pixels high" in fault(tmp_path, "tower.png", width).message


def _damaged(data: bytes) -> None:
    """Develop damaged data; anything but a picture or a fault passes through."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "image").write_bytes(data)
        with suppress(FaultsFound):
            assert opened(develop(Path(folder), "image", 40)).width


def _samples() -> list[bytes]:
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    exif[GPS] = {1: "N", 2: (51.0, 26.0, 1.0)}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    small = photo(60, 40)
    clear = ImageOps.grayscale(small).convert("LA")
    clear.putpixel((0, 0), (0, 0))
    frames = [Image.new("P", (20, 20), 3), Image.new("P", (20, 20), 5)]
    return [
        encoded(small, "JPEG", exif=exif, icc_profile=profile, comment=b"hello"),
        encoded(small, "JPEG", progressive=True),
        encoded(small.convert("CMYK"), "JPEG", icc_profile=profile),
        encoded(small, "MPO", save_all=True, append_images=[small]),
        encoded(small, "PNG", exif=exif, icc_profile=profile),
        encoded(clear, "PNG"),
        encoded(flat(60, 40).convert("P"), "PNG", transparency=0),
        encoded(small, "GIF", comment=b"hello"),
        encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        encoded(small, "WEBP", exif=exif, icc_profile=profile),
        encoded(clear.convert("RGBA"), "WEBP", lossless=True),
    ]


SAMPLES = st.sampled_from(_samples())


@given(SAMPLES, st.floats(0, 1))
@settings(deadline=None, max_examples=200)
def test_truncated_anywhere(data: bytes, share: float) -> None:
    """A download that broke off gives a picture or a fault, nothing else."""
    _damaged(data[: int(len(data) * share)])


@given(SAMPLES, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=300)
def test_bytes_changed_anywhere(data: bytes, changes: list[tuple[float, int]]) -> None:
    """Damaged bytes give a picture or a fault, nothing else."""
    damaged = bytearray(data)
    for share, value in changes:
        damaged[int((len(data) - 1) * share)] = value
    _damaged(bytes(damaged))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_half_an_image_is_damaged(tmp_path: Path, kind: str) -> None:
    """Half a file is not shown as if it were the whole."""
    data = encoded(photo(), kind)
    (tmp_path / "photo").write_bytes(data[: len(data) // 2])
    assert "damaged" in fault(tmp_path, "photo").message


# The cache


def test_second_build_needs_no_decoder(tmp_path: Path) -> None:
    """A cached image is the same as a new one, and Pillow's decoders are not even imported."""
    photo().save(tmp_path / "photo.jpg")
    cache = tmp_path / "cache" / "images"
    new = develop(tmp_path, "photo.jpg", cache=cache)
    program = (
        "import sys; from pathlib import Path\n"
        "from newsletter.compose.images import Darkroom; from newsletter.errors import Where\n"
        "from newsletter.issue.model import Text\n"
        "folder, cache = map(Path, sys.argv[1:])\n"
        "asset = Darkroom(folder, cache).asset(Text('photo.jpg', 'file', Where(folder)), 300)\n"
        "print(asset.name, asset.width, asset.height, 'PIL.Image' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path), str(cache)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.split() == [new.name, "300", "200", "False"]
    assert develop(tmp_path, "photo.jpg", cache=cache) == new == develop(tmp_path, "photo.jpg")


def test_cache_tells_widths_contents_and_names_apart(tmp_path: Path) -> None:
    """Only the same bytes at the same width are the same picture, and each file keeps its own name."""
    cache = tmp_path / "cache"
    flat().save(tmp_path / "logo.png")
    flat().save(tmp_path / "same.png")
    wide, narrow = (develop(tmp_path, "logo.png", width, cache) for width in (300, 200))
    assert (wide.width, narrow.width) == (300, 200)
    same = develop(tmp_path, "same.png", cache=cache)
    assert (same.data, same.name[:5]) == (wide.data, "same-")
    assert len(list(cache.iterdir())) == 2
    ImageOps.invert(flat()).save(tmp_path / "logo.png")
    assert develop(tmp_path, "logo.png", cache=cache).data != wide.data


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry[:-1],
        lambda _entry: b"",
        lambda entry: entry[:70] + b"9" + entry[71:],
        lambda _entry: b"x\ny",
    ],
    ids=["cut", "empty", "changed", "other"],
)
def test_damaged_entry_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """What a full disk or a bad one left in the cache is noticed and replaced."""
    cache = tmp_path / "cache"
    flat().save(tmp_path / "logo.png")
    new = develop(tmp_path, "logo.png", cache=cache)
    (entry,) = cache.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert develop(tmp_path, "logo.png", cache=cache) == new
    assert entry.read_bytes() == whole


def test_unusable_cache_is_no_failure(tmp_path: Path) -> None:
    """Where nothing can be written, the image is made each time."""
    flat().save(tmp_path / "logo.png")
    (tmp_path / "file").touch()
    assert develop(tmp_path, "logo.png", cache=tmp_path / "file" / "cache") == develop(tmp_path, "logo.png")


def test_cached_image_is_still_looked_for(tmp_path: Path) -> None:
    """The cache holds pictures, not permission: a file that is gone is a fault."""
    flat().save(tmp_path / "logo.png")
    develop(tmp_path, "logo.png", cache=tmp_path / "cache")
    (tmp_path / "logo.png").unlink()
    assert "no image" in fault(tmp_path, "logo.png").message
