"""The seed band: how far a figure moves when nothing changes but the seeds, so that no noise is taken for a cause.

Every figure has its deviation in `reports/stability.json`. Of figures of the test rows it is that of fits with other
seeds. Of groups that are judged out of fold it is over the partitions into folds, which train every model anew, so the
noise of the forest's own seed is in it (default data, nine runs each, the ratio of Black applicants: folds alone .0077,
the seed alone .0059, both together .0077). What the report lacks is measured by runs with other seeds.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import stdev
from typing import NamedTuple

from credit.common.candidate_names import HEURISTIC
from credit.reports.choice import CandidateStability, SeedStability, StabilityReport

LEAST_PARTITIONS = 5
"""Fewer say too little about a deviation: then the band is measured."""

LEVEL = 0.98
"""Of two builds that differ in seeds only, this share moves less than the band, of all figures that are looked at."""


class Spread(NamedTuple):
    """The standard deviation of a figure over some runs that differ in seeds only."""

    deviation: float
    runs: int
    source: str


def read_spread(report: StabilityReport | None, candidate: str, figure: str) -> Spread | None:
    """Read the spread of a figure, of a group or of the test rows; None where the report lacks it.

    The rule has no seed.
    """
    if candidate == HEURISTIC:
        return Spread(0.0, 0, "the rule has no seed")
    of = report.candidates.get(candidate) if report else None
    if report is None or of is None:
        return None
    if ":" not in figure:
        return _read_test_spread(of.seeds, figure) if of.seeds else None
    value = _find_group_deviation(of, figure) if report.partitions >= LEAST_PARTITIONS else None
    return None if value is None else Spread(value, report.partitions, f"{report.partitions} partitions into folds")


def _read_test_spread(seeds: SeedStability, figure: str) -> Spread | None:
    """Read the spread of a figure of the test rows; an older report has that of AUC alone."""
    known = seeds.deviations or {"roc_auc": seeds.roc_auc.deviation}
    return Spread(known[figure], seeds.fits, f"{seeds.fits} fits with other seeds") if figure in known else None


def _find_group_deviation(of: CandidateStability, figure: str) -> float | None:
    """Find the deviation of a figure of a group; an older report has those that get a verdict."""
    if of.deviations is not None:
        return of.deviations.get(figure)
    measure, _, group = figure.partition(":")
    found = (one for one in of.findings if one.measure == measure and f"{one.attribute}={one.group}" == group)
    return next((one.value.deviation for one in found if one.value), None)


def measure_spread(values: Iterable[float | None]) -> Spread | None:
    """Measure the spread over runs; None with fewer than three that have the figure."""
    known = [value for value in values if value is not None]
    return Spread(stdev(known), len(known), f"{len(known)} runs with other seeds") if len(known) > 2 else None


def compute_band(spreads: Sequence[Spread], figures: int) -> float:
    """Compute how far a figure moves between two builds by their seeds; `spreads`: of the one before and the one after.

    A quantile of Student's t for as few runs as there are, at a level shared among all figures that are looked at
    (Bonferroni), times the deviation of a difference.
    """
    from scipy.special import stdtrit

    moving = [one for one in spreads if one.runs > 1 and one.deviation > 0]
    if not moving:
        return 0.0
    freedom = min(one.runs for one in moving) - 1
    quantile = float(stdtrit(freedom, 1 - (1 - LEVEL) / 2 / figures))
    return quantile * sqrt(sum(one.deviation**2 for one in spreads))
