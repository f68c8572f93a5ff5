"""Programs of the system that tests run: a test without its program is skipped, but fails in CI."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def _is_there(program: str) -> bool:
    """Say whether a program is installed; daemons lie where only root's PATH leads."""
    return path_of(program) is not None


def path_of(program: str) -> str | None:
    """Return where a program lies, or None."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def needs(*programs: str, package: str) -> pytest.MarkDecorator:
    """Skip a test where one of the programs is missing; in CI (NEWSLETTER_CI=1) nothing is skipped."""
    missing = [program for program in programs if not _is_there(program)]
    wanted = f"{', '.join(missing)} not found: apt install {package}"
    return pytest.mark.skipif(bool(missing) and not in_ci(), reason=wanted)


def needs_perl(module: str, *, package: str) -> pytest.MarkDecorator:
    """Skip a test where a module of Perl is missing; in CI nothing is skipped."""
    perl = path_of("perl")
    command = [perl or "perl", f"-M{module}", "-e1"]
    there = perl is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    reason = f"{module} not found: apt install {package}"
    return pytest.mark.skipif(not there and not in_ci(), reason=reason)


def in_ci() -> bool:
    """Say whether everything that tests need must be there."""
    return os.environ.get("NEWSLETTER_CI") == "1"
