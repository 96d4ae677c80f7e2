"""The seed band and the other pairs of seeds: how often noise is accused, and how often a cause is missed."""

from statistics import stdev

import numpy as np
import pytest

from release.blame.judging import Ruler, is_moved_again
from release.blame.reseeding import OTHER_PAIRS
from release.compare.seed_band import Spread
from release.compare.sides import Sides

FIGURES = 4


def count_accused(reseeds: int, cause: float, trials: int) -> int:
    """Count the figures that are blamed of pairs of builds: the seeds move them by 1, a cause by `cause`."""
    rng = np.random.default_rng(7)
    goods = rng.normal(size=(trials, reseeds + 1))
    bads = rng.normal(size=(trials, OTHER_PAIRS + 1)) + cause
    accused = 0
    for good, bad in zip(goods.tolist(), bads.tolist(), strict=True):
        spread = Spread(stdev(good), len(good), "seeds")
        ruler = Ruler("roc_auc", Sides(good[0], bad[0]), [spread, spread], FIGURES)
        moves = [after - before for before, after in zip(good[1:], bad[1:], strict=False)]
        accused += ruler.is_beyond(ruler.move) and is_moved_again(ruler, moves)
    return accused


@pytest.mark.parametrize(("reseeds", "most"), [(4, 13), (9, 2)])
def test_what_the_seeds_alone_move_is_seldom_accused(reseeds: int, most: int) -> None:
    """As often as the docstring says of 10,000 questions of four figures, within 5 standard deviations."""
    trials = 40_000
    expected = most / 10_000 / FIGURES * trials
    assert count_accused(reseeds, 0.0, trials) <= expected + 5 * expected**0.5


def test_a_cause_that_is_large_beside_the_seeds_is_found() -> None:
    assert count_accused(9, 10.0, 1000) > 980
    assert 0 < count_accused(9, 4.0, 1000) < 500


def test_other_pairs_that_lack_the_figure_or_move_it_the_other_way_confirm_nothing() -> None:
    spread = Spread(0.01, 9, "seeds")
    ruler = Ruler("roc_auc", Sides(0.8, 0.7), [spread, spread], 1)
    assert is_moved_again(ruler, [-0.1, -0.08])
    assert not is_moved_again(ruler, [])
    assert not is_moved_again(ruler, [0.1, 0.08])
    assert not is_moved_again(ruler, [-0.1, 0.08])
