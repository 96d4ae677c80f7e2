"""A small lender with three versions."""

from testing.services import asked, released

__all__ = ["asked", "released"]
