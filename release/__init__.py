"""Releases: from a trained pipeline to a live, reversible version."""
