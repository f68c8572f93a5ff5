"""What the editor writes: reading, validating and scaffolding issues."""
