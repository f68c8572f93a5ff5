"""A report for people and other programs: kept with the issue, as a page, SARIF, annotations."""
