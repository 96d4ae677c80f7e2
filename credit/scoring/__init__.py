"""Scoring: from an application to a decision and its reasons."""
