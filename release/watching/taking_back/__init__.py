"""A version is taken back: whether something must be done, to whom the people go, and the entry that says so."""
