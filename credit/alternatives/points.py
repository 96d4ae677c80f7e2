"""The figures of points: the worth of decisions, and the group that fares worst by each limit of the policy."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.evaluation.intervals import compute_roc_auc
from credit.evaluation.metrics import UnitValues
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import PeopleCounts, count_people, encode_number
from credit.fairness.group_comparison import Comparison, compare_groups, list_judged_keys
from credit.fairness.inputs import Groups, encode_groups, list_attribute_groups
from credit.fairness.policies import FairnessPolicy, Limit, VerdictRules
from credit.reports.alternatives import GatedFigure, PointFigures
from credit.reports.figures import ADVERSE_IMPACT_RATIO, group_key
from credit.scoring.policy import DECISION_KINDS

APPROVE, REFER, _ = range(len(DECISION_KINDS))

Decisions = NDArray[np.int64]
"""Indices into DECISION_KINDS."""


class Gates(NamedTuple):
    """What decisions are judged by."""

    policy: FairnessPolicy
    rules: VerdictRules
    values: UnitValues


class JudgedPeople(NamedTuple):
    """The people about whom points are measured; codes as for `count_people`."""

    groups: Groups
    codes: Mapping[str, NDArray[np.int8]]
    favourable: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_]) -> "JudgedPeople":
        """Take some of the people."""
        return JudgedPeople(self.groups, {name: of[rows] for name, of in self.codes.items()}, self.favourable[rows])


def read_people(contract: Contract, predictions: Predictions) -> JudgedPeople:
    """Encode the people of a candidate's predictions."""
    codes = encode_groups(contract, predictions.people)
    return JudgedPeople(list_attribute_groups(contract), codes, predictions.favourable)


def count_judged(
    people: JudgedPeople, scores: NDArray[np.float64], decisions: Decisions, policy: FairnessPolicy
) -> PeopleCounts:
    """Count people by each attribute that the policy judges; by pairs only where it gates those, which takes longer."""
    blocks = None if policy.gates == "pairs" else [(name,) for name in people.groups]
    return count_people(people.groups, people.codes, people.favourable, scores, decisions, blocks)


def average_counts(counts: Sequence[PeopleCounts]) -> PeopleCounts:
    """Average the tables of the same people in several partitions: mean rates, of as many people as there are."""
    first = counts[0]
    people = {key: np.mean([one.people[key] for one in counts], axis=0) for key in first.people}
    scores = {key: np.mean([one.scores[key] for one in counts], axis=0) for key in first.scores}
    return PeopleCounts(first.groups, people, scores)


def measure_auc(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    """Measure the AUC, which no threshold changes; None where only one class has scores. Inputs: shape (n,) each."""
    known = np.isfinite(scores)
    return compute_roc_auc(y[known], scores[known]) if len(set(y[known])) == 2 else None


class DecidedPeople(NamedTuple):
    """People with one way to decide about them: scores and decisions, shape (n,), and AUC of each partition."""

    people: JudgedPeople
    scores: Sequence[NDArray[np.float64]]
    decisions: Sequence[Decisions]
    aucs: Sequence[float | None]

    def tabulate(self, policy: FairnessPolicy) -> PeopleCounts:
        """Count them, as the mean of the partitions."""
        pairs = zip(self.scores, self.decisions, strict=True)
        return average_counts([count_judged(self.people, *one, policy) for one in pairs])


def measure_point(decided: DecidedPeople, counts: PeopleCounts, gates: Gates) -> PointFigures:
    """Measure one way to decide, as the mean of its partitions; `counts`: of the people."""
    y, stacked = decided.people.favourable, np.stack(decided.decisions)
    known = [auc for auc in decided.aucs if auc is not None]
    ratio, gated = find_worst_groups(counts, gates)
    return PointFigures(
        roc_auc=float(np.mean(known)) if len(known) == len(decided.aucs) else None,
        approval_rate=float((stacked == APPROVE).mean()),
        referral_rate=float((stacked == REFER).mean()),
        expected_value=float(np.mean([compute_worth(y, one, gates.values) for one in decided.decisions])),
        accuracy=float(((stacked == APPROVE) == y).mean()),
        adverse_impact_ratio=ratio.value if ratio else None,
        adverse_impact_ratio_interval=_encode_interval(ratio) if ratio else None,
        group=group_key(ratio.attribute, ratio.group) if ratio else None,
        gated=gated,
    )


def compute_worth(y: NDArray[np.bool_], decisions: Decisions, values: UnitValues) -> float:
    """Compute the mean value of decisions, shape (n,)."""
    return float(values.compute_decision_values(y, np.asarray(DECISION_KINDS)[decisions]).mean())


def find_worst_groups(counts: PeopleCounts, gates: Gates) -> tuple[Comparison | None, tuple[GatedFigure, ...]]:
    """Find the group that fares worst: by its adverse impact ratio, None where no group is large enough, and by each
    limit of the policy.

    Groups are ranked by the end of the interval that is nearer to the limit's inside: a group of 13 people, whose
    interval reaches far inside, is the worst only where no other is surely worse. Undisclosed people are no group here.
    """
    limits = {name: limit for name, limit in gates.policy.limits.items() if limit.gated}
    compared = limits | {ADVERSE_IMPACT_RATIO: limits.get(ADVERSE_IMPACT_RATIO, _UNGATED)}
    policy = gates.policy.model_copy(update={"limits": compared})
    least = gates.rules.smallest_denominator
    found = [
        item
        for item in compare_groups(counts, list_judged_keys(counts, gates.policy, gates.rules), policy, gates.rules)
        if min(item.n, item.reference_n) >= least and np.isfinite(item.value)
    ]
    ratio = min((one for one in found if one.measure == ADVERSE_IMPACT_RATIO), key=_rank_low, default=None)
    gated = []
    for measure, limit in limits.items():
        own = [one for one in found if one.measure == measure]
        if own and limit.at_least is not None:
            gated.append(_describe_figure(min(own, key=_rank_low), limit.at_least))
        if own and limit.at_most is not None:
            gated.append(_describe_figure(min(own, key=_rank_high), limit.at_most))
    return ratio, tuple(gated)


_UNGATED = Limit(warn_below=0.0, source="compared, not judged")


def _rank_low(item: Comparison) -> tuple[float, float]:
    return item.high, item.value


def _rank_high(item: Comparison) -> tuple[float, float]:
    return -item.low, -item.value


def _describe_figure(item: Comparison, limit: float) -> GatedFigure:
    return GatedFigure(
        measure=item.measure,
        group=group_key(item.attribute, item.group),
        value=item.value,
        interval=_encode_interval(item),
        headroom=compute_headroom(item.measure, item.value, limit),
        within=item.limit.is_kept_by(item.value, item.value),
    )


def _encode_interval(item: Comparison) -> tuple[float | None, float | None]:
    return encode_number(item.low), encode_number(item.high)


def compute_headroom(measure: str, value: float, limit: float) -> float:
    """Compute how far a figure is from its limit on the way to parity: 1 parity, 0 at the limit, below 0 beyond.

    On either side: a ratio of 1.25 is as far from parity as one of 0.8, a gap of 0.1 as one of -0.1. So limits of
    different metrics can be compared.
    """
    if measure == ADVERSE_IMPACT_RATIO:
        nearest = compute_parity(limit)
        return (compute_parity(value) - nearest) / (1 - nearest) if nearest < 1 else value - limit
    return 1 - abs(value) / abs(limit) if limit else -abs(value)


def compute_parity(ratio: float) -> float:
    """Compute how near a ratio is to parity: 1 parity, 0 nobody of one group. 1.25 is as far as 0.8."""
    return min(ratio, 1 / ratio) if ratio else 0.0
