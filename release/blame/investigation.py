"""Find which step it was: measure the seed band, make the hybrids, divide the move, say what remains open."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from credit.common.errors import CreditError, Problem, raise_if_any
from release.blame.hybrids.environments import Environments
from release.blame.hybrids.factors import LIBRARIES, TARGET, Differences, Factor, find_differences
from release.blame.hybrids.figures import find_figure, list_watched, read_champion_figures
from release.blame.hybrids.locks import read_lock
from release.blame.hybrids.recipes import Recipe, make_recipe, make_whole_recipe
from release.blame.hybrids.source import clone_source
from release.blame.hybrids.workshop import Outcome, Workshop
from release.blame.jobs import count_jobs
from release.blame.joining import Measured, measure_all_sets
from release.blame.judging import Ruler, is_made_again, is_moved_again
from release.blame.progress import Progress
from release.blame.reseeding import SeedSpreads
from release.blame.smallest_set import find_smallest_set
from release.compare.same_people import read_judged_table
from release.compare.seed_band import Spread
from release.compare.sides import Sides
from release.repository.data_sources import find_cache
from release.repository.revision import Revision
from release.running.bound_commands import end_bound_commands

MOST_EXACT = 5
"""Factors of which all sets are made."""

MOST_AFTER_REDUCING = 7
"""The same where only so many together make the move."""


class Question(NamedTuple):
    """A question: the two versions, the figures, and whose.

    `wanted`: as typed, none for all that are watched; `candidate`: None for who goes forward; `reseeds`: runs with
    other seeds, for figures whose band no report has; `jobs`: hybrids that run side by side, None for as many as fit.
    """

    sides: Sides[Revision]
    wanted: tuple[str, ...] = ()
    candidate: str | None = None
    reseeds: int = 4
    jobs: int | None = None


class Investigation:
    """One question, with its measurements so far."""

    def __init__(self, question: Question, source: Path, progress: Progress) -> None:
        self.source, self.commits = source, clone_source(source, question.sides)
        self.question, self.sides, self._progress = question, question.sides, progress
        self.figures = self.sides.map(read_champion_figures)
        self.differences: Differences = find_differences(self.sides, source, self.commits)
        kept, self.locks = find_cache()[1].parent / Outcome.FOLDER, self.sides.map(read_lock)
        self._environments = Environments(kept / "environments", self.locks)
        self.workshop = Workshop(source, kept, self.commits, self._environments)
        self.inseparable: CreditError | None = None
        """Why an environment of the libraries of a version cannot be made: then they are no factor."""
        self.left_out: tuple[str, ...] = ()
        """Factors without which the move is the same."""
        self._seeds = SeedSpreads(self.sides, question.reseeds, self._make, progress)

    @property
    def candidates(self) -> Sides[str]:
        """Whose figures are compared."""
        return self.figures.map(lambda side: self.question.candidate or side.champion)

    def choose_rulers(self) -> list[Ruler]:
        """Choose the figures, and measure the seed band of those that moved; the ones that moved most first."""
        of = Sides(*(side.candidates.get(name, {}) for side, name in zip(self.figures, self.candidates, strict=True)))
        known = {name for name, value in of.base.items() if value is not None and of.head.get(name) is not None}
        if not known:
            names = " and ".join(dict.fromkeys(self.candidates))
            raise CreditError(
                Problem(f"the figures of {names}", "in one of both versions only", fix="--candidate NAME")
            )
        wanted = dict.fromkeys(find_figure(text, known) for text in self.question.wanted)
        chosen = list(wanted) or [
            name for name in list_watched(self.figures.base, self.candidates.base) if name in known
        ]
        if any(of.base[name] != of.head[name] for name in chosen):
            self._separate_libraries()
        rulers = []
        for name in chosen:
            values = Sides(float(of.base[name] or 0), float(of.head[name] or 0))
            spreads = self._measure_spreads(name) if values.has_changed else []
            rulers.append(Ruler(name, values, spreads, len(chosen)))
        return sorted(rulers, key=lambda one: -one.severity)

    def _separate_libraries(self) -> None:
        """Make an environment for the libraries of each version, if they differ; they are no factor if it fails."""
        if not self.locks.has_changed:
            return
        try:
            for name, lock in zip(self.sides.map(lambda side: side.name), self.locks, strict=True):
                with self._progress.follow(f"an environment with the libraries of {name}"):
                    self._environments.separate(lock)
        except CreditError as error:
            why, fix = str(error.problems[0]), "set PIP_INDEX_URL, or PIP_FIND_LINKS to a folder with its wheels"
            self.inseparable = CreditError(Problem(f"the libraries of {name}", f"cannot be installed, {why}", fix=fix))
            factors = tuple(one for one in self.differences.factors if one.name != LIBRARIES)
            self.differences = self.differences._replace(factors=factors)

    def _measure_spreads(self, name: str) -> list[Spread]:
        """Find how far the seeds move a figure of either side."""
        base, head = self.candidates
        first = self._seeds.find(name, base, self.figures.base, ())
        if base == head:
            return [first, first]
        return [first, self._seeds.find(name, head, self.figures.head, self.differences.factors)]

    def is_confirmed(self, ruler: Ruler) -> bool:
        """Tell whether other pairs of seeds move a figure as the versions did; the rule has no seed."""
        if not any(one.runs for one in ruler.spreads):
            return True
        try:
            moves = self._seeds.measure_moves(ruler.name, self.candidates, self.differences.factors)
        except CreditError:
            return True  # the bad version does not run: making it again says so
        return is_moved_again(ruler, moves)

    def measure(self, ruler: Ruler) -> Measured:
        """Make the hybrids of all sets of factors; with many, of a smallest set that moves the figure as all do."""
        factors = self.differences.factors
        if len(factors) > MOST_EXACT:
            factors = self._reduce(ruler)
        if len(factors) > MOST_AFTER_REDUCING:
            names = ", ".join(one.name for one in factors)
            fix = "compare with a version between the two"
            raise CreditError(Problem("the factors", f"only {len(factors)} together make the move: {names}", fix=fix))
        self._progress.expect(2 ** len(factors) - 2)
        self._make_side_by_side(factors)
        return measure_all_sets(factors, self._measure_set)

    def _make_side_by_side(self, factors: tuple[Factor, ...]) -> None:
        """Make the sets of each size side by side, if more than one fits: measuring then takes what is kept."""
        jobs = self.question.jobs or count_jobs()
        if jobs < 2:
            return
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for size in range(1, len(factors)):  # the larger ones find the stages of the smaller ones done
                    list(pool.map(self._try_set, combinations(factors, size)))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                end_bound_commands()  # else leaving waits for them
                raise

    def _try_set(self, factors: tuple[Factor, ...]) -> None:
        with suppress(CreditError):  # measuring runs it again, and joins the factors
            self._measure_set(factors)

    def _reduce(self, ruler: Ruler) -> tuple[Factor, ...]:
        """Find a smallest set of factors that moves a figure as far as all of them, but for what the seeds do."""
        by_name = {one.name: one for one in self.differences.factors}

        def reproduces(names: frozenset[str]) -> bool:
            try:
                outcome = self._measure_set(tuple(one for name, one in by_name.items() if name in names))
            except CreditError:
                return False  # what does not run reproduces nothing; larger sets are asked too
            return is_made_again(ruler, outcome, self.question.candidate)

        kept = find_smallest_set(list(by_name), reproduces)
        self.left_out = tuple(name for name in by_name if name not in kept)
        return tuple(one for name, one in by_name.items() if name in kept)

    def leave(self, names: tuple[str, ...], folder: Path) -> None:
        """Make the hybrid of some factors in a new folder, and leave it there."""
        self._separate_libraries()
        if self.inseparable and LIBRARIES in names:
            raise self.inseparable
        known = {one.name: one for one in self.differences.factors}
        expected = f"some of {', '.join(known) or 'none, as nothing differs'}"
        raise_if_any([Problem(f"--make {one}", "no factor", expected) for one in names if one not in known])
        if folder.exists():
            raise CreditError(Problem(str(folder), "is there already", "a new folder"))
        self.workshop.leave(make_recipe(self.sides, tuple(one for name, one in known.items() if name in names)), folder)

    def _measure_set(self, factors: tuple[Factor, ...]) -> Outcome:
        """Make a hybrid; of no factor it is the good version."""
        return self._make(make_recipe(self.sides, factors)) if factors else self.find_good()

    def find_good(self) -> Outcome:
        """Find what the good version is: as committed; where libraries are not separable, as those here make it."""
        if self.inseparable:
            return self._make(make_recipe(self.sides, ()))
        good = self.sides.base
        table = read_judged_table(good)
        return Outcome(seconds=0.0, figures=self.figures.base, judged_table=table, outputs=good.dvc_outputs)

    def find_value(self, recipe: Recipe, figure: str) -> float | None:
        """Find a figure of one more hybrid; None where it does not run."""
        try:
            return self._make(recipe).figures.get_value(figure, self.question.candidate)
        except CreditError:
            return None

    def remake(self) -> Outcome:
        """Make the bad version again, with its own seeds."""
        return self._make(make_whole_recipe(self.sides, self.differences.factors))

    def make(self, recipe: Recipe) -> Outcome:
        """Make one more hybrid, or take its earlier outcome. Raises CreditError when it does not run."""
        return self._make(recipe)

    def _make(self, recipe: Recipe, target: str = TARGET) -> Outcome:
        with self._progress.follow(recipe.name):
            try:
                return self.workshop.make(recipe, target)
            except CreditError as error:
                if self.inseparable is None:
                    raise
                raise CreditError([*error.problems, *self.inseparable.problems]) from None
