"""Judge a month of decisions by what became of people: against what the evaluation promised, and earlier months.

At the last age the outcome is the one that the label of the contract is about: the bad rate of those whose outcome is
known is compared with the promised one, and their scores with what became of them. At younger ages only months of the
same age are compared. All tests are exact, so a month is told wrongly no more often than alpha.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from credit.evaluation.intervals import Interval, wilson_interval
from watch.outcomes.vintages import EVERYBODY, Cell, GroupName, Vintage

LEAST_PEOPLE = 10
"""People of a group, below which nothing is said: they could be recognised."""

Comparison = Literal["bad rate", "calibration", "earlier months"]


class Promise(NamedTuple):
    """What the evaluation found on people whom the version approves: how many, and how many were bad.

    `miscalibration`: how far scores may be from outcomes, in the share of people: as far as they were there.
    """

    approved: int
    bad: int
    miscalibration: float


class OutcomeFinding(NamedTuple):
    """A comparison of a group's bad rate in one month, at one age, with the expected one.

    `chance`: how likely so large a difference is by chance, at most; `limit`: told if it is below.
    """

    month: date
    age: int
    group: GroupName
    compared: Comparison
    bad: int
    of: int
    expected: float
    chance: float
    limit: float

    @property
    def rate(self) -> float:
        """The share of bad outcomes."""
        return self.bad / self.of

    @property
    def interval(self) -> Interval:
        """The interval of the rate, of 95%."""
        return wilson_interval(self.bad, self.of)

    @property
    def is_different(self) -> bool:
        """Tell whether the rate differs by more than chance."""
        return self.chance < self.limit


def judge_vintage(
    vintage: Vintage,
    earlier: Sequence[Vintage],
    promises: Mapping[GroupName, Promise],
    is_last_age: bool,
    least_known: float,
    alpha: float,
) -> list[OutcomeFinding]:
    """Judge a month at an age. `earlier`: months before it at the same age; `alpha`: of a wrong word about this one.

    At the last age a group of which less than `least_known` is known is not judged: the others may be the worst.
    """
    tests: list[tuple[GroupName, Comparison, int, int, float, float]] = []
    for group, cell in sorted(vintage.cells.items()):
        if cell.people < LEAST_PEOPLE:
            continue
        if is_last_age:
            if group in promises and cell.known >= max(least_known * cell.people, LEAST_PEOPLE):
                tests += _compare_with_promise(group, cell, promises[group])
        elif before := _sum_earlier(earlier, group):
            expected = before.bad / before.people
            chance = _compare_rates(cell.bad, cell.people, before.bad, before.people)
            tests.append((group, "earlier months", cell.bad, cell.people, expected, chance))
    limit = alpha / max(len(tests), 1)
    return [OutcomeFinding(vintage.month, vintage.age, *one, limit) for one in tests]


def find_unknown_share(vintage: Vintage) -> float:
    """Find the share of people of a month whose outcome is not known at its age; 0 where there is nobody."""
    cell = vintage.cells.get(EVERYBODY, Cell())
    return 1 - cell.known / cell.people if cell.people else 0.0


def _compare_with_promise(
    group: GroupName, cell: Cell, promise: Promise
) -> list[tuple[GroupName, Comparison, int, int, float, float]]:
    by_score = 1 - cell.score / cell.known
    found: list[tuple[GroupName, Comparison, int, int, float, float]] = []
    if promise.approved:
        chance = _compare_rates(cell.bad, cell.known, promise.bad, promise.approved)
        found.append((group, "bad rate", cell.bad, cell.known, promise.bad / promise.approved, chance))
    chance = _compare_with_scores(cell.bad, cell.known, by_score, promise.miscalibration)
    found.append((group, "calibration", cell.bad, cell.known, by_score, chance))
    return found


def _sum_earlier(earlier: Sequence[Vintage], group: GroupName) -> Cell | None:
    cells = [one.cells[group] for one in earlier if group in one.cells]
    return Cell(*map(sum, zip(*cells, strict=True))) if cells else None


def _compare_rates(bad: int, of: int, bad_before: int, of_before: int) -> float:
    """Compute Fisher's exact p-value, two-sided, that two rates are one."""
    from scipy.stats import fisher_exact

    return float(fisher_exact([[bad, of - bad], [bad_before, of_before - bad_before]]).pvalue)


def _compare_with_scores(bad: int, of: int, by_score: float, tolerated: float) -> float:
    """Compute how likely so many bad outcomes are at most if scores are right, or off by as much as is tolerated.

    People with different chances are no more spread than as many with the mean of them (Hoeffding 1956), so the
    binomial tail is an upper bound; both sides are counted.
    """
    from scipy.stats import binom

    low, high = max(by_score - tolerated, 0.0), min(by_score + tolerated, 1.0)
    tails = []
    if bad > of * high + 1:
        tails.append(float(binom.sf(bad - 1, of, high)))
    if bad < of * low - 1:
        tails.append(float(binom.cdf(bad, of, low)))
    return min([2 * one for one in tails] or [1.0])
