"""Subcommands of `python -m service key`."""
