"""Sending: a mailing to its recipients, each of them accounted for."""
