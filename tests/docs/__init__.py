"""The documents are tested: what they show is run, what is made from the code is current."""

from __future__ import annotations
