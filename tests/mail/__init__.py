"""Tests of the mail room: its bytes, read by parsers that are not ours."""
