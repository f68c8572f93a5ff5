"""Fixtures for the list: an empty one in a folder of the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.subscribers.list import SubscriberList
from tests.subscribers import crowd


@pytest.fixture
def people(tmp_path: Path) -> Iterator[SubscriberList]:
    """An empty list."""
    with crowd.opened_list(tmp_path) as found:
        yield found
