"""Judges that know nothing of newsletter: the W3C Nu checker, html-validate and axe-core."""
