"""Stores with and without published versions."""

from testing.stores import disk, place, publish, s3, store

__all__ = ["disk", "place", "publish", "s3", "store"]
