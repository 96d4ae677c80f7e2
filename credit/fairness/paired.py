"""A candidate against the version in production on the same rows: what changed for whom.

Both versions decide about the same people, so their figures move together; intervals that ignore it would be far too
wide. The table is group x label x production's decision x candidate's decision.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit.errors import CreditError, Problem, raise_if_any
from credit.fairness.changes import rate_change, ratio_change
from credit.fairness.report import number
from credit.fairness.rows import Groups, decision_codes, outcomes_of, problems_of_codes
from credit.policy import DECISIONS


@dataclass(frozen=True, eq=False)
class PairedCounts:
    """Tables per attribute, shape (groups, 2, 3, 3), the reference first. `+` joins those of two partitions."""

    groups: Groups
    people: dict[str, NDArray[np.int64]]

    def __add__(self, other: "PairedCounts") -> "PairedCounts":
        if self.groups != other.groups:
            raise CreditError(Problem("counts", f"the groups {other.groups}", f"{self.groups}", "use one contract"))
        return PairedCounts(self.groups, {name: table + other.people[name] for name, table in self.people.items()})


def count_paired(
    groups: Groups, codes: Mapping[str, ArrayLike], labels: ArrayLike, production: ArrayLike, candidate: ArrayLike
) -> PairedCounts:
    """Count rows by the decisions of both versions; inputs as of `counts.count`, shape (n,) each."""
    outcome, before, after = outcomes_of(labels), decision_codes(production), decision_codes(candidate)
    if not len(outcome) == len(before) == len(after):
        found = f"{len(outcome)} labels, {len(before)} and {len(after)} decisions"
        raise CreditError(Problem("rows", found, "one of each per person"))
    raise_if_any(list(problems_of_codes(groups, codes, len(outcome))))
    cell = (outcome * 3 + before) * 3 + after
    return PairedCounts(
        groups,
        {
            name: np.bincount(np.asarray(codes[name]).astype(np.int64) * 18 + cell, minlength=18 * len(names)).reshape(
                -1, 2, 3, 3
            )
            for name, names in groups.items()
        },
    )


def compare(counts: PairedCounts, level: float, largest_drop: float, smallest_denominator: int) -> dict[str, Any]:
    """Per attribute and group: the change of the adverse impact ratio and of the true positive rate, and who flipped.

    Blocks where the ratio dropped by more than `largest_drop` and the interval of the change excludes 0. JSON-ready.
    """
    findings = []
    for attribute, people in counts.people.items():
        ratio, ratio_low, ratio_high = ratio_change(people.sum(1), level)
        share, share_low, share_high = rate_change(people[:, 1], level)
        total = people.sum((1, 2, 3))
        for cell, name in enumerate(counts.groups[attribute]):
            few = min(total[cell], total[0]) < smallest_denominator
            blocks = bool(not few and ratio[cell] < -largest_drop - 1e-12 and ratio_high[cell] < 0)
            flips = people[cell].sum(0)
            findings.append(
                {
                    "attribute": attribute,
                    "group": name,
                    "people": int(total[cell]),
                    "adverse_impact_ratio_change": number(ratio[cell]),
                    "adverse_impact_ratio_change_interval": _interval(ratio_low[cell], ratio_high[cell]),
                    "true_positive_rate_change": number(share[cell]),
                    "true_positive_rate_change_interval": _interval(share_low[cell], share_high[cell]),
                    "flips": {
                        f"{old}_to_{new}": int(flips[i, j])
                        for i, old in enumerate(DECISIONS)
                        for j, new in enumerate(DECISIONS)
                        if i != j
                    },
                    "blocks": blocks,
                    "reason": _reason(
                        f"{attribute} {name}", float(ratio[cell]), float(ratio_high[cell]), largest_drop, blocks, few
                    ),
                }
            )
    return {"level": level, "blocks": any(item["blocks"] for item in findings), "findings": findings}


def _interval(low: float, high: float) -> list[float | None] | None:
    return None if math.isnan(low) else [number(low), number(high)]


def _reason(who: str, change: float, high: float, largest_drop: float, blocks: bool, few: bool) -> str:
    if math.isnan(change):
        return f"{who}: there is no ratio to the reference in both versions, or this is the reference."
    told = f"{who}: the adverse impact ratio changed by {change:+.3f} against the version in production"
    if few:
        return f"{told}, of too few people to judge."
    if blocks:
        return f"{told}, a drop of more than {largest_drop:g}, and the whole interval, up to {high:+.3f}, is below 0."
    if change < -largest_drop:
        return f"{told}, but the interval reaches 0, so it may be chance."
    return f"{told}."
