"""The preview: a page on this machine that shows an issue as each of its readers will see it."""
