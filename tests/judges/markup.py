"""The judges of the source: the W3C Nu checker (Java) and html-validate (Node)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.judges.model import HERE, MODULES, Finding, JudgeMissing, Verdict, version_of

NU_JAR = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
HTML_VALIDATE = MODULES / "html-validate" / "bin" / "html-validate.mjs"
HTML_VALIDATE_RULES = HERE / "html-validate.json"
SECONDS = 120


class JudgeBroken(RuntimeError):
    """A judge ended without a verdict."""


def nu(build: Path, page: str) -> Verdict:
    """The W3C Nu checker on one page: errors, warnings and notes are all findings.

    Raises:
        JudgeMissing: neither Java nor the checker may be missing.
        JudgeBroken: the checker answered something else than its JSON.
    """
    version = version_of("vnu-jar")
    command = ["-jar", str(NU_JAR), "--format", "json", "--stdout", "--exit-zero-always", str(build / page)]
    messages = _answer("java", command)["messages"]
    return Verdict(judge="W3C Nu", version=version, page=page, findings=tuple(map(_from_nu, messages)))


def html_validate(build: Path, page: str) -> Verdict:
    """html-validate on one page, with the rules in html-validate.json; warnings are findings too.

    Raises:
        JudgeMissing: neither Node nor the checker may be missing.
        JudgeBroken: the checker answered something else than its JSON.
    """
    version = version_of("html-validate")
    command = [
        str(HTML_VALIDATE),
        "--formatter",
        "json",
        "--config",
        str(HTML_VALIDATE_RULES),
        str(build / page),
    ]
    files = _answer("node", command)
    findings = [_from_html_validate(message) for file in files for message in file["messages"]]
    return Verdict(judge="html-validate", version=version, page=page, findings=tuple(findings))


def _answer(program: str, arguments: Sequence[str]) -> Any:
    executable = shutil.which(program)
    if executable is None:
        raise JudgeMissing(program)
    done = subprocess.run(
        [executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as err:
        said = (done.stderr or done.stdout).strip()
        raise JudgeBroken(
            f"{program} {' '.join(arguments)} gave no verdict (exit {done.returncode}): {said}"
        ) from err


def _from_nu(message: dict[str, Any]) -> Finding:
    return Finding(
        rule=message.get("subType", message["type"]),
        message=message["message"],
        place=f"{message.get('lastLine', 0)}:{message.get('firstColumn', message.get('lastColumn', 0))}",
        extract=" ".join(message.get("extract", "").split()),
    )


def _from_html_validate(message: dict[str, Any]) -> Finding:
    return Finding(
        rule=message["ruleId"],
        message=message["message"],
        place=f"{message['line']}:{message['column']}",
        extract=message.get("selector") or "",
    )
