"""Fixtures for all tests: small workspaces made from literals, each in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import hypothesis
import pytest

from newsletter import language
from tests.cli.office import Office

# Tests run beside each other and on busy machines: how long an example takes says nothing.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


@pytest.fixture(autouse=True)
def _english() -> None:
    """Tell editors everything in English, whatever this machine speaks."""
    language.use("en")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A workspace with one issue, not built yet."""
    return Office(tmp_path / "office").furnish()


@pytest.fixture(scope="session")
def once_built(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A workspace that was built; to be copied, never changed."""
    office = Office(tmp_path_factory.mktemp("built") / "office").furnish()
    done = office.run("build")
    assert done.returncode == 0, done.stderr
    return office


@pytest.fixture
def built_office(once_built: Office, tmp_path: Path) -> Office:
    """A workspace whose issue was built, with its cache."""
    return Office(Path(shutil.copytree(once_built.root, tmp_path / "office")))
