"""Find a smallest set of factors that reproduces a move, by delta debugging (Zeller and Hildebrandt 2002).

With many factors, all sets of them are too many to run; this needs about the square of their number at worst.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise


def find_smallest_set(factors: Sequence[str], reproduces: Callable[[frozenset[str]], bool]) -> list[str]:
    """Find a set of which no factor can be left out. `reproduces` is true of all factors; each set is asked once."""
    known: dict[frozenset[str], bool] = {}

    def ask(part: Sequence[str]) -> bool:
        key = frozenset(part)
        if key not in known:
            known[key] = reproduces(key)
        return known[key]

    left, pieces = list(factors), 2
    while len(left) > 1:
        parts = _cut(left, pieces)
        rests = [[one for one in left if one not in part] for part in parts] if pieces > 2 else []
        if (smaller := next(filter(ask, parts), None)) is not None:
            left, pieces = smaller, 2
        elif (smaller := next(filter(ask, rests), None)) is not None:
            left, pieces = smaller, max(pieces - 1, 2)
        elif pieces < len(left):
            pieces = min(len(left), 2 * pieces)
        else:
            break
    return left


def _cut(factors: list[str], pieces: int) -> list[list[str]]:
    """Cut a list into pieces of about the same size."""
    ends = [round(number * len(factors) / pieces) for number in range(pieces + 1)]
    return [factors[start:end] for start, end in pairwise(ends)]
