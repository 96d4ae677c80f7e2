"""Lenders: contracts, tables and trained candidates, made once."""
