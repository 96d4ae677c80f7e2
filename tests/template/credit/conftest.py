"""The small lender, for the tests of the bundle."""

from testing.lenders.small import bundles, inputs, rows

__all__ = ["bundles", "inputs", "rows"]
