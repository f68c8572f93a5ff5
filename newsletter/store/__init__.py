"""One SQLite file that an office can trust: WAL, migrations, one way to write."""
