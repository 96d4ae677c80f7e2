"""The figures of points: the worth of decisions, and the group that fares worst by each limit of the policy."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.levels import UNDISCLOSED
from credit.evaluation.intervals import compute_roc_auc
from credit.evaluation.metrics import UnitValues
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import PeopleCounts, count_people, encode_number
from credit.fairness.group_comparison import list_judged_keys
from credit.fairness.inputs import Groups, encode_groups, list_attribute_groups
from credit.fairness.metrics import GROUP_METRICS, METRICS
from credit.fairness.policies import FairnessPolicy, Limit, VerdictRules
from credit.reports.alternatives import GatedFigure, PointFigures
from credit.reports.figures import ADVERSE_IMPACT_RATIO, PAIR_SEPARATOR, group_key
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


class GroupFigure(NamedTuple):
    """One metric of one group, named as `race: Black`, and its interval."""

    name: str
    value: float
    low: float
    high: float

    def rank_low(self) -> tuple[float, float]:
        """Rank it where low figures are bad: the lowest is surely so."""
        return self.high, self.value

    def rank_high(self) -> tuple[float, float]:
        """Rank it where high figures are bad: the lowest rank has the figure that is surely high."""
        return -self.low, -self.value

    def encode_interval(self) -> tuple[float | None, float | None]:
        """Encode the interval as a report holds it: None for an end that is no number."""
        return encode_number(self.low), encode_number(self.high)


def measure_points(points: Sequence[DecidedPeople], counts: Sequence[PeopleCounts], gates: Gates) -> list[PointFigures]:
    """Measure ways to decide, each as the mean of its partitions; `counts`: of the people of each."""
    worst = find_worst_groups(counts, gates)
    return [_describe_point(decided, *of, gates.values) for decided, of in zip(points, worst, strict=True)]


def _describe_point(
    decided: DecidedPeople, ratio: GroupFigure | None, gated: tuple[GatedFigure, ...], values: UnitValues
) -> PointFigures:
    y, stacked = decided.people.favourable, np.stack(decided.decisions)
    known = [auc for auc in decided.aucs if auc is not None]
    return PointFigures(
        roc_auc=float(np.mean(known)) if len(known) == len(decided.aucs) else None,
        approval_rate=float((stacked == APPROVE).mean()),
        referral_rate=float((stacked == REFER).mean()),
        expected_value=float(np.mean([compute_worth(y, one, values) for one in decided.decisions])),
        accuracy=float(((stacked == APPROVE) == y).mean()),
        adverse_impact_ratio=ratio.value if ratio else None,
        adverse_impact_ratio_interval=ratio.encode_interval() if ratio else None,
        group=ratio.name if ratio else None,
        gated=gated,
    )


def compute_worth(y: NDArray[np.bool_], decisions: Decisions, values: UnitValues) -> float:
    """Compute the mean value of decisions, shape (n,)."""
    return float(values.compute_decision_values(y, np.asarray(DECISION_KINDS)[decisions]).mean())


def find_worst_groups(
    counts: Sequence[PeopleCounts], gates: Gates
) -> list[tuple[GroupFigure | None, tuple[GatedFigure, ...]]]:
    """Find of each table of the same people the group that fares worst: by its adverse impact ratio, None where no
    group is large enough, and by each limit of the policy.

    Groups are ranked by the end of the interval that is nearer to the limit's inside: a group of 13 people, whose
    interval reaches far inside, is the worst only where no other is surely worse. Undisclosed people are no group here.
    """
    limits = {name: limit for name, limit in gates.policy.limits.items() if limit.gated}
    figures = {name: _list_figures(counts, name, gates) for name in {ADVERSE_IMPACT_RATIO: None, **limits}}
    found = []
    for place in range(len(counts)):
        gated = []
        for measure, limit in limits.items():
            own = figures[measure][place]
            if own and limit.at_least is not None:
                gated.append(_describe_figure(measure, min(own, key=GroupFigure.rank_low), limit, limit.at_least))
            if own and limit.at_most is not None:
                gated.append(_describe_figure(measure, min(own, key=GroupFigure.rank_high), limit, limit.at_most))
        ratio = min(figures[ADVERSE_IMPACT_RATIO][place], key=GroupFigure.rank_low, default=None)
        found.append((ratio, tuple(gated)))
    return found


def _list_figures(counts: Sequence[PeopleCounts], measure: str, gates: Gates) -> list[list[GroupFigure]]:
    """List for each table the figures of every group that is large enough, as its reference is, and has a figure."""
    first, least = counts[0], gates.rules.smallest_denominator
    listed: list[list[GroupFigure]] = [[] for _ in counts]
    for key in list_judged_keys(first, gates.policy, gates.rules):
        tables = [one.flatten_cells(key) for one in counts]
        people, scores = (np.stack(parts, axis=1) for parts in zip(*tables, strict=True))
        value, low, high, n = METRICS[measure](people, scores, gates.rules.level)
        is_shown = (n >= least) & np.isfinite(value)
        if measure not in GROUP_METRICS:
            is_shown &= n[0] >= least
        for cell, group in enumerate(first.list_groups(key)):
            if UNDISCLOSED in group.split(PAIR_SEPARATOR):
                continue
            name = group_key(PAIR_SEPARATOR.join(key), group)
            columns = (column[cell].tolist() for column in (value, low, high, is_shown))
            for listing, (*figure, shown) in zip(listed, zip(*columns, strict=True), strict=True):
                if shown:
                    listing.append(GroupFigure(name, *figure))
    return listed


def _describe_figure(measure: str, worst: GroupFigure, limit: Limit, bound: float) -> GatedFigure:
    return GatedFigure(
        measure=measure,
        group=worst.name,
        value=worst.value,
        interval=worst.encode_interval(),
        headroom=compute_headroom(measure, worst.value, bound),
        within=limit.is_kept_by(worst.value, worst.value),
    )


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
