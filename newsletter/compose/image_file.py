"""The image file that an editor names: found in its folder, read, and recognised by its first bytes.

A file is strange until it is decoded, so it is judged in this order: its path, its size, its first bytes
(never its name). Nothing here decodes.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from pathlib import Path, PurePosixPath

from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.validation import did_you_mean

MAX_BYTES = 25_000_000

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

    rule = ""
    """The rule of the check that tells it, if there is one."""


class KindRefused(ImageRefused):
    """This kind of image is not shown by all mail programs."""

    rule = "pictures.type"


def refused(message: str, cure: str, **facts: object) -> ImageRefused:
    """Make the refusal of an image from the patterns of its message and cure."""
    return ImageRefused(message.format(**facts), cure=cure.format(**facts))


def refused_kind(message: str, cure: str, **facts: object) -> KindRefused:
    """Make the refusal of a kind of image."""
    return KindRefused(message.format(**facts), cure=cure.format(**facts))


class ImageFolder:
    """A folder of images; nothing outside it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes:
        """Read a file of the folder.

        Raises:
            ImageRefused: there is none of this name, or it lies outside, is empty, too large or unreadable.
        """
        return _read(self._find(name), name)

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
            raise refused(_("“{file}” is a web address, not a file."), cure, file=name, folder=self.folder)
        if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
            raise self._outside(name)
        if "\\" in name:
            cure = _("Write “/” between folder and file name.")
            raise refused(_("“{file}” has a backslash (\\) in it."), cure, file=name)
        return PurePosixPath(name).parts

    def _outside(self, name: str) -> ImageRefused:
        cure = _("Put the image into the folder {folder} and write only its file name here.")
        return refused(_("“{file}” lies outside the folder."), cure, file=name, folder=self.folder)

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
                raise refused(message, cure, entry=entry, part=part)
        raise self._missing(name)

    def _missing(self, name: str) -> ImageRefused:
        files = (file for file in islice(self.folder.rglob("*"), 1000) if file.suffix.lower() in _SUFFIXES)
        hint = did_you_mean(name, [file.relative_to(self.folder).as_posix() for file in files])
        cure = "{hint}" if hint else _("Put the image into the folder {folder}.")
        return refused(_("There is no image “{file}”."), cure, file=name, hint=hint, folder=self.folder)


def _leads_into(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a symbolic link that leads to itself
        return False


def _read(path: Path, name: str) -> bytes:
    if not path.is_file():  # asked before it is opened: a pipe would never answer
        raise refused(_("“{file}” is not a file."), _("Name an image file."), file=name)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as err:
        message = _("“{file}” cannot be read: {reason}.")
        cure = _("Check whether you are allowed to open the file.")
        raise refused(message, cure, file=name, reason=err.strerror) from err
    if not data:
        raise refused(_("“{file}” is empty."), _("Copy the image into the folder once more."), file=name)
    if len(data) > MAX_BYTES:
        cure = _("Save it smaller in an image program.")
        raise refused(_("“{file}” is larger than {size} MB."), cure, file=name, size=MAX_BYTES // 1_000_000)
    return data


def usable_kind(name: str, data: bytes, pixels: int) -> str:
    """Return what kind of image the data is; `pixels` is the width that a drawing should be exported in.

    Raises:
        ImageRefused: it is of no kind that mail programs show.
    """
    kind = _kind(data)
    if kind not in _USABLE:
        raise _unusable(name, kind, pixels)
    return kind


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


def _unusable(name: str, kind: str, pixels: int) -> ImageRefused:
    message = _("“{file}” is a {kind} file, which mail programs do not show.")
    cure = _("Save it as JPEG (photos) or PNG (drawings).")
    if not kind:
        message = _("“{file}” is no image that can be used.")
        cure = _("PNG, JPEG, GIF and WebP can be used; what counts is the content, not the name.")
    elif kind == "SVG":
        message = _("“{file}” is an SVG drawing, which Gmail does not show.")
    if kind in _DRAWINGS:
        cure = _("Export it as PNG, {width} pixels wide.")
    return refused_kind(message, cure, file=name, kind=kind, width=pixels)
