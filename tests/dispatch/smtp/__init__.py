"""Tests of sending over SMTP."""
