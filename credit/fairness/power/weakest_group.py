"""Find the group that is least able to be judged, before any candidate is: whether the test rows alone are enough."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.groups import list_group_labels
from credit.fairness.counts import count_people
from credit.fairness.group_comparison import Comparison, compare_groups, list_judged_keys
from credit.fairness.inputs import encode_groups, list_attribute_groups
from credit.fairness.policies import FairnessPolicy, Limit, VerdictRules
from credit.fairness.power.sample_size import estimate_power
from credit.reports.figures import ADVERSE_IMPACT_RATIO, label_group

_ANY_DIFFERENCE = Limit(at_least=1.0, source="where no policy limits the ratio")


class GroupPower(NamedTuple):
    """A group, its people, and how likely unequal treatment of it, as it is planned for, would be found among these."""

    words: str
    people: int
    chance: float


def find_weakest_group(
    contract: Contract,
    people: pd.DataFrame,
    favourable: NDArray[np.bool_],
    policy: FairnessPolicy,
    rules: VerdictRules,
) -> GroupPower | None:
    """Find the primary group of which unequal treatment would be found the least likely; None without any group.

    A group of nobody is left out: scoring more people out of fold finds no more of it. Nobody is judged yet, so the
    recorded outcomes stand in for approvals. people: the protected columns; favourable: shape (n,).
    """
    decisions = np.where(favourable, "approve", "deny")
    counts = count_people(
        list_attribute_groups(contract),
        encode_groups(contract, people),
        favourable,
        favourable.astype(np.float64),
        decisions,
    )
    limit = policy.gated_limits.get(ADVERSE_IMPACT_RATIO, _ANY_DIFFERENCE)
    told = policy.model_copy(update={"limits": policy.gated_limits | {ADVERSE_IMPACT_RATIO: limit}})
    compared = compare_groups(counts, list_judged_keys(counts, told, rules), told, rules)
    ratios = [item for item in compared if item.measure == ADVERSE_IMPACT_RATIO and item.n]
    labels = list_group_labels(contract)
    powers = [
        GroupPower(
            f"{item.attribute} {label_group(labels, item.attribute, item.group)}",
            item.n,
            _compute_chance(item, rules, len(compared)),
        )
        for item in ratios
    ]
    return min(powers, key=lambda one: (one.chance, one.people), default=None)


def _compute_chance(item: Comparison, rules: VerdictRules, family_size: int) -> float:
    power = estimate_power(item, rules, family_size)
    return 0.0 if power is None else power.chance
