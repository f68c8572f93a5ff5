"""`make bench`: measure and print; `--write DATE` puts the figures into docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks import compose, people, process
from benchmarks.measure import Run, Spread, repeated
from newsletter.compose import mjml
from newsletter.workspace import Workspace

DOCUMENT = compose.ROOT / "docs" / "performance.md"
START, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    """Measure everything, print it, and write it down when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", metavar="DATE", help="write the figures into docs/performance.md")
    parser.add_argument(
        "--rows",
        type=int,
        default=people.SIZES[-1],
        help="size of the largest list, and of the peers' import",
    )
    arguments = parser.parse_args()
    text = "\n\n".join(
        [
            "\n".join(_machine()),
            "\n".join(_composing()),
            "\n".join(_commands()),
            "\n".join(_growth()),
            "\n".join(_people(arguments.rows)),
        ]
    )
    print(text)
    if arguments.write:
        _write(f"Measured on {arguments.write}.\n\n{text}")


def _machine() -> list[str]:
    return [
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()},",
        f"Python {platform.python_version()}, mjml-python {version('mjml-python')}.",
        "Figures are medians, with the lowest and highest run in brackets.",
    ]


def _composing() -> list[str]:
    workspace = Workspace.find(compose.ROOT, {})
    with tempfile.TemporaryDirectory() as name:
        fresh = compose.warm(workspace, Path(name), texts=False)
        kept = compose.warm(workspace, Path(name), texts=True)
    sources = compose.sources_of(workspace)
    own = repeated(lambda: mjml.compiled(sources.skeleton), runs=60)
    peer, peer_skeleton = compose.peer(sources.whole), compose.peer(sources.skeleton)
    lines = [
        "### Composing the issue 2023-3 in process, warm",
        "",
        "| what | ms |",
        "| --- | ---: |",
        f"| compose: Markdown, Jinja2, MJML, premailer, text, page; images cached | {fresh.told(1000)} |",
        f"| the same with unchanged texts kept from the last build | {kept.told(1000)} |",
    ]
    if peer is None or peer_skeleton is None:
        return [*lines, "", "npm's mjml is not installed here (`make judge` installs it): no comparison."]
    return [
        *lines,
        f"| npm mjml 5.4.1, warm and in process, the same mail, its CSS inlined | {peer.told(1000)} |",
        f"| npm mjml 5.4.1 on our skeleton, without the content | {peer_skeleton.told(1000)} |",
        f"| mjml-python on our skeleton | {own.told(1000, 2)} |",
        "",
        f"compose : npm mjml on the same mail = 1 : {peer.median / fresh.median:.1f}",
        f"compiling the same MJML: mjml-python : npm mjml = 1 : {peer_skeleton.median / own.median:.0f}",
    ]


def _commands() -> list[str]:
    done = process.measure()
    imports = process.import_times()
    rows = [
        ("`newsletter build`, nothing changed since the last one", done.unchanged),
        ("`newsletter build`, a text changed", done.text_changed),
        ("`newsletter build`, without any cache", done.cold),
        ("`newsletter --help`", done.help),
        ("`python -c pass`, the limit", done.python),
    ]
    return [
        "### Whole commands",
        "",
        "| what | wall s | CPU s | peak MB |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {name} | {_spread(runs, 'wall')} | {_spread(runs, 'cpu')} | {_peak(runs):.0f} |"
            for name, runs in rows
        ),
        "",
        f"Imports by `python -X importtime`, --help: {imports['--help'] / 1000:.0f} ms",
        f"Imports by `python -X importtime`, build: {imports['build'] / 1000:.0f} ms",
    ]


def _spread(runs: list[Run], name: str) -> str:
    return Spread.of([getattr(run, name) for run in runs]).told(digits=2)


def _peak(runs: list[Run]) -> float:
    return max(run.peak for run in runs)


def _growth() -> list[str]:
    points = compose.growth()
    return [
        "### Growth",
        "",
        "| sections | compose ms | ms per section | read ms | peak MB | HTML KB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {point.sections} | {point.compose * 1000:.0f} | {point.compose * 1000 / point.sections:.2f} "
            f"| {point.read * 1000:.0f} | {point.peak:.0f} | {point.html / 1000:.0f} |"
            for point in points
        ),
    ]


def _people(rows: int) -> list[str]:
    points = people.points(rows)
    peers = people.peers(rows)
    largest = points[-1]
    ours = largest.imported_cpu
    return [
        "### The subscriber list",
        "",
        "Importing a CSV with validation and a consent event for each row.",
        "",
        "| rows | import s | CPU s | rows/s | again s | rows/s | peak MB | lookup ms | count ms | verify s |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *map(_point, points),
        "",
        f"The same {largest.rows:,} rows by other means, neither validating nor logging:",
        "",
        "| what | wall s | CPU s | peak MB | our CPU time to theirs |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {run.wall:.1f} | {run.cpu:.1f} | {run.peak:.0f} | {ours / run.cpu:.1f} : 1 |"
            for name, run in (
                ("`sqlite-utils insert --csv`", peers.sqlite_utils),
                ("bare csv + executemany, the limit", peers.bare),
            )
        ),
    ]


def _point(point: people.Point) -> str:
    cells = (
        f"{point.rows:,}",
        f"{point.imported:.1f}",
        f"{point.imported_cpu:.1f}",
        f"{point.rows / point.imported:,.0f}",
        f"{point.again:.1f}",
        f"{point.rows / point.again:,.0f}",
        f"{point.peak:.0f}",
        f"{point.lookup * 1000:.3f}",
        f"{point.count * 1000:.0f}",
        f"{point.verify:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def _write(text: str) -> None:
    old = DOCUMENT.read_text(encoding="utf-8")
    before, _start, rest = old.partition(START)
    _measured, _end, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
