"""Compute how many applications a challenge takes until a difference of a given size is seen.

Shares are of all applicants: `discordant` of those whom the two decide differently, `difference` of those whom the
challenger approves more (or fewer) on balance, from 0 to `discordant`. Of a split: `approved` of those whom the
champion approves, `share` of those whom the challenger decides about.
"""

import math
from collections.abc import Sequence
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
    """Count the pairs by which the evidence of `weigh_flips` has exceeded 1/alpha, however often somebody looks."""
    _check(discordant, difference)
    gain, loss = (discordant + difference) / 2, (discordant - difference) / 2
    found = _count_for_evidence([(gain, 1.0), (loss, -1.0), (1 - discordant, 0.0)], alpha, power)
    return count_for_one_look(discordant, difference, alpha, power) if found is None else found


def count_arms_for_one_look(
    approved: float, difference: float, share: float, alpha: float, power: float = POWER
) -> int:
    """Count the people for a test of two shares at one moment that is fixed beforehand, two-sided.

    With p of the champion's arm, q of the challenger's and r of both: n = (z(1 - alpha/2) sqrt(r (1 - r) (1/share +
    1/(1 - share))) + z(power) sqrt(q (1 - q)/share + p (1 - p)/(1 - share)))^2 / difference^2, for a difference up
    or down, whichever takes more. Source: Fleiss, Tytun and Ury, A simple approximation for calculating sample sizes
    for comparing independent proportions, Biometrics 36 (1980), 343-346; without their correction for continuity.
    """
    low, high = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)
    numbers = []
    for other in _list_shares(approved, difference):
        both = share * other + (1 - share) * approved
        alike = both * (1 - both) * (1 / share + 1 / (1 - share))
        apart = other * (1 - other) / share + approved * (1 - approved) / (1 - share)
        numbers.append(((low * math.sqrt(alike) + high * math.sqrt(apart)) / difference) ** 2)
    return math.ceil(max(numbers))


def count_arms_for_any_look(
    approved: float, difference: float, share: float, alpha: float, power: float = POWER
) -> int | None:
    """Count the people by which the evidence of `weigh_arms` has exceeded 2/alpha, however often somebody looks.

    The share of people approved before is taken as known. None where the difference is so small that the smallest bet
    on it loses.
    """
    numbers = []
    for other in _list_shares(approved, difference):
        both, sign = share * other + (1 - share) * approved, math.copysign(1, other - approved)
        scale = sign / max(share, 1 - share)
        gains = [
            (of_arm * of_outcome, scale * (arm - share) * (outcome - both))
            for arm, of_arm, chance in ((1, share, other), (0, 1 - share, approved))
            for outcome, of_outcome in ((1, chance), (0, 1 - chance))
        ]
        numbers.append(_count_for_evidence(gains, alpha, power))
    known = [one for one in numbers if one is not None]
    return max(known) if len(known) == len(numbers) else None


def _count_for_evidence(gains: Sequence[tuple[float, float]], alpha: float, power: float) -> int | None:
    """Count the gains, each with its chance, by which a bet on them has won enough; None where every bet loses.

    The logarithm of the stake on one bet is a sum over people, nearly normal, that grows by `mean` with each: of all
    bets the one counts that needs the fewest. The others only add to it, so that the number is rather too high.
    """
    wanted, z = math.log(1 / (alpha * STAKE_SHARE)), NormalDist().inv_cdf(power)
    numbers = []
    for bet in BETS.tolist():
        steps = [(chance, math.log1p(bet * gain)) for chance, gain in gains]
        mean = sum(chance * step for chance, step in steps)
        spread = z * math.sqrt(sum(chance * (step - mean) ** 2 for chance, step in steps))
        if mean > 0:
            numbers.append(((spread + math.sqrt(spread**2 + 4 * mean * wanted)) / (2 * mean)) ** 2)
    return math.ceil(min(numbers)) if numbers else None


def _list_shares(approved: float, difference: float) -> list[float]:
    """List the shares of approvals that differ so much, up and down, and can be."""
    shares = [one for one in (approved - difference, approved + difference) if 0 <= one <= 1]
    if not shares or difference <= 0:
        raise ValueError(f"a difference of {difference} from {approved} who are approved")
    return shares


def _check(discordant: float, difference: float) -> None:
    if not 0 < difference <= discordant <= 1:
        raise ValueError(f"a difference of {difference} among {discordant} that are decided differently")
