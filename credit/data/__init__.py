"""The rows: reading, casts, checks and splits."""
