"""The mail: an edition as MIME messages, built once and spliced for each reader."""
