"""The targets of `python -m service export`."""
