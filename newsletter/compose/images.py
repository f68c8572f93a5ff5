"""Make the images that an editor names fit for mail: light, upright, in sRGB, without metadata.

A file that was recognised is still strange: its header is judged before its pixels are decoded. Pillow is
at home here, and is imported only when a picture is not in the cache: a build of cached images starts
without it.
"""
# ruff: noqa: PLC0415 (see above)

from __future__ import annotations

import hashlib
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PIL import __version__ as pillow_version  # the package alone; its decoders stay unimported

from newsletter.compose.edition import Asset
from newsletter.compose.image_cache import ImageCache, Picture
from newsletter.compose.image_file import ImageFolder, ImageRefused, refused, refused_kind, usable_kind
from newsletter.errors import Fault, FaultsFound
from newsletter.issue.model import Text
from newsletter.issue.reader import slug
from newsletter.language import _

if TYPE_CHECKING:
    from PIL.Image import Image

RECIPE = 1
"""Raise it whenever the same file would become another picture: cached ones are then made anew."""
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


class Darkroom:
    """Develops the images that lie in a folder; nothing outside it is read."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self._files = ImageFolder(folder)
        self._cache = ImageCache(cache) if cache else None

    def asset(self, file: Text, width: int) -> Asset:
        """Develop an image that is shown `width` CSS pixels wide, or as wide as it is if that is less.

        Raises:
            FaultsFound: one fault, at the place where the editor names the file.
        """
        try:
            data = self._files.read(file.value)
            picture = self._picture(file.value, data, width)
        except ImageRefused as err:
            raise FaultsFound([Fault(file.where, err.message, err.cure, err.rule)]) from err
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


def _develop(name: str, data: bytes, width: int) -> Picture:
    kind = usable_kind(name, data, DENSITY * width)
    image = _decoded(name, data, kind)
    shown = min(width, image.width)
    height = max(1, round(shown * image.height / image.width))
    if height > MAX_HEIGHT:
        message = _("“{file}” would be {height} pixels high in the newsletter.")
        cure = _("Crop it or divide it; {limit} pixels are the most.")
        raise refused(message, cure, file=name, height=height, limit=MAX_HEIGHT)
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
        raise refused(_("“{file}” is damaged."), cure, file=name) from err


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
        raise refused_kind(_("“{file}” is animated; Outlook shows only its first picture."), cure, file=name)


def _too_many_pixels(name: str) -> ImageRefused:
    message, cure = (
        _("“{file}” has more than {count} million pixels."),
        _("Save it smaller in an image program."),
    )
    return refused(message, cure, file=name, count=MAX_PIXELS // 1_000_000)


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
