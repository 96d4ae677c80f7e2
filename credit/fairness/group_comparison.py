"""Compare every group with every limit of a policy: the metric, its interval, and the p-value that this implies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from credit.evaluation.intervals import Array
from credit.fairness.counts import AttributeKey, PeopleCounts, compute_undisclosed_share
from credit.fairness.metrics import GROUP_METRICS, METRICS, RATES, PeopleTable, Rate
from credit.fairness.policies import FairnessPolicy, Limit
from credit.reports.figures import PAIR_SEPARATOR, GroupLabels, label_group


@dataclass(frozen=True, eq=False)
class Comparison:
    """One metric of one group against its limit. `people` and `scores`: the reference's cell, then the group's own.

    `n` is how many people of the group the metric is about, `reference_n` of the reference (of a metric within the
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
    labels: GroupLabels = field(default_factory=dict)

    @property
    def group_words(self) -> str:
        """The group as people read it."""
        return label_group(self.labels, self.attribute, self.group)

    @property
    def reference_words(self) -> str:
        """The reference as people read it."""
        return label_group(self.labels, self.attribute, self.reference)

    @property
    def total(self) -> int:
        """All people of the group."""
        return int(self.people[1].sum())

    @property
    def rate(self) -> Rate | None:
        """The rate that the metric is, or compares; None for metrics of scores and for a maximum of two."""
        if self.measure == "adverse_impact_ratio":
            return RATES["selection_rate"]
        return RATES.get(self.measure.removesuffix("_difference"))

    def compute_p_value(self) -> float:
        """Compute half of one less the highest level at which the whole interval is still beyond the limit.

        This is the interval as a one-sided p-value, found by bisection: below (1 - level) / 2 exactly when the whole
        interval at `level` is beyond.
        """
        from scipy.special import ndtr

        not_beyond, beyond = 8.0, 0.0  # standard normal quantiles
        for _ in range(30):
            z = (not_beyond + beyond) / 2
            metric = METRICS[self.measure](self.people, self.scores, float(2 * ndtr(z) - 1))
            if self.limit.is_broken_by(metric.low[1], metric.high[1]):
                beyond = z
            else:
                not_beyond = z
        return float(ndtr(-beyond))


def list_judged_keys(counts: PeopleCounts, policy: FairnessPolicy) -> list[AttributeKey]:
    """List the keys that the verdict rests on: the attributes and, where a policy gates them, pairs of attributes."""
    return [*counts.attributes, *(counts.pairs if policy.gates == "pairs" else [])]


def list_judged_groups(counts: PeopleCounts, policy: FairnessPolicy) -> dict[str, list[str]]:
    """List the groups that get a verdict, by attribute or pair of attributes: all but the reference."""
    return {PAIR_SEPARATOR.join(key): counts.list_groups(key)[1:] for key in list_judged_keys(counts, policy)}


def compare_groups(
    counts: PeopleCounts, keys: Sequence[AttributeKey], policy: FairnessPolicy, level: float
) -> list[Comparison]:
    """Compare every group of each attribute, or cell of each pair, with every limit of the policy; none is left out."""
    return [item for key in keys for item in _compare_cells(counts, key, policy, level)]


def _compare_cells(
    counts: PeopleCounts, key: AttributeKey, policy: FairnessPolicy, level: float
) -> Iterator[Comparison]:
    people, scores = counts.flatten_cells(key)
    names = counts.list_groups(key)
    undisclosed = compute_undisclosed_share(counts, key)
    for measure, limit in policy.limits.items():
        metric = METRICS[measure](people, scores, level)
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
                value=float(metric.value[cell]),
                low=float(metric.low[cell]),
                high=float(metric.high[cell]),
                n=int(metric.n[cell]),
                reference_n=int(metric.n[0 if first else cell]),
                undisclosed=undisclosed,
                labels=counts.labels,
            )
