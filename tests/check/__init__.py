"""Tests of the check: its rules, its report, its command."""
