"""Weigh the two arms of a split: evidence that one approves more people than the other, valid at any time.

Of each person the gain is Z = (A - share) * (Y - m) / max(share, 1 - share): A is 1 in the challenger's arm, Y is 1
where the person was approved, m the share of people approved before. Chance deals the arms, whoever the person is, so
that where both approve a person as likely Z is 0 on average given the past, whatever groups come and however their
approvals drift. A stake that is multiplied by 1 + bet * Z does not grow on average then; that the mean over a grid of
bets ever exceeds 1/alpha has a chance of at most alpha (Ville), and so for bets on -Z.

Sources: Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences (2021),
for gains from an arm that chance deals and a prediction by the past; Lindon and Malek, Anytime-valid inference for
multinomial count data (2022), for watching the deal.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.evidence import Evidence, Floats

SIDES = 2
"""More and fewer: evidence of its own each, of which the alpha has its half."""


LATE_SECONDS = 10.0
"""For so long an application may be on its way to its decision while others who came later are decided."""

_LARGEST = 700.0
"""The logarithm of evidence that a float can still hold."""


class Arm(NamedTuple):
    """The people of an arm."""

    people: int
    approved: int

    @property
    def share(self) -> float | None:
        """The share of its people who are approved; None without people."""
        return self.approved / self.people if self.people else None


class Arms(NamedTuple):
    """Both arms, and the highest that the evidence ever was that the challenger approves more people, or fewer."""

    champion: Arm
    challenger: Arm
    more: float
    fewer: float

    @property
    def people(self) -> int:
        """The people of both arms."""
        return self.champion.people + self.challenger.people


class Deal(NamedTuple):
    """How many people were dealt to the challenger, and the highest evidence that it is not the planned share."""

    people: int
    challengers: int
    evidence: float


def weigh_arms(is_challengers: NDArray[np.bool_], approved: NDArray[np.bool_], share: float) -> Arms:
    """Weigh people in the order of the log, shape (n,) each. `share`: that is dealt to the challenger."""
    before = np.arange(len(approved))
    expected = (np.cumsum(approved) - approved + 1) / (before + 2)
    gains = _scale_arm(is_challengers, share) * (approved - expected)
    arms = [Arm(int(arm.sum()), int((arm & approved).sum())) for arm in (~is_challengers, is_challengers)]
    return Arms(arms[0], arms[1], find_peak(gains), find_peak(-gains))


def weigh_deal(is_challengers: NDArray[np.bool_], moments: Floats, share: float) -> Deal:
    """Weigh whether the challenger got its share of the people, neither more nor fewer.

    `moments`: at which they were decided, in seconds, none before the one before it. After n people, k of them the
    challenger's, the evidence is that of all shares alike against the planned one, B(1 + k, 1 + n - k) / (share^k
    (1 - share)^(n - k)), a martingale where people come as they were dealt. In the log they stand as they were decided,
    and a service decides those of an arm together: so many as were decided within the last `LATE_SECONDS` may stand
    before some who came earlier, and k counts as that much nearer to the planned number.
    """
    from scipy.special import betaln  # a tenth of a second, which only a split needs

    number, dealt = np.arange(1, len(is_challengers) + 1), np.cumsum(is_challengers)
    late = number - np.searchsorted(moments, moments - LATE_SECONDS)
    beyond = dealt - share * number
    nearer = share * number + np.sign(beyond) * np.maximum(np.abs(beyond) - late, 0)
    others = number - nearer
    evidence = betaln(1 + nearer, 1 + others) - nearer * np.log(share) - others * np.log1p(-share)
    peak = float(np.exp(min(evidence.max(initial=0.0), _LARGEST)))
    return Deal(len(is_challengers), int(is_challengers.sum()), peak)


def find_peak(gains: Floats) -> float:
    """Find the highest that the evidence of bets on gains ever was, 1 at its begin."""
    evidence = Evidence(1.0, daily=1.0)
    evidence.bet(gains, np.zeros(len(gains), np.int64))
    return max(evidence.peak, 1.0)


def _scale_arm(is_challengers: NDArray[np.bool_], share: float) -> Floats:
    """Scale the arm into [-1, 1], with an average of 0."""
    return (is_challengers.astype(np.float64) - share) / max(share, 1 - share)
