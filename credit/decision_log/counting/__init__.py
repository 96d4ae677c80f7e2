"""Counts of decisions by hour, kept as they come, so that a page costs the same however long the log is."""
