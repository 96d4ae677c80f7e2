"""The search itself: every variant at every threshold, the choice among them, and its report."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from credit.alternatives.choice import Found, choose_points, confirm_choice, find_frontier, rank_within_limits
from credit.alternatives.models import Scores
from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.points import Decisions, Gates, JudgedPeople, count_judged
from credit.alternatives.sweep import MeasuredPoint, measure_decisions, measure_sweep, sweep_thresholds
from credit.alternatives.variants import Blend, Variant
from credit.alternatives.wording import describe_search, format_command
from credit.engine.mapping import run_tasks
from credit.fairness.findings import judge_fairness
from credit.fairness.inputs import encode_decisions
from credit.reports.alternatives import (
    AlternativesReport,
    Mark,
    Point,
    PointFigures,
    PointSettings,
    SearchedFamily,
)
from credit.reports.figures import GroupLabels
from credit.reports.predictions import PredictionsReport


class SearchedPoint(NamedTuple):
    """One way to decide, and what it was measured to be."""

    settings: PointSettings
    measured: MeasuredPoint


MOST_JUDGED = 20
"""Points that are judged to find one that is not blocked; each takes as long as the stage `fairness`."""

Rejudge = Callable[[int], float]
"""The share of the partitions in which the gates block the point at a place."""


class SearchedPeople(NamedTuple):
    """Who is decided about, and by what that is judged. half: whether each person is of the first half, shape (n,)."""

    people: JudgedPeople
    half: NDArray[np.bool_]
    gates: Gates

    def measure(self, scores: Scores, decisions: NDArray[np.str_]) -> MeasuredPoint:
        """Measure a candidate as trained: scores and decisions, shape (n,) each."""
        return measure_decisions(self.people, self.half, [scores], [encode_decisions(decisions)], self.gates)

    def judge(self, name: str, scores: Sequence[Scores], decisions: Sequence[Decisions]) -> float:
        """Judge decisions of each partition; return the share of them that the gates of equal treatment block."""
        policy, rules, _ = self.gates
        blocked = [
            judge_fairness(count_judged(self.people, *one, policy), policy, rules, name, {}, date.today()).blocks
            for one in zip(scores, decisions, strict=True)
        ]
        return float(np.mean(blocked))


def measure_points(
    searched: SearchedPeople,
    variants: Sequence[Variant | Blend],
    scores: Sequence[Sequence[Scores]],
    shares: Sequence[float],
    budget: float,
) -> list[SearchedPoint]:
    """Measure every variant, by its scores in each partition, at the threshold of every share."""
    measured = run_tasks(
        [delayed(measure_sweep)(*searched[:2], one, shares, budget, searched.gates) for one in scores],
        "find_alternatives",
    )
    return [
        SearchedPoint(
            PointSettings(candidate=one.candidate, hyperparameters=one.settings, approval_share=share, mark=None), point
        )
        for one, points in zip(variants, measured, strict=True)
        for share, point in zip(shares, points, strict=True)
    ]


def decide_at(scores: Sequence[Scores], share: float, budget: float) -> list[Decisions]:
    """Decide in each partition so that a share of the people is approved; shape (n,) each."""
    return [encode_decisions(next(sweep_thresholds(one, [share], budget))[1]) for one in scores]


def list_trained(as_trained: Mapping[str, MeasuredPoint], champion: str) -> list[SearchedPoint]:
    """List the candidates as trained: marked `champion`, or `candidate`."""
    return [
        SearchedPoint(
            PointSettings(
                candidate=name,
                hyperparameters={},
                approval_share=None,
                mark="champion" if name == champion else "candidate",
            ),
            measured,
        )
        for name, measured in as_trained.items()
    ]


def count_families(points: Sequence[SearchedPoint]) -> dict[str, SearchedFamily]:
    """Count the models and points of each kind."""
    families: dict[str, list[str]] = {}
    for one in points:
        families.setdefault(one.settings.candidate, []).append(str(one.settings.hyperparameters))
    return {name: SearchedFamily(models=len(set(of)), points=len(of)) for name, of in families.items()}


def build_report(
    params: FindAlternativesParams,
    predicted: PredictionsReport,
    partitions: int,
    trained: Sequence[SearchedPoint],
    others: Sequence[SearchedPoint],
    rejudge: Rejudge,
    labels: GroupLabels,
) -> AlternativesReport:
    """Report the search: its finding in words, and every point, the candidates as trained first.

    `rejudge` is asked about the points with a mark; `labels` name groups whose names are codes.
    """
    searched = [*trained, *others]
    rejudge, figures = cache(rejudge), [one.measured.whole for one in searched]
    found = prefer_unblocked(choose_points(figures, len(trained), params), figures, params, rejudge)
    points = _mark_points(params, searched, found, rejudge)
    marked = {mark: points[place] for mark, place in found.marks.items()}
    confirmed = confirm_choice([one.measured for one in searched], len(trained), params)
    families = count_families(others)
    candidates = [one.settings.candidate for one in trained]
    commands = [format_command(point, candidates) for point in marked.values()]
    return AlternativesReport(
        predictions=predicted.predictions,
        rows=predicted.rows,
        metric=params.metric,
        tolerated_loss=params.tolerated_loss,
        partitions=partitions,
        reads_protected=params.read_protected,
        searched=families,
        confirmed=confirmed,
        finding=describe_search(points[found.baseline], marked, confirmed, families, params, labels),
        command=next((one for one in commands if one), None),
        points=tuple(points),
    )


def prefer_unblocked(
    found: Found, points: Sequence[PointFigures], params: FindAlternativesParams, rejudge: Rejudge
) -> Found:
    """Prefer, of the points within every limit, the best one that the gates block in fewer than half of the partitions.

    A figure that is just within its limit by the mean is beyond it in many partitions. Of the best `MOST_JUDGED`
    points; where the gates mostly block each of them, the best stays.
    """
    if found.within_limits is None:
        return found
    ranked = rank_within_limits(points, params.metric)[:MOST_JUDGED]
    best = next((place for place in ranked if rejudge(place) < 0.5), found.within_limits)
    return found._replace(within_limits=None if best == found.baseline else best)


def _mark_points(
    params: FindAlternativesParams, searched: Sequence[SearchedPoint], found: Found, rejudge: Rejudge
) -> list[Point]:
    places: dict[int, Mark] = {place: mark for mark, place in found.marks.items()}
    frontier = find_frontier([one.measured.whole for one in searched], params.metric)
    points = []
    for place, one in enumerate(searched):
        mark = one.settings.mark or places.get(place)
        points.append(
            Point(
                **dict(one.settings) | {"mark": mark},
                **dict(one.measured.whole),
                on_frontier=frontier[place],
                blocked=rejudge(place) if mark else None,
            )
        )
    return points
