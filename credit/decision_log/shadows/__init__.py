"""Logged applications decided again: by challengers, whose decisions are written beside, or by any bundle."""
