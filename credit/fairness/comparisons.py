"""One comparison per group and limited figure, and how surely it is beyond its limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from credit.evaluation.intervals import Array
from credit.fairness.counts import PAIR_SEPARATOR, AttributeKey, PeopleCounts, compute_undisclosed_share
from credit.fairness.metrics import GROUP_METRICS, METRICS, RATES, PeopleTable, Rate
from credit.fairness.policies import FairnessPolicy, Limit


@dataclass(frozen=True, eq=False)
class Comparison:
    """One figure of one group against its limit. `people` and `scores`: the reference's cell, then the group's own.

    `n` is how many people of the group the figure is about, `reference_n` of the reference (of a figure within the
    group, the same). `value` is NaN where there is none.
    """

    attribute: str
    reference: str
    group: str
    measure: str
    limit: Limit
    level: float
    people: PeopleTable
    scores: Array
    value: float
    low: float
    high: float
    n: int
    reference_n: int
    undisclosed: float
    """The share of all rows whose group of this attribute is not known."""

    @property
    def total(self) -> int:
        """All people of the group."""
        return int(self.people[1].sum())

    @property
    def rate(self) -> Rate | None:
        """The rate that the figure is, or compares; None for figures of scores and for a maximum of two."""
        if self.measure == "adverse_impact_ratio":
            return RATES["selection_rate"]
        return RATES.get(self.measure.removesuffix("_difference"))

    @property
    def compute_p_value(self) -> float:
        """Half of one less the highest level at which the whole interval is still beyond the limit.

        What the interval says as a one-sided p-value, found by bisection: below (1 - level) / 2 exactly when the whole
        interval at `level` is beyond.
        """
        from scipy.special import ndtr

        holding, broken = 8.0, 0.0  # standard normal quantiles
        for _ in range(30):
            z = (holding + broken) / 2
            figure = METRICS[self.measure](self.people, self.scores, float(2 * ndtr(z) - 1))
            if self.limit.is_broken_by(figure.low[1], figure.high[1]):
                broken = z
            else:
                holding = z
        return float(ndtr(-broken))


def compare_groups(
    counts: PeopleCounts, key: AttributeKey, policy: FairnessPolicy, level: float
) -> Iterator[Comparison]:
    """Every group of an attribute, or cell of a pair, against every limit of the policy, nobody left out."""
    people, scores = counts.flatten_cells(key)
    names = counts.list_groups(key)
    hidden = compute_undisclosed_share(counts, key)
    for measure, limit in policy.limits.items():
        figure = METRICS[measure](people, scores, level)
        first = 0 if measure in GROUP_METRICS else 1
        for cell in range(first, len(names)):
            yield Comparison(
                attribute=PAIR_SEPARATOR.join(key),
                reference=names[0],
                group=names[cell],
                measure=measure,
                limit=limit,
                level=level,
                people=people[[0, cell]],
                scores=scores[[0, cell]],
                value=float(figure.value[cell]),
                low=float(figure.low[cell]),
                high=float(figure.high[cell]),
                n=int(figure.n[cell]),
                reference_n=int(figure.n[0 if first else cell]),
                undisclosed=hidden,
            )


def reject_by_holm(p: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses Holm's step-down procedure (1979) rejects: all errors together at most `alpha` likely."""
    order = np.argsort(p, kind="stable")
    rejected = [False] * len(p)
    for step, index in enumerate(order):
        if p[index] > alpha / (len(p) - step):
            break
        rejected[index] = True
    return rejected
