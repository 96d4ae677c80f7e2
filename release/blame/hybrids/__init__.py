"""Hybrids: one version with some of the differences of another, made in clones, and their figures."""
