"""The database: opened safely, migrated once, never half written."""
