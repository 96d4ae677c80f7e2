"""Drafting of a contract from a CSV or Parquet file, for a person to complete."""
