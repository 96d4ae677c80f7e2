"""Judge one figure: its move beside the band of the seeds, and the part of each factor."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

from release.blame.answer.content import FactorPart, FigureBlame, TogetherPart, Verdict
from release.blame.hybrids.factors import LIBRARIES
from release.blame.hybrids.figures import describe_figure
from release.blame.hybrids.workshop import Outcome
from release.blame.joining import Measured
from release.blame.shapley import Interaction, Share, divide_move, find_interactions
from release.compare.seed_band import Spread, compute_band
from release.compare.sides import Sides

ROUNDING = 1.5e-4
"""The reports have four digits: a difference of two figures is known up to one unit of the last, and a half."""


class Ruler:
    """A figure of both versions and its seed band, against which moves are measured."""

    def __init__(self, name: str, values: Sides[float], spreads: Sequence[Spread], figures: int) -> None:
        self.name, self.values, self.spreads = name, values, spreads
        self.move = values.head - values.base
        self.band = max(compute_band(spreads, figures), ROUNDING)

    def is_beyond(self, change: float) -> bool:
        """Tell whether a change is larger than what the seeds do."""
        return abs(change) > self.band

    @property
    def severity(self) -> float:
        """How many bands the figure moved."""
        return abs(self.move) / self.band

    def answer(
        self,
        verdict: Verdict,
        parts: Sequence[Share] = (),
        together: Sequence[Interaction] = (),
        explained: float = 0.0,
    ) -> FigureBlame:
        """Fill the answer about this figure."""
        return FigureBlame(
            figure=self.name,
            words=describe_figure(self.name),
            good=self.values.base,
            bad=self.values.head,
            move=self.move,
            band=self.band,
            band_source="; ".join(dict.fromkeys(one.source for one in self.spreads)),
            verdict=verdict,
            parts=tuple(FactorPart(**one._asdict(), beyond_noise=self.is_beyond(one.value)) for one in parts),
            together=tuple(TogetherPart(factors=one.factors, value=one.value) for one in together),
            explained=explained,
            remainder=self.move - explained,
        )


def judge_parts(ruler: Ruler, measured: Measured, candidate: str | None) -> FigureBlame:
    """Divide the move of a figure among the factors."""
    names = [one.name for one in measured.factors]
    values = {key: one.figures.get_value(ruler.name, candidate) for key, one in measured.outcomes.items()}
    known = {key: value for key, value in values.items() if value is not None}
    if len(known) < len(values):  # as a candidate that only some of the hybrids have
        return ruler.answer("inconclusive")
    parts = [*_find_libraries_part(ruler, known[frozenset()]), *divide_move(names, known)]
    together = [one for one in find_interactions(names, known) if ruler.is_beyond(one.value)]
    explained = known[frozenset(names)] - ruler.values.base
    found = together or any(ruler.is_beyond(one.value) for one in parts)
    whole = not ruler.is_beyond(ruler.move - explained)
    return ruler.answer("attributed" if found and whole else "inconclusive", parts, together, explained)


def is_moved_again(ruler: Ruler, moves: Sequence[float]) -> bool:
    """Tell whether other pairs of seeds move a figure the same way: their mean, whose band is the narrower.

    A move that one pair of seeds made by chance is seldom made by others. Where the seeds move figures as a normal
    distribution does, of 10,000 pairs of builds that differ in seeds only, 2 pass the band and this with nine runs
    with other seeds, 13 with four (four figures each).
    """
    again = fmean(moves) if moves else 0.0
    return again * ruler.move > 0 and abs(again) > ruler.band / sqrt(len(moves))


def _find_libraries_part(ruler: Ruler, start: float) -> list[Share]:
    """Find what the libraries installed here make of the good version; nothing where it comes out as it was."""
    moved = start - ruler.values.base
    return [Share(LIBRARIES, moved, moved, moved, moved)] if moved else []


def is_made_again(ruler: Ruler, remade: Outcome, candidate: str | None) -> bool:
    """Tell whether the bad version, made again, has its own figure, but for what the seeds do."""
    value = remade.figures.get_value(ruler.name, candidate)
    return value is not None and not ruler.is_beyond(value - ruler.values.head)
