"""Decide beside the live version as its challenger would, after the applicants were answered."""
