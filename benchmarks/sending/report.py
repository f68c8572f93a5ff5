"""All contests of sending, and what was asked of each beside what came of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.measure import Spread
from benchmarks.sending import growth, sinks
from benchmarks.sending.arena import Arena, Sizes
from benchmarks.sending.contest import Contestant, Result, contest, table
from tests.postfix import postfix
from tests.programs import path_of

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
    sizes = Sizes.of(quick=quick)
    with tempfile.TemporaryDirectory() as name:
        report = _Report(Arena.made(Path(name), sizes), sizes)
        parts = [
            _shown(part())
            for part in (report.fast, report.postfix_sink, report.postfix, report.latency, report.growth)
        ]
    return [
        "### Sending",
        "",
        *_HEAD.format(size=report.arena.size / 1000).splitlines(),
        "",
        "| asked for | measured | |",
        "| --- | --- | --- |",
        *report.verdicts.rows,
        *(line for part in parts for line in ("", *part)),
    ]


def _shown(part: list[str]) -> list[str]:
    """Show a part at once: all of them together take long."""
    print(*part, "", sep="\n", file=sys.stderr, flush=True)
    return part


def _there(*contestants: Contestant | None) -> list[Contestant]:
    return [one for one in contestants if one is not None]


@dataclass(frozen=True)
class _Report:
    arena: Arena
    sizes: Sizes
    verdicts: Verdicts = field(default_factory=Verdicts)
    signatures: list[float] = field(default_factory=list)
    """How many a second OpenSSL made, in each round."""

    def fast(self) -> list[str]:
        """Let everybody send to the fast sink."""
        arena, sizes = self.arena, self.sizes
        everybody = _there(
            arena.generator(SOURCE, sizes.many),
            arena.ours(OURS, sizes.many),
            arena.ours(BARE, sizes.many, "bare"),
            arena.secure(SECURE, sizes.many) if arena.sink.has_tls else None,
            self._after_openssl(arena.ours(SIGNED, sizes.some, signed=True)),
            arena.whole_command(WHOLE, sizes.many),
            arena.nodemailer(NODEMAILER, sizes.few),
            arena.smtplib(SMTPLIB, sizes.few // 5),
        )
        tls = ("-t", str(arena.certificate)) if arena.sink.has_tls else ()
        results = self._into_sink(everybody, "-l", str(arena.root / "accepted.log"), *tls)
        self._judge_fast(results)
        title = "Into the fast sink of this benchmark, which writes each Message-ID to a file first:"
        return [title, "", *table(results, SOURCE if SOURCE in results else OURS)]

    def _after_openssl(self, signed: Contestant) -> Contestant:
        """Let OpenSSL sign just before, so that both meet the same machine."""

        def before() -> None:
            self.signatures.extend(_openssl())
            signed.before()

        return replace(signed, before=before)

    def _judge_fast(self, results: Mapping[str, Result]) -> None:
        verdicts, ours = self.verdicts, results[OURS]
        verdicts.ratio(results, OURS, SOURCE, 0.8, "≥ 0.8 of `smtp-source` into the fast sink")
        verdicts.ratio(results, OURS, NODEMAILER, 25, "≥ 25 × nodemailer's pool of 10")
        cpu = ours.cpu.median
        verdicts.at_most("≤ 0.15 CPU s per 1000 messages", cpu, 0.15, f"{cpu:.3f} s")
        cost = 1 - ours.against(results[BARE])
        verdicts.at_most("the ledger costs ≤ 10 %", cost, 0.1, f"{cost * 100:.0f} %")
        verdicts.ratio(results, SECURE, OURS, 0.4, "STARTTLS ≥ 0.4 × plain")
        if self.signatures:
            signatures = Spread.of(self.signatures[1:]).median
            share = results[SIGNED].rate.median / signatures
            asked = "RSA-2048 ≥ 0.75 × what `openssl speed rsa2048` signs on the same cores"
            verdicts.at_least(asked, share, 0.75, f"{share:.2f} × of {signatures:,.0f}/s")

    def postfix_sink(self) -> list[str]:
        """Send to Postfix's own sink."""
        if path_of("smtp-sink") is None:
            return ["Postfix's smtp-sink is not installed here: not measured."]
        with sinks.postfix_sink() as port:
            results = contest(self._beside_postfix(), port, rounds=self.sizes.rounds)
        self.verdicts.ratio(results, OURS, SOURCE, 0.95, "≥ 0.95 of `smtp-source` into `smtp-sink`")
        return ["Into Postfix's `smtp-sink`:", "", *table(results, SOURCE)]

    def postfix(self) -> list[str]:
        """Send to a real Postfix."""
        if not sinks.has_postfix():
            return ["A real Postfix cannot be started here (Linux and root): not measured."]
        with postfix(deliver="discard:") as server:
            results = contest(
                self._beside_postfix(),
                server.port,
                rounds=self.sizes.rounds,
                between=lambda: sinks.wait_for_queue(server),
            )
        self.verdicts.ratio(results, OURS, SOURCE, 0.9, "≥ 0.9 of `smtp-source` into a real Postfix")
        title = "Into a real Postfix, its queue on disk, its limits off, its mail thrown away:"
        return [title, "", *table(results, SOURCE)]

    def _beside_postfix(self) -> list[Contestant]:
        arena, sizes = self.arena, self.sizes
        return _there(
            arena.generator(SOURCE, sizes.some),
            arena.ours(OURS, sizes.some),
            arena.nodemailer(NODEMAILER, sizes.few),
        )

    def latency(self) -> list[str]:
        """Send over a distance."""
        arena, sizes = self.arena, self.sizes
        everybody = _there(
            arena.generator(SOURCE, sizes.few),
            arena.ours(OURS, sizes.some),
            arena.ours(STREAMING, sizes.many, smtp__streaming="true"),
            arena.nodemailer(NODEMAILER, sizes.few // 2),
            arena.smtplib(SMTPLIB, sizes.few // 30),
        )
        results = self._into_sink(everybody, "-c", "-d", str(_LATENCY), rounds=3)
        for name, bound, how in (
            (OURS, 300, "PIPELINING"),
            (STREAMING, 3000, "8 in flight by CHUNKING"),
        ):
            rate = results[name].rate.median
            asked = f"≥ {bound:,}/s through {_LATENCY} ms, 10 connections, {how}"
            self.verdicts.at_least(asked, rate, bound, f"{rate:,.0f}/s")
        return [f"Into the fast sink, every reply {_LATENCY} ms late:", "", *table(results, OURS)]

    def _into_sink(
        self, everybody: Sequence[Contestant], *options: str, rounds: int | None = None
    ) -> dict[str, Result]:
        rounds = rounds or self.sizes.rounds
        expected = (rounds + 1) * sum(one.messages for one in everybody)
        with sinks.fast(self.arena.sink, *options, expected=expected) as port:
            return contest(everybody, port, rounds=rounds)

    def growth(self) -> list[str]:
        """Send to more and more people."""
        points = [growth.measure(self.arena, people) for people in self.sizes.growth]
        first, last = points[0], points[-1]
        rate, verdicts = last.people / last.planned, self.verdicts
        verdicts.at_least(
            f"planning ≥ 50,000 recipients/s, {last.people:,} people", rate, 50_000, f"{rate:,.0f}/s"
        )
        verdicts.at_most(f"peak RSS ≤ 150 MB, {last.people:,} people", last.peak, 150, f"{last.peak:.0f} MB")
        slower = (last.cpu / last.people) / (first.cpu / first.people)
        asked = f"time linear from {first.people:,} to {last.people:,} people"
        verdicts.at_most(asked, slower, 1.15, f"{slower:.2f} × the CPU time for a message")
        status = last.status
        asked = f"`status` < 0.2 s, {last.people:,} people"
        verdicts.at_most(asked, status.median, 0.2, f"{status.told(digits=2)} s")
        return growth.table(points)


def _openssl() -> list[float]:
    """Return how many RSA-2048 signatures a second OpenSSL makes on all cores; nothing if it is not there."""
    program = shutil.which("openssl")
    if program is None:
        return []
    cores = str(os.cpu_count() or 1)
    done = subprocess.run(
        [program, "speed", "-seconds", "1", "-multi", cores, "rsa2048"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"^rsa 2048 bits\s+\S+\s+\S+\s+([\d.]+)", done.stdout, re.MULTILINE)
    return [float(found[1])] if found else []
