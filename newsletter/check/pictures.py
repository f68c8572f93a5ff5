"""The family `pictures`."""

from __future__ import annotations

from newsletter.check.rule import Family

FAMILY = Family("pictures")
