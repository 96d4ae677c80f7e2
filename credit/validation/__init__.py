"""Rows that break the contract: which they are, how many, and whether the others are fit to learn from."""
