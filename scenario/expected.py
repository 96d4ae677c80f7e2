"""The expected figures of a correct measurement of the file, computed from the parameters and not from any draw."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from credit.reports.figures import group_key
from credit.reports.provenance import ExpectedFigures, ExpectedGroup, ExpectedGroups, ExpectedMeasurement
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


def compute_expected(params: ScenarioParams) -> ExpectedMeasurement:
    """Compute expected figures of the label and of the old rule: approve from 620 points on, refer without a score.

    For everybody, and for each group of each protected attribute: rates of the rows, and the comparison with the
    reference group as it is and at equal risk, if every race had the risks of the reference. The latter is where bias 0
    means parity; the former differs even then, because risks do.
    """
    shares = compute_shares(params)
    equal = dict(_compare_groups(compute_shares(params.model_copy(update={"risk_gap": 0.0})), params))
    return ExpectedMeasurement(
        threshold=calibration.THRESHOLD,
        everybody=_compute_rates(shares.sum()),
        **{key: ExpectedGroups(**dict(own), at_equal_risk=equal[key]) for key, own in _compare_groups(shares, params)},
    )


def _compare_groups(all_masses: PopulationShares, params: ScenarioParams) -> Iterator[tuple[str, ExpectedGroup]]:
    """Compare every group of every attribute with its reference; yield them by the keys of the report."""
    for axis, (attribute, names) in enumerate(GROUP_AXES.items()):
        totals = all_masses.sum(axis)
        if UNDISCLOSED in names:
            # who leaves it empty is chance, so those people are like everybody
            silent = params.undisclosed * all_masses.sum()[:, None]
            totals = np.hstack([(1 - params.undisclosed) * totals, silent])
        rates = {name: _compute_rates(totals[:, group]) for group, name in enumerate(names)}
        reference = rates[calibration.REFERENCE[attribute]]
        for name, own in rates.items():
            yield group_key(attribute, name), _compare_rates(own, reference)


def _compute_rates(totals: NDArray[np.float64]) -> ExpectedFigures:
    people, repaid, favourable, approved, both, referred = totals
    return ExpectedFigures(
        share=float(people),
        favourable_rate=_divide(favourable, people),
        really_repaid_rate=_divide(repaid, people),
        selection_rate=_divide(approved, people),
        referral_rate=_divide(referred, people),
        true_positive_rate=_divide(both, favourable),
    )


def _compare_rates(own: ExpectedFigures, reference: ExpectedFigures) -> ExpectedGroup:
    rate, its_rate = own.selection_rate, reference.selection_rate
    tpr, its_tpr = own.true_positive_rate, reference.true_positive_rate
    return ExpectedGroup(
        **dict(own),
        adverse_impact_ratio=None if rate is None or its_rate is None else _divide(rate, its_rate),
        true_positive_rate_gap=None if tpr is None or its_tpr is None else tpr - its_tpr,
    )


def _divide(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None
