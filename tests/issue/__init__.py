"""What the editor writes: reading, validating, scaffolding."""

from __future__ import annotations
