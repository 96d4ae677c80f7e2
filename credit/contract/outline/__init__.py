"""A contract file as far as it can be read, with all its faults."""
