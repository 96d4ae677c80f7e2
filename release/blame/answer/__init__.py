"""The answer: its content, and how it is told."""
