"""Make the images that an editor names fit for mail: light, upright, in sRGB, without metadata.

A file is strange until it is decoded, so it is judged in this order: its path, its size, its first
bytes (never its name), its header, its pixels. Pillow is at home here, and is imported only when a
picture is not in the cache: a build of cached images starts without it.
"""
# ruff: noqa: PLC0415 (see above)

from __future__ import annotations

import hashlib
import re
import sys
import unicodedata
import warnings
from contextlib import suppress
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PIL import __version__ as pillow_version  # the package alone; its decoders stay unimported

from newsletter.compose.edition import Asset
from newsletter.compose.image_cache import ImageCache, Picture
from newsletter.errors import Fault, FaultsFound, NewsletterError
from newsletter.issue.model import Text
from newsletter.issue.reader import slug
from newsletter.language import _
from newsletter.validation import did_you_mean

if TYPE_CHECKING:
    from PIL.Image import Image

RECIPE = 1
"""Raise it whenever the same file would become another picture: cached ones are then made anew."""
MAX_BYTES = 25_000_000
MAX_PIXELS = 50_000_000
"""200 MB decoded; a good camera makes 24 million."""
MAX_HEIGHT = 4000
"""As shown, in CSS pixels."""
MAX_SCANNED = 5_000_000_000
"""Pixels times scans of a JPEG. A progressive one has about ten scans, a bomb a hundred thousand: 75 bytes
keep libjpeg busy for 50 ms at 49 million pixels (measured)."""
MAX_EXIF = 1000
"""Pieces of Exif in a JPEG; Pillow joins them in quadratic time."""
DENSITY = 2
"""Pixels for one CSS pixel: what telephones show."""
JPEG_QUALITY = 82

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg"}
_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
_USABLE = {"PNG", "JPEG", "GIF", "WEBP"}
_DRAWINGS = {"SVG", "PDF", "EPS", "Photoshop"}
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
    b"%PDF": "PDF",
    b"%!PS": "EPS",
    b"\xc5\xd0\xd3\xc6": "EPS",
    b"8BPS": "Photoshop",
}
_AVIF = re.compile(rb"avi[fs]")
_HEIC = re.compile(rb"hei[cxms]|hev[cx]|m[is]f1")


class ImageRefused(NewsletterError):
    """This image cannot be used."""


class Darkroom:
    """Develops the images that lie in a folder; nothing outside it is read."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self.folder = folder
        self._cache = ImageCache(cache) if cache else None

    def asset(self, file: Text, width: int) -> Asset:
        """Develop an image that is shown `width` CSS pixels wide, or as wide as it is if that is less.

        Raises:
            FaultsFound: one fault, at the place where the editor names the file.
        """
        try:
            data = _read(self._find(file.value), file.value)
            picture = self._picture(file.value, data, width)
        except ImageRefused as err:
            raise FaultsFound([Fault(file.where, err.message, err.cure)]) from err
        stem = slug(PurePosixPath(file.value).stem) or "image"
        digest = hashlib.sha256(picture.data).hexdigest()[:12]
        name = f"{stem}-{digest}.{_ENDINGS[picture.media_type]}"
        return Asset(name, picture.media_type, picture.data, picture.width, picture.height)

    def _picture(self, name: str, data: bytes, width: int) -> Picture:
        if self._cache is None:
            return _develop(name, data, width)
        key = hashlib.sha256(f"{RECIPE} {pillow_version} {width}\n".encode() + data).hexdigest()
        picture = self._cache.get(key)
        if picture is None:
            picture = _develop(name, data, width)
            self._cache.put(key, picture)
        return picture

    def _find(self, name: str) -> Path:
        """Follow the name part by part, so that no step leads out and each is written as it is on disk."""
        path = root = self.folder.resolve()
        for part in self._parts(name):
            path /= self._entry(path, part, name)
            if not _leads_into(root, path):
                raise self._outside(name)
        return path

    def _parts(self, name: str) -> tuple[str, ...]:
        if "://" in name:
            cure = _("Save the image into the folder {folder} and write its file name here.")
            raise _refused(_("“{file}” is a web address, not a file."), cure, file=name, folder=self.folder)
        if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
            raise self._outside(name)
        if "\\" in name:
            cure = _("Write “/” between folder and file name.")
            raise _refused(_("“{file}” has a backslash (\\) in it."), cure, file=name)
        return PurePosixPath(name).parts

    def _outside(self, name: str) -> ImageRefused:
        cure = _("Put the image into the folder {folder} and write only its file name here.")
        return _refused(_("“{file}” lies outside the folder."), cure, file=name, folder=self.folder)

    def _entry(self, folder: Path, part: str, name: str) -> str:
        """Return the name on disk; macOS writes “ü” as two characters, which is the same name."""
        try:
            entries = {
                unicodedata.normalize("NFC", path.name): path.name for path in sorted(folder.iterdir())
            }
        except OSError:
            entries = {}
        wanted = unicodedata.normalize("NFC", part)
        if wanted in entries:
            return entries[wanted]
        for entry in entries:
            if entry.casefold() == wanted.casefold():
                message = _("The file is called “{entry}”, not “{part}”.")
                cure = _("Write capital and small letters exactly so: many computers tell them apart.")
                raise _refused(message, cure, entry=entry, part=part)
        raise self._missing(name)

    def _missing(self, name: str) -> ImageRefused:
        files = (file for file in islice(self.folder.rglob("*"), 1000) if file.suffix.lower() in _SUFFIXES)
        hint = did_you_mean(name, [file.relative_to(self.folder).as_posix() for file in files])
        cure = "{hint}" if hint else _("Put the image into the folder {folder}.")
        return _refused(_("There is no image “{file}”."), cure, file=name, hint=hint, folder=self.folder)


def _refused(message: str, cure: str, **facts: object) -> ImageRefused:
    return ImageRefused(message.format(**facts), cure=cure.format(**facts))


def _leads_into(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a symbolic link that leads to itself
        return False


def _read(path: Path, name: str) -> bytes:
    if not path.is_file():  # asked before it is opened: a pipe would never answer
        raise _refused(_("“{file}” is not a file."), _("Name an image file."), file=name)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as err:
        message = _("“{file}” cannot be read: {reason}.")
        cure = _("Check whether you are allowed to open the file.")
        raise _refused(message, cure, file=name, reason=err.strerror) from err
    if not data:
        raise _refused(_("“{file}” is empty."), _("Copy the image into the folder once more."), file=name)
    if len(data) > MAX_BYTES:
        cure = _("Save it smaller in an image program.")
        raise _refused(_("“{file}” is larger than {size} MB."), cure, file=name, size=MAX_BYTES // 1_000_000)
    return data


def _kind(data: bytes) -> str:
    """Tell by its first bytes what a file is; an empty text for what is not known."""
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":  # ISO/IEC 14496-12: the brands of the file follow
        return "AVIF" if _AVIF.search(data, 8, 64) else "HEIC" if _HEIC.search(data, 8, 64) else ""
    text = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "SVG" if text.startswith(b"<") and b"<svg" in text else ""


def _check_kind(name: str, kind: str, width: int) -> None:
    if kind in _USABLE:
        return
    message = _("“{file}” is a {kind} file, which mail programs do not show.")
    cure = _("Save it as JPEG (photos) or PNG (drawings).")
    if not kind:
        message = _("“{file}” is no image that can be used.")
        cure = _("PNG, JPEG, GIF and WebP can be used; what counts is the content, not the name.")
    elif kind == "SVG":
        message = _("“{file}” is an SVG drawing, which Gmail does not show.")
    if kind in _DRAWINGS:
        cure = _("Export it as PNG, {width} pixels wide.")
    raise _refused(message, cure, file=name, kind=kind, width=DENSITY * width)


def _develop(name: str, data: bytes, width: int) -> Picture:
    kind = _kind(data)
    _check_kind(name, kind, width)
    image = _decoded(name, data, kind)
    shown = min(width, image.width)
    height = max(1, round(shown * image.height / image.width))
    if height > MAX_HEIGHT:
        message = _("“{file}” would be {height} pixels high in the newsletter.")
        cure = _("Crop it or divide it; {limit} pixels are the most.")
        raise _refused(message, cure, file=name, height=height, limit=MAX_HEIGHT)
    media_type, encoded = _encoded(_in_srgb(_resized(image, DENSITY * width)), photo=kind == "JPEG")
    return Picture(media_type, shown, height, encoded)


def _decoded(name: str, data: bytes, kind: str) -> Image:
    """Decode an image, upright, in one of the modes L, RGB, RGBA (transparency in use) and CMYK."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow's, about a file: it decodes or it does not
            image = Image.open(BytesIO(data), formats=[kind])
            _check_header(name, data, image)
            return _plain(ImageOps.exif_transpose(image))
    except ImageRefused:
        raise
    except Image.DecompressionBombError as err:
        raise _too_many_pixels(name) from err
    except Exception as err:  # damaged bytes lead the decoders to errors of any kind, even SyntaxError
        cure = _("Open it in an image program and save it anew, or fetch it once more.")
        raise _refused(_("“{file}” is damaged."), cure, file=name) from err


def _check_header(name: str, data: bytes, image: Image) -> None:
    """Refuse what must not be decoded; so far Pillow has read the header only."""
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise _too_many_pixels(name)
    if image.format in {"JPEG", "MPO"}:  # MPO: a telephone's JPEG with another behind it, which is left out
        if pixels * data.count(b"\xff\xda") > MAX_SCANNED or data.count(b"Exif\0\0") > MAX_EXIF:
            raise ValueError(name)
    elif getattr(image, "is_animated", False):
        cure = _("Save a single picture of it as PNG or JPEG.")
        raise _refused(_("“{file}” is animated; Outlook shows only its first picture."), cure, file=name)


def _too_many_pixels(name: str) -> ImageRefused:
    message, cure = (
        _("“{file}” has more than {count} million pixels."),
        _("Save it smaller in an image program."),
    )
    return _refused(message, cure, file=name, count=MAX_PIXELS // 1_000_000)


def _plain(image: Image) -> Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which convert("L") would cut off at 255
        return image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return image if image.getchannel("A").getextrema() != (255, 255) else image.convert("RGB")
    if image.mode in {"1", "L"}:
        return image.convert("L")
    return image if image.mode == "CMYK" else image.convert("RGB")


def _resized(image: Image, width: int) -> Image:
    from PIL.Image import Resampling

    if image.width <= width:
        return image
    height = max(1, round(width * image.height / image.width))
    return image.resize((width, height), Resampling.LANCZOS)


def _in_srgb(image: Image) -> Image:
    """Apply the colour profile; one that is damaged or made for other channels says nothing."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        srgb = ImageCms.createProfile("sRGB")
        with suppress(ImageCms.PyCMSError):
            image = ImageCms.profileToProfile(image, BytesIO(profile), srgb, outputMode=mode) or image
    return image.convert("RGB") if image.mode == "CMYK" else image


def _encoded(image: Image, *, photo: bool) -> tuple[str, bytes]:
    """Encode as JPEG or PNG, never as WebP, which Outlook does not show."""
    image.info.clear()  # Pillow would write comment, resolution and profile into the new file
    if photo:
        return "image/jpeg", _jpeg(image)
    png = min(_png(image), _png(_with_palette(image)), key=len)
    jpeg = b"" if image.mode == "RGBA" else _jpeg(image)
    if jpeg and 2 * len(jpeg) < len(png):
        return "image/jpeg", jpeg
    return "image/png", png


def _jpeg(image: Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY, progressive=True, optimize=True)
    return file.getvalue()


def _png(image: Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _with_palette(image: Image) -> Image:
    """Give an image of at most 256 colours a palette of just these (Pillow's `quantize` only comes near)."""
    from PIL.Image import frombytes

    rgba = image.convert("RGBA")
    if rgba.getcolors(256) is None:
        return image
    pixels = memoryview(rgba.tobytes()).cast("I")
    colours = sorted(pixel.to_bytes(4, sys.byteorder) for pixel in set(pixels))
    places = {int.from_bytes(colour, sys.byteorder): place for place, colour in enumerate(colours)}
    result = frombytes("P", image.size, bytes(places[pixel] for pixel in pixels))
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    result.putpalette(b"".join(colour[: len(mode)] for colour in colours), mode)
    return result
