"""Decide files of applications, of any size, as the API would."""
