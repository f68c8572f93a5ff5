"""How long composing takes, beside npm's mjml on the same MJML, and how it grows with the sections."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Spread, own_peak, repeated
from newsletter.compose import mjml
from newsletter.compose.composer import compose
from newsletter.compose.inline import Inliner
from newsletter.issue import reader
from newsletter.issue.model import Issue
from newsletter.issue_id import IssueId
from newsletter.workspace import Workspace

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "tests" / "judges" / "node_modules"
SIZES = (10, 50, 100, 250, 500)


@dataclass(frozen=True)
class Growth:
    """One point of the growth: seconds to compose and to read, peak memory in MB, bytes of HTML."""

    sections: int
    compose: float
    read: float
    peak: float
    html: int


def issue_of(workspace: Workspace, name: str) -> Issue:
    """Read an issue without faults."""
    reading = reader.read(
        workspace.issue_file(IssueId.parse(name)), workspace.settings, workspace.theme_folders
    )
    if reading.issue is None or reading.faults:
        raise SystemExit("\n".join(map(str, reading.faults)))
    return reading.issue


def warm(workspace: Workspace, cache: Path, *, texts: bool) -> Spread:
    """Compose the real issue with its images cached; with `texts` the finished texts are cached as well."""
    issue = issue_of(workspace, "2023-3")

    def once() -> None:
        if not texts:
            (cache / "texts-2023-3.json").unlink(missing_ok=True)
        compose(issue, workspace.settings, workspace.theme_folders, cache)

    return repeated(once, runs=60)


@dataclass(frozen=True)
class Sources:
    """The real issue's MJML: as our compiler gets it, and as npm's mjml needs it to make the same mail."""

    skeleton: str
    whole: str
    """With the content in it, and the content's stylesheet for mjml to inline."""


def sources_of(workspace: Workspace) -> Sources:
    """Catch the MJML and the content on their way."""
    skeletons: list[str] = []
    pieces: list[str] = []
    sheets: list[str] = []
    compiled, inlined = mjml.compiled, Inliner.inlined

    def catch_mjml(source: str) -> str:
        skeletons.append(source)
        return compiled(source)

    def catch_content(inliner: Inliner, fragments: Sequence[str]) -> list[str]:
        pieces.extend(fragments)
        sheets.append(inliner.css)
        return inlined(inliner, fragments)

    setattr(mjml, "compiled", catch_mjml)  # noqa: B010 (mypy rightly refuses to assign a function)
    setattr(Inliner, "inlined", catch_content)  # noqa: B010
    try:
        compose(issue_of(workspace, "2023-3"), workspace.settings, workspace.theme_folders)
    finally:
        setattr(mjml, "compiled", compiled)  # noqa: B010
        setattr(Inliner, "inlined", inlined)  # noqa: B010
    whole = re.sub(r"zqB(\d+)zq", lambda found: pieces[int(found[1])], skeletons[0])
    style = f'<mj-style inline="inline">{sheets[0]}</mj-style></mj-head>'
    return Sources(skeletons[0], whole.replace("</mj-head>", style))


def peer(mjml: str, runs: int = 40) -> Spread | None:
    """Time npm's mjml, where it is installed (`make judge` installs it)."""
    node = shutil.which("node")
    if node is None or not MODULES.is_dir():
        return None
    done = subprocess.run(
        [node, str(Path(__file__).with_name("mjml_peer.js")), str(MODULES), str(runs)],
        input=mjml, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Spread.of(json.loads(done.stdout)["times"])


def growth() -> list[Growth]:
    """Compose issues of growing length, each in a process of its own, for its memory."""
    points = []
    for size in SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.compose", str(size)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        points.append(Growth(**json.loads(done.stdout)))
    return points


def _grown(size: int) -> Growth:
    source = ROOT / "issues" / "2023-3" / "issue.yaml"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(ROOT / "newsletter.toml", folder / "newsletter.toml")
        shutil.copytree(ROOT / "templates", folder / "templates")
        issue = folder / "issues" / "2023-3" / "issue.yaml"
        shutil.copytree(source.parent, issue.parent)
        issue.write_text(lengthened(source.read_text(encoding="utf-8"), size), encoding="utf-8")
        workspace = Workspace.find(folder, {})
        reading = repeated(lambda: issue_of(workspace, "2023-3"), runs=3, warmup=1)
        parsed = issue_of(workspace, "2023-3")
        cache = folder / "cache"
        edition = compose(parsed, workspace.settings, workspace.theme_folders, cache)
        composing = repeated(
            lambda: compose(parsed, workspace.settings, workspace.theme_folders, cache), runs=5, warmup=1
        )
        return Growth(size, composing.median, reading.median, own_peak(), len(edition.general.html.encode()))


def lengthened(text: str, size: int) -> str:
    """Add articles until the issue has so many sections; each has a text of its own."""
    article = """
  - type: article
    heading: Beitrag {n} zur interkommunalen Zusammenarbeit
    text: |
      Dies ist der **Beitrag {n}** mit einem [Verweis](https://beitrag-{n}.example/) und einer Liste:

      - Punkt eins von {n} zur Verwaltungsdigitalisierung
      - Punkt zwei, am 2. August um 14 Uhr

      Ein zweiter Absatz schließt den Beitrag ab, *kursiv* und „in Anführungszeichen“.
    buttons:
      - label: Zum Beitrag {n}
        url: https://beitrag-{n}.example/mehr
"""
    have = text.count("  - type: ")
    return text + "".join(article.format(n=number) for number in range(size - have))


if __name__ == "__main__":
    print(json.dumps(vars(_grown(int(sys.argv[1])))))
