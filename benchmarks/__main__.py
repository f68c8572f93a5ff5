"""`make bench`: measure and print; `--write DATE` puts the figures into docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks import checking, compose, links, people, preview, process
from benchmarks.measure import Run, Spread, repeated
from benchmarks.sending import report
from newsletter.compose import mjml
from newsletter.workspace import Workspace

PARTS = ("composing", "checking", "preview", "commands", "growth", "people", "links", "sending")
DOCUMENT = compose.ROOT / "docs" / "performance.md"


def main() -> None:
    """Measure everything or a part, print it, and write it down when asked."""
    arguments = _parsed()
    parts: dict[str, Callable[[], list[str]]] = {
        "composing": _composing,
        "checking": lambda: checking.lines(checking.measure(runs=10 if arguments.quick else 40)),
        "preview": lambda: preview.lines(preview.measure(runs=10 if arguments.quick else 40)),
        "commands": _commands,
        "growth": _growth,
        "people": lambda: _people(arguments.rows or (10_000 if arguments.quick else people.SIZES[-1])),
        "links": lambda: _links(runs=3 if arguments.quick else 15),
        "sending": lambda: report.measure(quick=arguments.quick),
    }
    for name in arguments.only or parts:
        text = "\n".join([*_machine(), "", *parts[name]()])
        print(text, end="\n\n")
        if arguments.write:
            _write(name, f"Measured on {arguments.write}. {text}")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", metavar="DATE", help="write the figures into docs/performance.md")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer runs of less: minutes, and more noise")
    parser.add_argument("--rows", type=int, help="size of the largest list, and of the peers' import")
    return parser.parse_args()


def _machine() -> list[str]:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    return [
        f"Machine: {machine}, Python {platform.python_version()}.",
        "Figures are medians, with the lowest and highest run in brackets.",
    ]


def _composing() -> list[str]:
    workspace = Workspace.find(compose.ROOT, {})
    with tempfile.TemporaryDirectory() as name:
        fresh = compose.warm(workspace, Path(name), texts=False)
        kept = compose.warm(workspace, Path(name), texts=True)
    sources = compose.sources_of(workspace)
    own = repeated(lambda: mjml.compiled(sources.skeleton), runs=60)
    own_version = version("mjml-python")
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
        f"| mjml-python {own_version} on our skeleton | {own.told(1000, 2)} |",
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


def _links(*, runs: int) -> list[str]:
    point = links.measure(runs=runs)
    return [
        "### Asking for links",
        "",
        f"{links.LINKS} links at a server on loopback that waits {links.DELAY * 1000:.0f} ms each time.",
        "",
        "| what | s |",
        "| --- | ---: |",
        f"| all at one host | {point.one_host.told(digits=2)} |",
        f"| at {links.HOSTS} hosts | {point.many_hosts.told(digits=2)} |",
        f"| all still known from the last check | {point.kept.told(digits=3)} |",
    ]


def _write(part: str, text: str) -> None:
    """Put a part between its marks."""
    start, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, _start, rest = DOCUMENT.read_text(encoding="utf-8").partition(start)
    _measured, _end, after = rest.partition(end)
    if not _start or not _end:
        raise SystemExit(f"{DOCUMENT.name} has no place for {part}: {start} … {end}")
    DOCUMENT.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
