"""The expected figures of a correct measurement of the file, computed from the parameters and not from any draw."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenario import calibration
from scenario.expected_shares import PopulationShares, compute_shares
from scenario.params import ScenarioParams

UNDISCLOSED = "undisclosed"
GROUP_AXES = {
    "race": (*calibration.RACES, UNDISCLOSED),
    "gender": (*calibration.GENDERS, UNDISCLOSED),
    "education": calibration.EDUCATIONS,
    "age_band": calibration.AGE_BANDS,
}
"""The axes of the masses, in order, and the groups along each as the contract names them."""

GroupRates = dict[str, float | None]


def compute_expected(params: ScenarioParams) -> dict[str, Any]:
    """Compute expected figures of the label and of the old rule: approve from 620 points on, refer without a score.

    For everybody, and for each group of each protected attribute:

    - `share` of the rows
    - `favourable_rate` of the label as the file has it, `really_repaid_rate` before label bias
    - `selection_rate`: approvals over rows; `referral_rate`: rows without a score over rows
    - `true_positive_rate`: approvals over favourable labels
    - `adverse_impact_ratio` (parity 1) and `true_positive_rate_gap` (parity 0) against the reference group
    - `at_equal_risk`: the same if every race had the risks of the reference. That is where bias 0 means parity; the
      figures as they stand differ even then, because risks do.

    A rate over nobody is None. The values are plain and ready for JSON.
    """
    shares = compute_shares(params)
    actual = _compute_group_rates(shares, params)
    equal = _compute_group_rates(compute_shares(params.model_copy(update={"risk_gap": 0.0})), params)
    groups = {
        attribute: {name: {**rates, "at_equal_risk": equal[attribute][name]} for name, rates in named.items()}
        for attribute, named in actual.items()
    }
    return {"threshold": calibration.THRESHOLD, "overall": _compute_rates(shares.sum()), "groups": groups}


def _compute_group_rates(all_masses: PopulationShares, params: ScenarioParams) -> dict[str, dict[str, GroupRates]]:
    found: dict[str, dict[str, GroupRates]] = {}
    for axis, (attribute, names) in enumerate(GROUP_AXES.items()):
        totals = all_masses.sum(axis)
        if UNDISCLOSED in names:
            # who leaves it empty is chance, so those people are like everybody
            silent = params.undisclosed * all_masses.sum()[:, None]
            totals = np.hstack([(1 - params.undisclosed) * totals, silent])
        rates = {name: _compute_rates(totals[:, group]) for group, name in enumerate(names)}
        reference = rates[calibration.REFERENCE[attribute]]
        found[attribute] = {name: {**own, **_compare_rates(own, reference)} for name, own in rates.items()}
    return found


def _compute_rates(totals: NDArray[np.float64]) -> GroupRates:
    people, repaid, favourable, approved, both, referred = totals
    return {
        "share": float(people),
        "favourable_rate": _divide(favourable, people),
        "really_repaid_rate": _divide(repaid, people),
        "selection_rate": _divide(approved, people),
        "referral_rate": _divide(referred, people),
        "true_positive_rate": _divide(both, favourable),
    }


def _compare_rates(own: GroupRates, reference: GroupRates) -> GroupRates:
    rate, its_rate = own["selection_rate"], reference["selection_rate"]
    tpr, its_tpr = own["true_positive_rate"], reference["true_positive_rate"]
    return {
        "adverse_impact_ratio": None if rate is None or its_rate is None else _divide(rate, its_rate),
        "true_positive_rate_gap": None if tpr is None or its_tpr is None else tpr - its_tpr,
    }


def _divide(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None
