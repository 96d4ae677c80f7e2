"""Compute how many applications a challenge takes until a difference of a given size is seen.

Shares are of all applicants: `discordant` of those whom the two decide differently, `difference` of those whom the
challenger approves more (or fewer) on balance, from 0 to `discordant`.
"""

import math
from statistics import NormalDist

from watch.challenge.flips import STAKE_SHARE
from watch.evidence import BETS

POWER = 0.9
"""How likely a difference is to be seen by then."""


def count_for_one_look(discordant: float, difference: float, alpha: float, power: float = POWER) -> int:
    """Count the pairs for McNemar's test at one moment that is fixed beforehand, two-sided.

    n = (z(1 - alpha/2) sqrt(discordant) + z(power) sqrt(discordant - difference^2))^2 / difference^2.
    Source: Connor, Sample size for testing differences in proportions for the paired-sample design, Biometrics 43
    (1987), 207-211.
    """
    _check(discordant, difference)
    low, high = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)
    root = low * math.sqrt(discordant) + high * math.sqrt(discordant - difference**2)
    return math.ceil((root / difference) ** 2)


def count_for_any_look(discordant: float, difference: float, alpha: float, power: float = POWER) -> int:
    """Count the pairs by which the evidence of `weigh_flips` has exceeded 1/alpha, however often somebody looks.

    The logarithm of the stake on one bet is a sum over people, nearly normal, that grows by `mean` with each: of all
    bets the one counts that needs the fewest. The others only add to it, so that the number is rather too high.
    """
    _check(discordant, difference)
    gain, loss = (discordant + difference) / 2, (discordant - difference) / 2
    wanted, z = math.log(1 / (alpha * STAKE_SHARE)), NormalDist().inv_cdf(power)
    numbers = []
    for bet in BETS.tolist():
        up, down = math.log1p(bet), math.log1p(-bet)
        mean = gain * up + loss * down
        spread = z * math.sqrt(gain * up**2 + loss * down**2 - mean**2)
        if mean > 0:
            numbers.append(((spread + math.sqrt(spread**2 + 4 * mean * wanted)) / (2 * mean)) ** 2)
    return math.ceil(min(numbers)) if numbers else count_for_one_look(discordant, difference, alpha, power)


def _check(discordant: float, difference: float) -> None:
    if not 0 < difference <= discordant <= 1:
        raise ValueError(f"a difference of {difference} among {discordant} that are decided differently")
