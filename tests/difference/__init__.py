"""Differences between editions."""
