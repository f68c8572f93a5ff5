"""The environment of processes whose coverage is not measured.

A process that is killed never writes down what it covered: measuring it takes half of its time for nothing.
"""

from __future__ import annotations

import os

_MEASURING = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


def environ() -> dict[str, str]:
    """Return this process's environment without what tells children to measure (coverage, `patch`)."""
    return {name: value for name, value in os.environ.items() if name not in _MEASURING}
