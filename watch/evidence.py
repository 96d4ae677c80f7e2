"""Evidence that a group's approvals are below a share of its reference's: valid at any time, however often looked at.

For each applicant of a group, Z = limit * (mean approval of the reference applicants since the last one) - approval.
Where the ratio is at least the limit, Z is at most 0 on average given the past, so a stake that is multiplied by
1 + bet * Z does not grow on average, and that it ever exceeds 1/alpha has a chance of at most alpha (Ville). The
evidence is the mean over a grid of bets. A stake of 1/horizon is added each day, so that a change after months is
found as soon as one on the first day; within one horizon all stakes together are 1, within two of them 2.

Source: Chugg, Cortes-Gomez, Wilder and Ramdas, Auditing Fairness by Betting (2023); Shin, Ramdas and Rinaldo,
E-detectors (2024).
"""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

BETS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8])
_LARGEST_STAKE = 1e200
"""Beyond it a stake does not grow, so that it stays a number; no alpha is near."""

REFERENCE = 0
"""The code of an attribute's reference group."""

Floats = NDArray[np.float64]


class DecidedRows:
    """Decisions in the order of the log, by one attribute.

    `groups`: a code of each, `REFERENCE` or higher; `approved`; `days`: since some day, not falling. Shape (n,) each.
    """

    def __init__(self, groups: NDArray[np.int64], approved: NDArray[np.bool_], days: NDArray[np.int64]) -> None:
        self.groups, self.approved, self.days = groups, approved, days
        is_reference = groups == REFERENCE
        self.references_seen = np.cumsum(is_reference)
        self.references_approved = np.cumsum(is_reference & approved)

    def __len__(self) -> int:
        return len(self.groups)


class Comparisons(NamedTuple):
    """Comparisons of applicants of a group with the reference applicants since the comparison before.

    `reference`, `member`: the share that was approved on each side; `places`: of each comparison among the rows.
    """

    reference: Floats
    member: Floats
    places: NDArray[np.int64]


@dataclass
class Pairing:
    """People who wait to be compared: reference applicants, and members who came before any of them."""

    references: int = 0
    references_approved: int = 0
    members: int = 0
    members_approved: int = 0

    def pair(self, rows: DecidedRows, group: int) -> Comparisons:
        """Compare each member with the reference applicants since the last comparison.

        Members who come without one in between wait, and are compared together: a share of reference applicants that
        served twice would break the guarantee.
        """
        places = np.flatnonzero(rows.groups == group)
        seen = self.references + rows.references_seen[places]
        approved = self.references_approved + rows.references_approved[places]
        members = self.members + np.arange(1, len(places) + 1)
        members_approved = self.members_approved + np.cumsum(rows.approved[places])
        at = np.flatnonzero(np.diff(seen, prepend=0) > 0)
        columns = [np.diff(one[at], prepend=0) for one in (seen, approved, members, members_approved)]
        ends = [int(one[at[-1]]) if len(at) else 0 for one in (seen, approved, members, members_approved)]
        if len(rows):
            self.references += int(rows.references_seen[-1]) - ends[0]
            self.references_approved += int(rows.references_approved[-1]) - ends[1]
            self.members += len(places) - ends[2]
            self.members_approved += int(rows.approved[places].sum()) - ends[3]
        return Comparisons(columns[1] / columns[0], columns[3] / columns[2], places[at])


@dataclass
class Evidence:
    """Evidence about one group, of constant size. `limit`: of the ratio; `daily`: the stake that is added each day.

    `day`: the last one that a stake was added for. `value`: the evidence now; `peak`: the highest it ever was.
    """

    limit: float
    daily: float
    stakes: list[float] = field(default_factory=lambda: [0.0] * len(BETS))
    day: int | None = None
    value: float = 0.0
    peak: float = 0.0

    def add(self, comparisons: Comparisons, days: NDArray[np.int64]) -> Floats:
        """Add comparisons in their order, `days`: of each. Returns the evidence after each of them."""
        return self.bet(self.limit * comparisons.reference - comparisons.member, days)

    def bet(self, gains: Floats, days: NDArray[np.int64]) -> Floats:
        """Bet on gains, none of them below -1, in their order. Returns the evidence after each of them."""
        if not len(days):
            return np.empty(0)
        factors = 1 + BETS * gains[:, None]
        days = np.maximum.accumulate(days if self.day is None else np.maximum(days, self.day))
        starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        stakes = np.array(self.stakes)
        values = np.empty(len(days))
        with np.errstate(over="ignore", under="ignore"):
            for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
                stakes = stakes + self.daily * self._count_days(int(days[start]))
                path = np.minimum(np.cumprod(factors[start:end], axis=0) * stakes, _LARGEST_STAKE)
                stakes = path[-1]
                values[start:end] = path.mean(axis=1)
        self.stakes, self.value = stakes.tolist(), float(values[-1])
        self.peak = max(self.peak, float(values.max()))
        return values

    def _count_days(self, day: int) -> int:
        """Count the days that begin by `day`."""
        count = 1 if self.day is None else day - self.day
        self.day = day
        return count


@dataclass
class RatioSums:
    """Sums over comparisons, from which an interval of the ratio is computed at any time."""

    number: int = 0
    reference: float = 0.0
    member: float = 0.0
    reference_squared: float = 0.0
    member_squared: float = 0.0
    product: float = 0.0

    def add(self, comparisons: Comparisons) -> None:
        """Add comparisons."""
        reference, member = comparisons.reference, comparisons.member
        self.number += len(reference)
        self.reference += float(reference.sum())
        self.member += float(member.sum())
        self.reference_squared += float((reference * reference).sum())
        self.member_squared += float((member * member).sum())
        self.product += float((reference * member).sum())


@dataclass
class GroupWatch:
    """All that is known of one group: who waits, the evidence, the sums, and counts of people."""

    evidence: Evidence
    pairing: Pairing = field(default_factory=Pairing)
    sums: RatioSums = field(default_factory=RatioSums)
    people: int = 0
    approved: int = 0
    crossed: float | None = None
    """The moment at which the evidence exceeded its limit for the first time, in seconds; None when it never did."""

    def feed(self, rows: DecidedRows, group: int, moments: Floats, threshold: float) -> None:
        """Feed decisions in the order of the log. `moments`: in seconds; `threshold`: of the evidence."""
        of_group = rows.groups == group
        self.people += int(of_group.sum())
        self.approved += int(rows.approved[of_group].sum())
        comparisons = self.pairing.pair(rows, group)
        values = self.evidence.add(comparisons, rows.days[comparisons.places])
        self.sums.add(comparisons)
        above = np.flatnonzero(values >= threshold)
        if self.crossed is None and len(above):
            self.crossed = float(moments[comparisons.places[above[0]]])

    def dump(self) -> dict[str, Any]:
        """Dump as JSON takes it."""
        return asdict(self)

    @classmethod
    def load(cls, content: dict[str, Any]) -> Self:
        """Load what `dump` gave."""
        parts = {
            "evidence": Evidence(**content["evidence"]),
            "pairing": Pairing(**content["pairing"]),
            "sums": RatioSums(**content["sums"]),
        }
        return cls(**(content | parts))


def start_group(limit: float, horizon_days: int) -> GroupWatch:
    """Start to watch a group whose ratio is to be at least `limit`."""
    return GroupWatch(Evidence(limit, 1 / horizon_days))
