"""The figures of all groups and pairs of groups, and the lowest ratio. An undefined figure is None, never NaN."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from credit.contract.levels import UNDISCLOSED
from credit.fairness.counts import (
    AttributeKey,
    PeopleCounts,
    compute_undisclosed_share,
    encode_interval,
    encode_number,
)
from credit.fairness.metrics import METRICS, adverse_impact_ratio
from credit.fairness.policies import VerdictRules
from credit.reports.fairness import LowestRatio
from credit.reports.figures import PAIR_SEPARATOR, GroupFigures


class AttributeFigures(NamedTuple):
    """The figures of each group, the reference first. `undisclosed_share`: of the rows; None of no rows."""

    reference: str
    undisclosed_share: float | None
    groups: dict[str, GroupFigures]


class FairnessFigures(NamedTuple):
    """Every figure by attribute, and by pair of attributes. `level`: of the intervals, two-sided."""

    rows: int
    level: float
    attributes: dict[str, AttributeFigures]
    pairs: dict[str, AttributeFigures]


def compute_fairness_metrics(counts: PeopleCounts, level: float = 0.95) -> FairnessFigures:
    """Compute every figure with its interval, per group of each attribute and per pair of groups."""
    return FairnessFigures(
        counts.rows,
        level,
        {key[0]: compute_group_metrics(counts, key, level) for key in counts.attributes},
        {PAIR_SEPARATOR.join(key): compute_group_metrics(counts, key, level) for key in counts.pairs},
    )


def compute_group_metrics(counts: PeopleCounts, key: AttributeKey, level: float) -> AttributeFigures:
    """Compute each group's figures of one attribute or pair of attributes."""
    people, scores = counts.flatten_cells(key)
    names = counts.list_groups(key)
    total, scored = people.sum((1, 2)), scores[..., 0].sum(-1)
    figures: list[dict[str, Any]] = [{} for _ in names]
    for figure, of in METRICS.items():
        value, low, high, _ = of(people, scores, level)
        for cell, own in enumerate(figures):
            own[figure] = encode_number(value[cell])
            own[f"{figure}_interval"] = encode_interval(value[cell], low[cell], high[cell])
    return AttributeFigures(
        names[0],
        encode_number(compute_undisclosed_share(counts, key)),
        {
            name: GroupFigures(people=int(total[cell]), unscored=int(total[cell] - scored[cell]), **figures[cell])
            for cell, name in enumerate(names)
        },
    )


def find_lowest_ratio(counts: PeopleCounts, rules: VerdictRules) -> LowestRatio | None:
    """Find the worst adverse impact ratio of a single attribute's group, its interval, and whose it is.

    The worst is the one that is surely low: the lowest upper end of its interval, so that a handful of people are
    no headline. Of primary attributes only. Groups, and references, below the smallest denominator are left aside, as
    are people who do not disclose; None where no other group is left.
    """
    primary = [key for key in counts.attributes if rules.primary is None or key[0] in rules.primary]
    ratios = (ratio for key in primary for ratio in _list_ratios(counts, key, rules))
    return min(ratios, key=_rank_ratio, default=None)


def _rank_ratio(ratio: LowestRatio) -> tuple[float, float]:
    """Rank by the upper end; of equal ones, as where nobody of the reference is turned away, by the value."""
    high = ratio.interval[1]
    return math.inf if high is None else high, ratio.value


def _list_ratios(counts: PeopleCounts, key: AttributeKey, rules: VerdictRules) -> Iterator[LowestRatio]:
    ratio = adverse_impact_ratio(*counts.flatten_cells(key), rules.level)
    if ratio.n[0] < rules.smallest_denominator:
        return
    for cell, name in enumerate(counts.list_groups(key)):
        if name == UNDISCLOSED or ratio.n[cell] < rules.smallest_denominator or math.isnan(ratio.value[cell]):
            continue
        yield LowestRatio(
            value=float(ratio.value[cell]),
            interval=(encode_number(ratio.low[cell]), encode_number(ratio.high[cell])),
            attribute=key[0],
            group=name,
            people=int(ratio.n[cell]),
        )
