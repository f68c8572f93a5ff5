"""An authoring and mailing tool for newsletters: YAML issues in, accountable mail out."""

from __future__ import annotations

__version__ = "0.1.0"
