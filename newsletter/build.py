"""Build an issue: compose it and put its files into `build/ID`, all of them or none.

The folder is written beside the old one and swapped in, so a build that fails, is killed or finds the
disk full leaves the last good one as it was. The report of a check lies in it as well, for as long as it is
that of the same edition.
"""

from __future__ import annotations

import contextlib
import fcntl
import html
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.compose.composer import Composer
from newsletter.compose.edition import Edition, Variant
from newsletter.compose.links import found_in
from newsletter.errors import FaultsFound, NewsletterError
from newsletter.issue import reader as issue_reader
from newsletter.issue_id import IssueId
from newsletter.language import Phrases, _
from newsletter.mail.press import Press
from newsletter.mail.recipient import Recipient
from newsletter.mail.salutation import Reader, values
from newsletter.settings_model import Settings
from newsletter.workspace import Workspace

GMAIL_LIMIT = 102_000
"""Bytes of HTML after which Gmail cuts a mail off (jsx-email's figure; Google names none)."""
FACTS = "edition.json"
REPORT = "check.json"
REPORT_PAGE = "check.html"
SAMPLE_ADDRESS = "reader@example.org"


class BuildError(NewsletterError, OSError):
    """The build could not be written."""


@dataclass(frozen=True)
class Build:
    """A finished build: the edition, and where its files lie."""

    edition: Edition
    folder: Path
    files: Mapping[str, Path]
    """`mail_html`, `mail_text`, `mail_eml`, `archive`, `edition`: the main files."""
    facts: Mapping[str, Any]
    """What `edition.json` holds and `--json` prints; stable keys."""


def edition_of(workspace: Workspace, issue_id: IssueId) -> Edition:
    """Read and compose an issue.

    Raises:
        FaultsFound: everything that is wrong, structure and content together.
    """
    settings, folders = workspace.settings, workspace.theme_folders
    reading = issue_reader.read(workspace.issue_file(issue_id), settings, folders)
    if reading.issue is None:
        raise FaultsFound(reading.faults)
    composer = Composer(reading.issue, settings, folders, workspace.cache)
    if reading.faults:
        raise FaultsFound([*reading.faults, *composer.check()])
    return composer.edition()


def build(workspace: Workspace, issue_id: IssueId, reader: Reader) -> Build:
    """Compose an issue and write its files, as `reader` gets it.

    Raises:
        FaultsFound: something is wrong in the issue or the templates.
        BuildError: the files could not be written.
    """
    target = workspace.build / str(issue_id)
    with _told(target), _locked(workspace.build):
        _recover(target)
    return put(workspace, edition_of(workspace, issue_id), reader)


def put(
    workspace: Workspace, edition: Edition, reader: Reader, *, report: Mapping[str, str] | None = None
) -> Build:
    """Write an edition's files.

    Args:
        workspace: whose build folder it is.
        edition: what is written.
        reader: as whom.
        report: the files of a check of this edition, by name; without one the last check's stay, if they
            are of this edition.

    Raises:
        BuildError: the files could not be written.
    """
    target = workspace.build / str(edition.id)
    with _told(target), _locked(workspace.build), _fresh(target) as folder:
        facts = _write(folder, edition, workspace.settings, reader)
        _write_report(folder, _report_of(target, edition.digest) if report is None else report)
    files = {name: target / path for name, path in facts["files"].items()}
    return Build(edition, target, files, facts)


def put_report(workspace: Workspace, issue_id: IssueId, report: Mapping[str, str]) -> Path:
    """Write the report on an issue that cannot be composed beside what was built last; return the folder.

    Raises:
        BuildError: the files could not be written.
    """
    target = workspace.build / str(issue_id)
    with _told(target), _locked(workspace.build), _fresh(target) as folder:
        if target.exists():
            shutil.copytree(target, folder, dirs_exist_ok=True)
        _write_report(folder, report)
    return target


def _report_of(target: Path, digest: str) -> dict[str, str]:
    """Return the files of the last check, if it was one of this edition."""
    try:
        found = {name: (target / name).read_text(encoding="utf-8") for name in (REPORT, REPORT_PAGE)}
        return found if json.loads(found[REPORT])["digest"] == digest else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _write_report(folder: Path, report: Mapping[str, str]) -> None:
    for name, text in report.items():
        _write_text(folder / name, text)


def _write(folder: Path, edition: Edition, settings: Settings, reader: Reader) -> dict[str, Any]:
    variant = edition.variant_for(reader.segments)
    filled = values(reader, Phrases(edition.language))
    _write_mail(folder, edition, variant, filled)
    for other in edition.variants if len(edition.variants) > 1 else ():
        _write_mail(folder / "variants" / other.name, edition, other, filled, up="../../")
    message = _message(edition, settings, reader)
    (folder / "mail.eml").write_bytes(message)
    (folder / "archive").mkdir()
    _write_text(folder / "archive" / "index.html", edition.page)
    _write_images(folder / "images", edition, edition.mail_sources)
    _write_images(folder / "archive" / "images", edition, edition.page_assets)
    facts = _facts(edition, variant, filled, len(message))
    _write_text(folder / FACTS, json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    return facts


def _message(edition: Edition, settings: Settings, reader: Reader) -> bytes:
    """Print the mail as it will be sent, but for the signature; its tokens are nobody's."""
    noon = datetime.combine(edition.date, time(12), ZoneInfo(settings.newsletter.timezone))
    recipient = Recipient(
        person=0,
        address=SAMPLE_ADDRESS,
        form=reader.form,
        title=reader.title,
        first_name=reader.first_name,
        last_name=reader.last_name,
        organisation=reader.organisation,
        fields=json.dumps(dict(reader.fields)),
        segments="+".join(sorted(reader.segments)),
    )
    return Press.sample(edition, settings, date=noon).letter(recipient).data


def _write_mail(
    folder: Path, edition: Edition, variant: Variant, filled: Mapping[str, str], up: str = ""
) -> None:
    """Write a variant's HTML and text; the HTML shows its images from the folder beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    page = edition.fill(variant.html, filled, html.escape)
    for name, source in edition.mail_sources.items():
        page = page.replace(f'"{source}"', f'"{up}images/{name}"')
    _write_text(folder / "mail.html", page)
    _write_text(folder / "mail.txt", edition.fill(variant.text, filled))


def _write_images(folder: Path, edition: Edition, names: Mapping[str, str] | tuple[str, ...]) -> None:
    folder.mkdir()
    for asset in edition.assets:
        if asset.name in names:
            (folder / asset.name).write_bytes(asset.data)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _facts(edition: Edition, variant: Variant, filled: Mapping[str, str], eml_bytes: int) -> dict[str, Any]:
    """Collect what the build tells about itself."""
    sent = edition.fill(variant.html, filled, html.escape)
    return {
        "id": str(edition.id),
        "digest": edition.digest,
        "language": edition.language,
        "title": edition.title,
        "subject": edition.fill(edition.subject, filled),
        "preheader": edition.fill(edition.preheader, filled),
        "variant": variant.name,
        "html_bytes": len(sent.encode()),
        "html_limit": GMAIL_LIMIT,
        "text_bytes": len(edition.fill(variant.text, filled).encode()),
        "eml_bytes": eml_bytes,
        "files": {
            "mail_html": "mail.html",
            "mail_text": "mail.txt",
            "mail_eml": "mail.eml",
            "archive": "archive/index.html",
            "edition": FACTS,
        },
        "variants": [
            {
                "name": other.name,
                "segments": sorted(sorted(member) for member in other.memberships),
                "sections": list(other.sections),
                "html_bytes": len(other.html.encode()),
            }
            for other in edition.variants
        ],
        "places": [{"name": place.name, "fallback": place.fallback} for place in edition.places],
        "links": found_in(sent),
        "images": [
            {"name": asset.name, "bytes": len(asset.data), "width": asset.width, "height": asset.height}
            for asset in edition.assets
        ],
    }


@contextlib.contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except NewsletterError:
        raise
    except OSError as err:
        message = _("The build cannot be written to {folder}: {reason}.").format(
            folder=target, reason=err.strerror
        )
        cure = _("The last good build is untouched. Make room, or check the rights.")
        raise BuildError(message, cure=cure) from err


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change the build folder; the next one waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _recover(target: Path) -> None:
    """Clear up after a process that was killed: the old build takes its place again, the rest goes."""
    old = _old(target)
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in (old, *target.parent.glob(f".{target.name}.new-*")):
        if leftover.exists():
            shutil.rmtree(leftover)
    if target.exists() and not any((target / name).is_file() for name in (FACTS, REPORT)):
        message = _("{folder} was not made by “newsletter build”; nothing was changed.").format(folder=target)
        raise BuildError(message, cure=_("Remove it yourself, or set another [paths] build."))


@contextlib.contextmanager
def _fresh(target: Path) -> Iterator[Path]:
    """Give an empty folder that takes the target's place when all went well.

    Two renames: a process killed between them leaves the old build as `.ID.old` (see `_recover`).
    """
    _recover(target)
    old = _old(target)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
    try:
        folder.chmod(0o755)
        yield folder
        if target.exists():
            target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        raise
