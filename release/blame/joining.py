"""Measure every set of factors; where a set does not run, join the factors that only run together."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from release.blame.hybrids.factors import Factor
from release.blame.hybrids.workshop import Outcome
from release.blame.shapley import FactorSet, list_subsets

Make = Callable[[tuple[Factor, ...]], Outcome]


class Join(NamedTuple):
    """Factors that are one from here on, and the line with which the pipeline failed without the others."""

    factors: tuple[str, ...]
    why: str


class Measured(NamedTuple):
    """The outcome of every set of factors, after joining; the joins in the order in which they were found."""

    factors: tuple[Factor, ...]
    outcomes: Mapping[FactorSet, Outcome]
    joins: tuple[Join, ...]


def measure_all_sets(factors: tuple[Factor, ...], make: Make) -> Measured:
    """Make every set, the smaller ones first. Raises CreditError when not even all factors together run."""
    joins: list[Join] = []
    attempts = _Attempts(make)
    while True:
        names = [one.name for one in factors]
        by_name = {one.name: one for one in factors}
        sets = [tuple(by_name[name] for name in names if name in one) for one in list_subsets(names)]
        failed = next((one for one in sets if attempts.find(one) is None), None)
        if failed is None:
            return Measured(factors, {frozenset(_name(one)): attempts.require(one) for one in sets}, tuple(joins))
        runs = next((one for one in sets if set(failed) < set(one) and attempts.find(one) is not None), None)
        if runs is None:
            raise (
                attempts.failures[_key(factors)]
                if _key(factors) in attempts.failures
                else attempts.failures[_key(failed)]
            )
        joins.append(Join(_name(runs), attempts.failures[_key(failed)].problems[0].found))
        factors = _join(factors, runs)


def _name(factors: tuple[Factor, ...]) -> tuple[str, ...]:
    return tuple(one.name for one in factors)


def _key(factors: tuple[Factor, ...]) -> FactorSet:
    """Name a set of factors by those that they were before any were joined."""
    return frozenset(name for one in factors for name in one.name.split(" + "))


def _join(factors: tuple[Factor, ...], together: tuple[Factor, ...]) -> tuple[Factor, ...]:
    """Put one factor in the place of several."""
    joined = Factor(
        " + ".join(_name(together)),
        tuple(path for one in together for path in one.paths),
        tuple(block for one in together for block in one.blocks),
    )
    rest = [joined if one == together[0] else one for one in factors if one == together[0] or one not in together]
    return tuple(rest)


class _Attempts:
    """The outcomes, and the failures, by the names of the factors."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._outcomes: dict[FactorSet, Outcome] = {}
        self.failures: dict[FactorSet, CreditError] = {}

    def find(self, factors: tuple[Factor, ...]) -> Outcome | None:
        """Make a set unless it was made; None where it does not run."""
        key = _key(factors)
        if key not in self._outcomes and key not in self.failures:
            try:
                self._outcomes[key] = self._make(factors)
            except CreditError as error:
                self.failures[key] = error
        return self._outcomes.get(key)

    def require(self, factors: tuple[Factor, ...]) -> Outcome:
        """Get the outcome of a set that runs."""
        outcome = self.find(factors)
        if outcome is None:
            raise CreditError(Problem("a hybrid", "does not run"))
        return outcome
