"""The command line, run as the process it is."""

from __future__ import annotations
