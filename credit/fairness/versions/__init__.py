"""Compare two versions about the same people."""
