"""The family `inbox`."""

from __future__ import annotations

from newsletter.check.rule import Family

FAMILY = Family("inbox")
