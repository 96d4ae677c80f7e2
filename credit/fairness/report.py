"""The figures of all groups and pairs of groups. An undefined figure is None, never NaN."""

from typing import Any, NamedTuple

from credit.fairness.counts import (
    AttributeKey,
    PeopleCounts,
    compute_undisclosed_share,
    encode_interval,
    encode_number,
)
from credit.fairness.metrics import METRICS
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
