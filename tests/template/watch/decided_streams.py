"""Streams of decisions with a known ratio of approvals."""

from collections.abc import Sequence

import numpy as np

from watch.evidence import DecidedRows, start_group

MEMBERS_A_DAY, REFERENCES_EACH, APPROVED = 20, 8, 0.83
"""20 members of the group a day, 8 reference applicants for each, of whom this share is approved."""


def simulate_rows(
    rng: np.random.Generator, ratios: Sequence[float], references: int = REFERENCES_EACH, regular: bool = False
) -> DecidedRows:
    """Simulate decisions with a ratio for each day. `regular`: so many reference applicants come before each member."""
    people = MEMBERS_A_DAY * len(ratios) * (references + 1)
    places = np.arange(people) if regular else rng.integers(0, references + 1, people)
    groups = (places % (references + 1) == references).astype(np.int64)
    days = np.arange(len(groups)) // (MEMBERS_A_DAY * (references + 1))
    chance = np.where(groups == 0, APPROVED, APPROVED * np.asarray(ratios)[days])
    return DecidedRows(groups, rng.random(len(groups)) < chance, days)


def find_alarm(rows: DecidedRows, limit: float, days: int, alpha: float) -> int | None:
    """Find how many members had been compared when the evidence exceeded its limit; None when it never did."""
    watch = start_group(limit, days)
    comparisons = watch.pairing.pair(rows, 1)
    above = np.flatnonzero(watch.evidence.add(comparisons, rows.days[comparisons.places]) >= 1 / alpha)
    return int((rows.groups[: comparisons.places[above[0]]] == 1).sum()) if len(above) else None
