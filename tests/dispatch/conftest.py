"""Fixtures of the tests of sending."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.office import Office
from tests.dispatch.mailer import Mailer
from tests.dispatch.sink_process import SinkProcess, sink


@pytest.fixture
def mailer(once_built: Office, tmp_path: Path) -> Mailer:
    """An office whose issue was built, without subscribers."""
    return Mailer.copied(once_built, tmp_path / "office")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SinkProcess]:
    """A server that takes mail."""
    with sink(tmp_path / "sink") as running:
        yield running
