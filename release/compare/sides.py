"""A value of both sides of a comparison; as JSON, a list of two."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Sides(NamedTuple, Generic[T]):
    """The value of the base and that of the head."""

    base: T
    head: T

    @property
    def has_changed(self) -> bool:
        """Tell whether the head's value is another one."""
        return bool(self.base != self.head)

    def map(self, convert: Callable[[T], U]) -> "Sides[U]":
        """Convert each value by itself."""
        return Sides(convert(self.base), convert(self.head))
