"""The months of the log: partitions in PostgreSQL, made ahead, and whole months that are removed by age."""
