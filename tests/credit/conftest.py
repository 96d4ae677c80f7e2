"""The small lender, for the tests of the bundle."""

from lender import bundles, inputs, rows

__all__ = ["bundles", "inputs", "rows"]
