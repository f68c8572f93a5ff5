"""Tests of the way from an issue to an edition."""
