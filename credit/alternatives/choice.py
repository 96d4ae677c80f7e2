"""The choice among points: the frontier of quality and every gate, and two points that stand out on it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.points import compute_parity
from credit.alternatives.sweep import MeasuredPoint
from credit.reports.alternatives import Confirmation, Mark, PointFigures, QualityFigure


def find_frontier(points: Sequence[PointFigures], metric: QualityFigure) -> list[bool]:
    """Find the points that are on the frontier: no other is as good in all figures and better in one.

    The figures are the metric and the headroom of every limit; without a limit, the adverse impact ratio. Of equal
    points the first is enough. Points without a figure, or with fewer limits than others, are not on it.
    """
    figures = [_list_figures(one, metric) for one in points]
    width = max((len(one) for one in figures), default=0)
    rows = np.array([one if len(one) == width else [np.nan] * width for one in figures]).reshape(len(points), width)
    on = ~np.isnan(rows).any(1)
    places = np.flatnonzero(on)
    for place in places:
        others = rows[places]
        as_good = (others >= rows[place]).all(1)
        better = (others > rows[place]).any(1)
        equal_before = ~better & (places < place)
        on[place] = not (as_good & (better | equal_before)).any()
    return [bool(one) for one in on]


def _list_figures(point: PointFigures, metric: QualityFigure) -> list[float]:
    """List what a point is compared by; NaN for a figure that there is not."""
    quality, ratio = (
        np.nan if value is None else value for value in (point.get_value(metric), point.adverse_impact_ratio)
    )
    return [quality, *([one.headroom for one in point.gated] or [ratio])]


def get_quality(point: PointFigures, metric: QualityFigure) -> float:
    """Return a point's quality; a point without the figure is worse than any with it."""
    value = point.get_value(metric)
    return -np.inf if value is None else value


def get_closeness(point: PointFigures) -> float | None:
    """Return how near the worst group is to parity, 1: by the limit that leaves least room, without one by the ratio.

    None where no group is large enough. Where every group fares better than its reference, a higher ratio would only
    treat people less alike.
    """
    if point.headroom is not None:
        return point.headroom
    return None if point.adverse_impact_ratio is None else compute_parity(point.adverse_impact_ratio)


def find_baseline(trained: Sequence[PointFigures], metric: QualityFigure) -> int:
    """Find the place of the best candidate as trained, the first of equals."""
    return max(range(len(trained)), key=lambda place: get_quality(trained[place], metric))


def find_fairest(points: Sequence[PointFigures], baseline: PointFigures, params: FindAlternativesParams) -> int | None:
    """Find the place of the point nearest to parity within the tolerated loss; None where none beats `baseline`."""
    least = get_closeness(baseline)
    if least is None:
        return None
    worst = get_quality(baseline, params.metric) - params.tolerated_loss - 1e-12
    enough = [
        (closeness, quality, -place)
        for place, one in enumerate(points)
        if (closeness := get_closeness(one)) is not None
        and closeness > least
        and (quality := get_quality(one, params.metric)) >= worst
    ]
    return -max(enough)[2] if enough else None


def rank_within_limits(points: Sequence[PointFigures], metric: QualityFigure) -> list[int]:
    """Rank the places of the points whose figures are all within their limits, the best first."""
    within = [place for place, one in enumerate(points) if one.gated and all(figure.within for figure in one.gated)]
    return sorted(within, key=lambda place: (-get_quality(points[place], metric), place))


class Found(NamedTuple):
    """The places of the points that stand out; None: there is none, or it is the baseline itself."""

    baseline: int
    fairest: int | None
    within_limits: int | None

    @property
    def marks(self) -> dict[Mark, int]:
        """The places by their marks."""
        places: dict[Mark, int | None] = {"within_limits": self.within_limits, "alternative": self.fairest}
        return {mark: place for mark, place in places.items() if place is not None}


def choose_points(points: Sequence[PointFigures], trained: int, params: FindAlternativesParams) -> Found:
    """Choose among points, of which the first `trained` are the candidates as trained."""
    baseline = find_baseline(points[:trained], params.metric)
    best = next(iter(rank_within_limits(points, params.metric)), None)
    return Found(baseline, find_fairest(points, points[baseline], params), None if best == baseline else best)


def confirm_choice(
    points: Sequence[MeasuredPoint], trained: int, params: FindAlternativesParams
) -> tuple[Confirmation, ...]:
    """Repeat the choice on one half of the people and measure it on the other half, both ways.

    What the figures lose from one half to the other is what the choice among many points flatters them by. A mark that
    is not found on either half has no confirmation.
    """
    measured: dict[Mark, list[tuple[PointFigures, PointFigures]]] = {}
    for here, there in ((0, 1), (1, 0)):
        found = choose_points([one.halves[here] for one in points], trained, params)
        for mark, place in found.marks.items():
            pair = points[place].halves[there], points[found.baseline].halves[there]
            measured.setdefault(mark, []).append(pair)
    return tuple(_average_halves(mark, pairs, params.metric) for mark, pairs in measured.items() if len(pairs) == 2)


def _average_halves(
    mark: Mark, pairs: Sequence[tuple[PointFigures, PointFigures]], metric: QualityFigure
) -> Confirmation:
    qualities, baselines = (np.mean([get_quality(pair[side], metric) for pair in pairs]) for side in (0, 1))
    return Confirmation(
        mark=mark,
        quality=float(qualities),
        loss=float(baselines - qualities),
        adverse_impact_ratio=_average([own.adverse_impact_ratio for own, _ in pairs]),
        headroom=_average([own.headroom for own, _ in pairs]),
        baseline_headroom=_average([other.headroom for _, other in pairs]),
    )


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
