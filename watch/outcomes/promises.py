"""Read what the evaluation of a version promised: how many of those whom it approves turn out badly, by group."""

from pathlib import Path

from credit.bundle.manifest import read_manifest
from credit.contract.contract import Contract
from credit.reports.fairness import FairnessReport
from credit.reports.figures import split_group_key
from credit.reports.metrics import Metrics
from watch.outcomes.judging import Promise
from watch.outcomes.vintages import EVERYBODY, GroupName, Label


def read_promises(bundle: Path) -> dict[GroupName, Promise]:
    """Read the promises of a bundle; none where it was made without its evaluation."""
    metrics, fairness = bundle / "metrics.json", bundle / "fairness.json"
    if not metrics.is_file() or not fairness.is_file():
        return {}
    return collect_promises(Metrics.read(metrics), FairnessReport.read(fairness), read_manifest(bundle).candidate)


def collect_promises(metrics: Metrics, fairness: FairnessReport, candidate: str) -> dict[GroupName, Promise]:
    """Collect the promises about everybody, from the test rows, and about each group, from the rows it is judged on.

    Scores are as far from outcomes among the approved as among all, at most, if all of the error is with them.
    """
    of_all = metrics.candidates[candidate]
    error = of_all.calibration_error or 0.0
    found = {EVERYBODY: _promise(of_all.rows, of_all.approval_rate, of_all.bad_rate, error)}
    for key, group in fairness.groups.items():
        off = max(error, abs(group.calibration or 0.0))
        found[split_group_key(key)] = _promise(group.people, group.selection_rate, group.bad_rate, off)
    return {name: one for name, one in found.items() if one is not None}


def _promise(people: int, approval_rate: float | None, bad_rate: float | None, error: float) -> Promise | None:
    if not people or not approval_rate or bad_rate is None:
        return None
    approved = round(people * approval_rate)
    return Promise(approved, round(approved * bad_rate), min(error / approval_rate, 1.0))


def get_label(contract: Contract) -> Label | None:
    """Get the label of a contract; None where it is an amount, of which no value is good."""
    favourable = contract.columns[contract.label].favourable
    return None if favourable is None else Label(contract.label, favourable)
