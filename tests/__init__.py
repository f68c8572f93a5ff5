"""Tests of the newsletter package, its judges and its browser helpers."""
