"""Subcommands of `python -m service`, one file each."""
