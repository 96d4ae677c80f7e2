"""A version on disk: one folder, every file of which is verified by its hash."""
