"""All contests of sending, and what was asked of each beside what came of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sending import growth, sinks
from benchmarks.sending.arena import Arena, Sizes
from benchmarks.sending.contest import Contestant, Result, contest, table

SOURCE = "`smtp-source -d -s 10`, not personal, nothing recorded"
OURS = "ours, 10 connections, with the ledger"
BARE = "ours, without the ledger"
SIGNED = "ours, signed with RSA-2048"
SECURE = "ours, STARTTLS"
WHOLE = "`newsletter send`, the whole command"
NODEMAILER = "nodemailer, pool of 10"
SMTPLIB = "EmailMessage and smtplib, 1 connection"
STREAMING = "ours, CHUNKING, 8 in flight"
_LATENCY = 20
_HEAD = """\
A personal mail of {size:.0f} KB for each person, text and HTML in quoted-printable, name and link in both, to
servers on loopback: server, sender and kernel share the cores. CPU seconds are the sender's alone. All
senders take turns, round by round; the first round does not count.
"""


@dataclass
class Verdicts:
    """What was asked, what was measured, and whether that is enough."""

    rows: list[str] = field(default_factory=list)

    def at_least(self, asked: str, value: float, bound: float, told: str) -> None:
        """Judge something of which more is better."""
        self._row(asked, told, met=value >= bound)

    def at_most(self, asked: str, value: float, bound: float, told: str) -> None:
        """Judge something of which less is better."""
        self._row(asked, told, met=value <= bound)

    def _row(self, asked: str, told: str, *, met: bool) -> None:
        self.rows.append(f"| {asked} | {told} | {'met' if met else 'missed'} |")

    def ratio(self, results: Mapping[str, Result], one: str, other: str, bound: float, asked: str) -> None:
        """Judge how many times as fast one is as another, if both were measured."""
        if one in results and other in results:
            value = results[one].against(results[other])
            self.at_least(asked, value, bound, f"{value:.2f} ×")


def measure(*, quick: bool) -> list[str]:
    """Measure everything; return Markdown."""
    sizes, verdicts = Sizes.of(quick=quick), Verdicts()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)  # Postfix's processes have to get through
        arena = Arena.made(root, sizes)
        parts = [
            _fast(arena, sizes, verdicts),
            _postfix_sink(arena, sizes, verdicts),
            _postfix(arena, sizes, verdicts),
            _latency(arena, sizes, verdicts),
            _growth(arena, sizes, verdicts),
        ]
    return [
        "### Sending",
        "",
        *_HEAD.format(size=arena.size / 1000).splitlines(),
        "",
        "| asked for | measured | |",
        "| --- | --- | --- |",
        *verdicts.rows,
        *(line for part in parts for line in ("", *part)),
    ]


def _there(*contestants: Contestant | None) -> list[Contestant]:
    return [one for one in contestants if one is not None]


def _total(contestants: Sequence[Contestant], rounds: int) -> int:
    return (rounds + 1) * sum(one.messages for one in contestants)


def _fast(arena: Arena, sizes: Sizes, verdicts: Verdicts) -> list[str]:
    many, few = sizes.quick, sizes.slow
    everybody = _there(
        arena.generator(SOURCE, many),
        arena.ours(OURS, many),
        arena.ours(BARE, many, "bare"),
        arena.secure(SECURE, many) if arena.sink.has_tls else None,
        arena.ours(SIGNED, few, signed=True),
        arena.whole_command(WHOLE, many),
        arena.nodemailer(NODEMAILER, few),
        arena.smtplib(SMTPLIB, few // 5),
    )
    tls = ("-t", str(arena.certificate)) if arena.sink.has_tls else ()
    log = ("-l", str(arena.root / "accepted.log"))
    expected = _total(everybody, sizes.rounds)
    with sinks.fast(arena.sink, *tls, *log, expected=expected) as port:
        results = contest(everybody, port, rounds=sizes.rounds)
    ours = results[OURS]
    verdicts.ratio(results, OURS, SOURCE, 0.8, "≥ 0.8 of `smtp-source` into the fast sink")
    verdicts.ratio(results, OURS, NODEMAILER, 25, "≥ 25 × nodemailer's pool of 10")
    cpu = ours.cpu.median
    verdicts.at_most("≤ 0.15 CPU s per 1000 messages", cpu, 0.15, f"{cpu:.3f} s")
    cost = 1 - ours.against(results[BARE])
    verdicts.at_most("the ledger costs ≤ 10 %", cost, 0.1, f"{cost * 100:.0f} %")
    verdicts.ratio(results, SECURE, OURS, 0.4, "STARTTLS ≥ 0.4 × plain")
    signatures = _openssl()
    if signatures:
        share = results[SIGNED].rate.median / signatures
        verdicts.at_least(
            "RSA-2048 ≥ 0.75 × what `openssl speed rsa2048` signs on the same cores",
            share,
            0.75,
            f"{share:.2f} × of {signatures:,.0f}/s",
        )
    reference = SOURCE if SOURCE in results else OURS
    return ["Into the fast sink of this benchmark, which writes each Message-ID to a file first:", "",
            *table(results, reference)]  # fmt: skip


def _postfix_sink(arena: Arena, sizes: Sizes, verdicts: Verdicts) -> list[str]:
    if sinks.tool("smtp-sink") is None:
        return ["Postfix's smtp-sink is not installed here: not measured."]
    return _beside_postfix(
        arena, sizes, sinks.postfix_sink, verdicts, "Into Postfix's `smtp-sink`:",
        (0.95, "≥ 0.95 of `smtp-source` into `smtp-sink`"),
    )  # fmt: skip


def _postfix(arena: Arena, sizes: Sizes, verdicts: Verdicts) -> list[str]:
    if not sinks.has_postfix():
        return ["A real Postfix cannot be started here (Linux and root): not measured."]
    return _beside_postfix(
        arena, sizes, lambda: sinks.postfix(arena.root / "postfix"), verdicts,
        "Into a real Postfix, its queue on disk, its limits off, its mail thrown away:",
        (0.9, "≥ 0.9 of `smtp-source` into a real Postfix"),
    )  # fmt: skip


def _beside_postfix(
    arena: Arena,
    sizes: Sizes,
    server: Callable[[], sinks.Running],
    verdicts: Verdicts,
    title: str,
    asked: tuple[float, str],
) -> list[str]:
    few = sizes.slow
    everybody = _there(
        arena.generator(SOURCE, few), arena.ours(OURS, few), arena.nodemailer(NODEMAILER, few // 3)
    )
    with server() as port:
        results = contest(everybody, port, rounds=sizes.rounds)
    bound, text = asked
    verdicts.ratio(results, OURS, SOURCE, bound, text)
    return [title, "", *table(results, SOURCE)]


def _latency(arena: Arena, sizes: Sizes, verdicts: Verdicts) -> list[str]:
    few = sizes.slow
    many = sizes.quick
    everybody = _there(
        arena.generator(SOURCE, few // 3),
        arena.ours(OURS, few),
        arena.ours(STREAMING, many, smtp__streaming="true"),
        arena.nodemailer(NODEMAILER, few // 3),
        arena.smtplib(SMTPLIB, few // 50),
    )
    expected = _total(everybody, min(sizes.rounds, 3))
    with sinks.fast(arena.sink, "-c", "-d", str(_LATENCY), expected=expected) as port:
        results = contest(everybody, port, rounds=min(sizes.rounds, 3))
    for name, bound, how in ((OURS, 300, "PIPELINING"), (STREAMING, 3000, "8 in flight by CHUNKING")):
        rate = results[name].rate.median
        text = f"≥ {bound:,}/s through {_LATENCY} ms, {how}"
        verdicts.at_least(text, rate, bound, f"{rate:,.0f}/s")
    return [f"Into the fast sink, every reply {_LATENCY} ms late:", "", *table(results, OURS)]


def _growth(arena: Arena, sizes: Sizes, verdicts: Verdicts) -> list[str]:
    points = [growth.measure(arena, people) for people in sizes.growth]
    first, last = points[0], points[-1]
    verdicts.at_least(
        f"planning ≥ 50,000 recipients/s at {last.people:,}",
        last.people / last.planned,
        50_000,
        f"{last.people / last.planned:,.0f}/s",
    )
    verdicts.at_most(f"peak RSS ≤ 150 MB at {last.people:,}", last.peak, 150, f"{last.peak:.0f} MB")
    slower = (last.cpu / last.people) / (first.cpu / first.people)
    verdicts.at_most(
        f"time linear from {first.people:,} to {last.people:,}",
        slower,
        1.15,
        f"{slower:.2f} × the CPU time for each message",
    )
    verdicts.at_most(
        f"`status` < 0.2 s at {last.people:,}", last.status.median, 0.2, f"{last.status.told(digits=2)} s"
    )
    return growth.table(points)


def _openssl() -> float | None:
    """Return how many RSA-2048 signatures a second OpenSSL makes on all cores."""
    program = shutil.which("openssl")
    if program is None:
        return None
    cores = str(os.cpu_count() or 1)
    done = subprocess.run(
        [program, "speed", "-seconds", "3", "-multi", cores, "rsa2048"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"^rsa 2048 bits\s+\S+\s+\S+\s+([\d.]+)", done.stdout, re.MULTILINE)
    return float(found[1]) if found else None
