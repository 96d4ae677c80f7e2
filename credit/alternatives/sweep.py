"""The figures of scores at many thresholds, about all people and about each half of them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.alternatives.points import DecidedPeople, Decisions, Gates, JudgedPeople, measure_auc, measure_points
from credit.fairness.inputs import encode_decisions
from credit.reports.alternatives import PointFigures
from credit.scoring.policy import set_thresholds


def sweep_thresholds(
    scores: NDArray[np.float64], shares: Sequence[float], budget: float
) -> Iterator[tuple[float, NDArray[np.str_]]]:
    """Decide by `scores`, shape (n,), so that each share of the people is approved, and at most `budget` referred."""
    for share in shares:
        yield share, set_thresholds(scores, share, min(budget, 1 - share)).decide(scores)


class MeasuredPoint(NamedTuple):
    """The figures of one way to decide about all people, and about each half of them."""

    whole: PointFigures
    halves: tuple[PointFigures, PointFigures]


def measure_decisions(
    people: JudgedPeople,
    half: NDArray[np.bool_],
    scores: Sequence[NDArray[np.float64]],
    decisions: Sequence[Decisions],
    gates: Gates,
) -> MeasuredPoint:
    """Measure decisions about all people and about those in `half` and not, shape (n,); the others: one a partition."""
    (measured,) = _measure_parts(list(_split_people(people, half, scores)), [decisions], gates)
    return measured


def measure_sweep(
    people: JudgedPeople,
    half: NDArray[np.bool_],
    scores: Sequence[NDArray[np.float64]],
    shares: Sequence[float],
    budget: float,
    gates: Gates,
) -> list[MeasuredPoint]:
    """Measure scores, shape (n,) for each partition, at the threshold of each share of all people."""
    parts = list(_split_people(people, half, scores))
    swept = zip(*(sweep_thresholds(one, shares, budget) for one in scores), strict=True)
    points = [[encode_decisions(decisions) for _, decisions in of_share] for of_share in swept]
    return _measure_parts(parts, points, gates)


class _Part(NamedTuple):
    rows: NDArray[np.bool_]
    people: JudgedPeople
    scores: list[NDArray[np.float64]]
    aucs: list[float | None]


def _split_people(
    people: JudgedPeople, half: NDArray[np.bool_], scores: Sequence[NDArray[np.float64]]
) -> Iterator[_Part]:
    for rows in (np.ones_like(half), half, ~half):
        own = people.take(rows)
        of_rows = [one[rows] for one in scores]
        yield _Part(rows, own, of_rows, [measure_auc(own.favourable, one) for one in of_rows])


def _measure_parts(parts: Sequence[_Part], points: Sequence[Sequence[Decisions]], gates: Gates) -> list[MeasuredPoint]:
    """Measure ways to decide, each by its decisions in every partition, about everybody and each half of them."""
    decided, counts = [], []
    for decisions in points:
        everybody, first, second = (
            DecidedPeople(part.people, part.scores, [one[part.rows] for one in decisions], part.aucs) for part in parts
        )
        halves = first.tabulate(gates.policy), second.tabulate(gates.policy)
        decided += [everybody, first, second]
        counts += [halves[0] + halves[1], *halves]
    figures = measure_points(decided, counts, gates)
    return [MeasuredPoint(*of) for of in zip(figures[::3], zip(figures[1::3], figures[2::3], strict=True), strict=True)]
