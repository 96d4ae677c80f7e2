"""Find the spread of a figure over seeds: in the report on stability, else by running a version with other seeds."""

from collections.abc import Callable

from credit.common.errors import CreditError, Problem
from credit.reports.choice import StabilityReport
from release.blame.hybrids.factors import TARGET, Factor, read_value
from release.blame.hybrids.figures import ChampionFigures
from release.blame.hybrids.other_people import EVALUATE
from release.blame.hybrids.recipes import Recipe, make_reseeded_recipe
from release.blame.hybrids.workshop import Outcome
from release.blame.progress import Progress
from release.compare.seed_band import Spread, measure_spread, read_spread
from release.compare.sides import Sides
from release.repository.revision import Revision

OTHER_PAIRS = 2
"""Pairs of seeds that must move a figure as the versions did. The bad version is run for each, the good one is mostly
there. With one, a true move of just the band would be missed half of the time, with two about one time in thirty."""


class SeedSpreads:
    """The spreads of both sides. A version is run with other seeds once for all figures of a kind."""

    def __init__(
        self, sides: Sides[Revision], reseeds: int, make: Callable[[Recipe, str], Outcome], progress: Progress
    ) -> None:
        self._sides, self._reseeds, self._make, self._progress = sides, reseeds, make, progress
        self._reseeded: dict[tuple[str, bool, str], list[Outcome]] = {}

    def find(self, name: str, candidate: str, own: ChampionFigures, factors: tuple[Factor, ...]) -> Spread:
        """Find the spread of a figure; with `factors`, all that differ, it is the bad version's.

        Raises CreditError when too few runs have the figure.
        """
        side = self._sides.head if factors else self._sides.base
        found = read_spread(_read_stability(side), candidate, name)
        if found is not None and (found.runs == 0 or ":" in name or not _searches(side)):
            return found
        outcomes = self._run(TARGET if ":" in name else EVALUATE, candidate, factors)
        values = [own.get_value(name, candidate), *(one.figures.get_value(name, candidate) for one in outcomes)]
        spread = measure_spread(values)
        if spread is None:
            where = f"the seed band of {candidate}"
            raise CreditError(Problem(where, "fewer than three runs have it", fix="--reseeds 4"))
        return spread

    def measure_moves(self, name: str, candidates: Sides[str], factors: tuple[Factor, ...]) -> list[float]:
        """Measure the move between the versions again, with other pairs of seeds; none where one lacks the figure."""
        target = TARGET if ":" in name else EVALUATE
        moves = []
        for number in range(1, OTHER_PAIRS + 1):
            base = self._run_one(target, candidates.base, (), number).figures.get_value(name, candidates.base)
            head = self._run_one(target, candidates.head, factors, number).figures.get_value(name, candidates.head)
            if base is None or head is None:
                return []
            moves.append(head - base)
        return moves

    def _run_one(self, target: str, candidate: str, factors: tuple[Factor, ...], number: int) -> Outcome:
        try:
            return self._make(make_reseeded_recipe(self._sides, factors, number, candidate), target)
        except CreditError:  # as in `_run`
            return self._make(make_reseeded_recipe(self._sides, factors, number, None), target)

    def _run(self, target: str, candidate: str, factors: tuple[Factor, ...]) -> list[Outcome]:
        key = target, bool(factors), candidate
        if key not in self._reseeded:
            try:
                self._reseeded[key] = self._run_all(target, candidate, factors)
            except CreditError:  # as a waiver, or the incumbent, names a candidate that is left out
                self._reseeded[key] = self._run_all(target, None, factors)
        return self._reseeded[key]

    def _run_all(self, target: str, candidate: str | None, factors: tuple[Factor, ...]) -> list[Outcome]:
        self._progress.expect(self._reseeds)
        numbers = range(1, self._reseeds + 1)
        recipes = [make_reseeded_recipe(self._sides, factors, number, candidate) for number in numbers]
        return [self._make(recipe, target) for recipe in recipes]


def _searches(revision: Revision) -> bool:
    """Tell whether hyperparameters are searched by a seed too, which the report's fits with other seeds leave out."""
    return bool(read_value(revision.params, ("train", "search", "enabled")))


def _read_stability(revision: Revision) -> StabilityReport | None:
    try:
        return StabilityReport.read_at(revision, StabilityReport.PATH)
    except CreditError:
        return None  # of other code; the spread is measured
