"""The evidence beside `ville`, a library of anytime-valid tests: the same where both bet alike, and as quick."""

import numpy as np
import pytest
from decided_streams import simulate_rows
from ville import BettingTest

from watch.evidence import BETS, DecidedRows, Evidence, Floats, Pairing

LIMIT = 0.8


def compute_shortfalls(rows: DecidedRows) -> Floats:
    comparisons = Pairing().pair(rows, 1)
    return LIMIT * comparisons.reference - comparisons.member


def bet_at_once(shortfalls: Floats) -> Floats:
    """Bet with one stake that is there from the first comparison on."""
    return Evidence(LIMIT, 1.0).bet(shortfalls, np.zeros(len(shortfalls), np.int64))


def test_with_the_same_bets_it_is_the_same_number_at_every_moment() -> None:
    """A level this small makes ville's own bet so large that its cap decides, which is one of the grid in turn."""
    shortfalls = compute_shortfalls(simulate_rows(np.random.default_rng(1), [0.6] * 12))[:200]
    by_bet = [
        BettingTest(0.0, bounds=(-1, 1), alternative="less", alpha=1e-300, c=bet).fit(-shortfalls).e_values_
        for bet in BETS
    ]
    assert bet_at_once(shortfalls) == pytest.approx(np.mean(by_bet, axis=0), rel=1e-9)


@pytest.mark.parametrize("ratio", [0.7, 0.6])
def test_it_finds_unequal_treatment_about_as_soon(ratio: float) -> None:
    """Median comparisons until alpha 1%, on the same people: ville chooses its bet as it goes, the grid is fixed."""
    rng = np.random.default_rng(2)
    ours, theirs = [], []
    for _ in range(60):
        shortfalls = compute_shortfalls(simulate_rows(rng, [ratio] * 150, regular=True))
        above = np.flatnonzero(bet_at_once(shortfalls) >= 100)
        ours.append(above[0] + 1 if len(above) else np.inf)
        test = BettingTest(0.0, bounds=(-1, 1), alternative="less", alpha=0.01).fit(-shortfalls)
        theirs.append(test.stopping_time() or np.inf)
    assert np.median(ours) < 1.15 * np.median(theirs)
    assert np.isfinite(np.median(ours))
