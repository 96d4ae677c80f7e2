"""Compare every group with every limit of a policy: the metric, its interval, and the p-value that this implies."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from credit.common.errors import Problem, raise_if_any
from credit.contract.levels import UNDISCLOSED
from credit.evaluation.exact_tests import compute_limit_p_value, compute_parity_p_value
from credit.evaluation.intervals import Array, invert_interval
from credit.fairness.counts import AttributeKey, PeopleCounts, compute_undisclosed_share
from credit.fairness.metrics import GROUP_METRICS, METRICS, RATES, PeopleTable, Rate, find_compared_rate
from credit.fairness.policies import FairnessPolicy, Limit, VerdictRules
from credit.reports.figures import ADVERSE_IMPACT_RATIO, PAIR_SEPARATOR, GroupLabels, label_group


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
        return RATES.get(self.measure, self.compared_rate)

    @property
    def compared_rate(self) -> Rate | None:
        """The rate of the group that is compared with its reference's; None for other metrics."""
        return find_compared_rate(self.measure)

    @property
    def has_value(self) -> bool:
        """Whether there is such a figure at all."""
        return not math.isnan(self.value)

    @property
    def is_beyond(self) -> bool:
        """Whether the figure itself is beyond the limit."""
        return self.limit.is_broken_by(self.value, self.value)

    @property
    def is_reference(self) -> bool:
        """Whether this stands for a reference that is too small for anybody to be compared with it."""
        return self.group == self.reference and self.measure not in GROUP_METRICS

    def compute_limit_p_value(self, exact: bool) -> float:
        """Compute how unlikely a group at its limit would look like this; one-sided, 1 within the limit.

        exact: by an exact test of two rates, for few people; else by the interval: one less the highest level at which
        the whole of it is still beyond the limit, halved.
        """
        if not self.is_beyond:
            return 1.0
        if exact:
            return self._compute_exact_limit_p_value()
        return self._invert_interval(self.limit)

    def _compute_exact_limit_p_value(self) -> float:
        """Compute it for the rates; 1 for a metric that compares none, of which few people prove nothing."""
        if self.compared_rate is None:
            return 1.0
        (of_count, count), (of_n, n) = (column.tolist() for column in self.compared_rate.count_cases(self.people))
        ratio = self.measure == ADVERSE_IMPACT_RATIO
        if (at_least := self.limit.at_least) is not None and self.value < at_least:
            return compute_limit_p_value(count, n, of_count, of_n, at_least, ratio, "lower")
        return compute_limit_p_value(count, n, of_count, of_n, self.limit.at_most or 0.0, ratio, "upper")

    def compute_parity_p_value(self) -> float:
        """Compute how unlikely equal treatment would look like this, on the side of the limit; 1 if there is no value.

        Fisher's exact test where two rates are compared; else the interval, whose parity is 0. A figure of the group by
        itself has none, except `calibration`: 1 for the others.
        """
        if not self.has_value or (self.measure in GROUP_METRICS and self.measure != "calibration"):
            return 1.0
        if self.compared_rate is not None:
            (of_count, count), (of_n, n) = self.compared_rate.count_cases(self.people)
            return float(compute_parity_p_value(count, n, of_count, of_n, self.limit.tail))
        ends = [
            Limit(source="parity", **{end: 0.0})
            for end, value in (("at_least", self.limit.at_least), ("at_most", self.limit.at_most))
            if value is not None
        ]
        return min(1.0, len(ends) * min(map(self._invert_interval, ends)))

    def _invert_interval(self, limit: Limit) -> float:
        def is_beyond(level: float) -> bool:
            metric = METRICS[self.measure](self.people, self.scores, level)
            return limit.is_broken_by(float(metric.low[1]), float(metric.high[1]))

        return invert_interval(is_beyond)


def list_judged_keys(counts: PeopleCounts, policy: FairnessPolicy, rules: VerdictRules) -> list[AttributeKey]:
    """List the keys that the verdict rests on: primary attributes and, where a policy gates them, pairs of these.

    Raises CreditError for a primary attribute that is not protected.
    """
    names = [name for (name,) in counts.attributes]
    raise_if_any(find_primary_problems(names, rules))
    primary = names if rules.primary is None else rules.primary
    keys = [*counts.attributes, *(counts.pairs if policy.gates == "pairs" else [])]
    return [key for key in keys if set(key) <= set(primary)]


def find_primary_problems(protected: Collection[str], rules: VerdictRules) -> list[Problem]:
    """Find each primary attribute that is none of the protected columns."""
    where, expected = "params.yaml: fairness.rules.primary", f"one of {', '.join(protected)}"
    return [Problem(where, repr(name), expected) for name in rules.primary or () if name not in protected]


def list_judged_groups(counts: PeopleCounts, policy: FairnessPolicy, rules: VerdictRules) -> dict[str, list[str]]:
    """List the groups that get a verdict, by attribute or pair of attributes: all but the reference and undisclosed.

    The reference is one of them where it is too small for anybody to be compared with it: that is a finding too.
    """
    judged: dict[str, list[str]] = {}
    for key in list_judged_keys(counts, policy, rules):
        compared = _compare_cells(counts, key, policy.gated_limits, rules)
        judged[PAIR_SEPARATOR.join(key)] = list(dict.fromkeys(item.group for item in compared))
    return judged


def compare_groups(
    counts: PeopleCounts, keys: Sequence[AttributeKey], policy: FairnessPolicy, rules: VerdictRules
) -> list[Comparison]:
    """Compare every group of each attribute, or cell of each pair, with every limit of the policy.

    People who do not disclose are no group: their share is judged. A reference that is too small is compared with
    itself, which no limit can be held against: it is a finding.
    """
    return [item for key in keys for item in _compare_cells(counts, key, policy.limits, rules)]


def _compare_cells(
    counts: PeopleCounts, key: AttributeKey, limits: Mapping[str, Limit], rules: VerdictRules
) -> Iterator[Comparison]:
    people, scores = counts.flatten_cells(key)
    names = counts.list_groups(key)
    undisclosed = compute_undisclosed_share(counts, key)
    for measure, limit in limits.items():
        metric = METRICS[measure](people, scores, rules.level)
        few = limit.gated and metric.n[0] < rules.smallest_denominator
        first = 0 if measure in GROUP_METRICS or few else 1
        for cell in range(first, len(names)):
            if UNDISCLOSED in names[cell].split(PAIR_SEPARATOR):
                continue
            yield Comparison(
                attribute=PAIR_SEPARATOR.join(key),
                reference=names[0],
                group=names[cell],
                measure=measure,
                limit=limit,
                level=rules.level,
                people=people[[0, cell]],
                scores=scores[[0, cell]],
                value=float(metric.value[cell]),
                low=float(metric.low[cell]),
                high=float(metric.high[cell]),
                n=int(metric.n[cell]),
                reference_n=int(metric.n[cell if measure in GROUP_METRICS else 0]),
                undisclosed=undisclosed,
                labels=counts.labels,
            )
