"""Stores with and without published versions, and the small lender to fill them."""

from testing.lenders.small import bundles, inputs, rows
from testing.stores import disk, place, publish, s3, store

__all__ = ["bundles", "disk", "inputs", "place", "publish", "rows", "s3", "store"]
