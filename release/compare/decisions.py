"""Decisions that change: the champions of two revisions on the same people, one by one."""

from pathlib import Path
from typing import Any

import numpy as np

from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.evaluation.predictions import Predictions, read_predictions
from credit.fairness.policies import Fairness
from credit.fairness.versions.comparison import compare_versions, count_paired_predictions
from credit.reports.base import Count, ReportPart
from credit.reports.fairness import VersionComparison
from credit.reports.figures import ADVERSE_IMPACT_RATIO
from credit.scoring.policy import DECISION_KINDS
from release.compare.sides import Sides
from release.repository.revision import Revision


class Uncompared(ReportPart):
    """Nothing, as the predictions or the people cannot be compared."""

    why_not: str


class Flips(ReportPart):
    """The people of both tables of predictions, by what was and what is decided about them."""

    people: Count
    only_in_base: Count
    only_in_head: Count
    decisions: tuple[str, ...]
    """The names of the rows and columns of `flips`."""
    flips: tuple[tuple[Count, ...], ...]
    """People by decision of the base, a row each, and of the head; those on the diagonal are decided as before."""
    flipped: Count
    """How many are not on the diagonal."""


class DecisionComparison(VersionComparison, Flips):
    """The flips, and the changes per group, with intervals."""

    @property
    def has_changes(self) -> bool:
        """Tell whether a decision changed, or somebody is in one table only."""
        return bool(self.flipped or self.only_in_base or self.only_in_head)


def compare_decisions(revisions: Sides[Revision], champions: Sides[str | None]) -> DecisionComparison | Uncompared:
    """Compare the decisions of the champions of both sides about the same people."""
    if champions.base is None or champions.head is None:
        return Uncompared(why_not="one of the two has no champion")
    base, head = revisions
    try:
        with base.pull_predictions(champions.base) as old, head.pull_predictions(champions.head) as new:
            return _compare_prediction_files(old, new, head)
    except CreditError as error:
        return Uncompared(why_not=str(error).partition("\n")[0])


def _compare_prediction_files(old_file: Path, new_file: Path, head: Revision) -> DecisionComparison | Uncompared:
    with head.extract_file(head.contract_path) as contract_file, head.extract_file("params.yaml") as params_file:
        contract = load_contract(contract_file)
        params = read_params(Fairness, "fairness", params_file)
    return compare_predictions(
        contract, params, read_predictions(old_file, contract), read_predictions(new_file, contract)
    )


def compare_predictions(
    contract: Contract, params: Fairness, old: Predictions, new: Predictions
) -> DecisionComparison | Uncompared:
    """Compare two tables of predictions, joined on the id where the contract has one, else row by row."""
    everybody = Sides(old, new).map(lambda table: len(table.decisions))
    old, new = _match_people(list(contract.find_by_role("id")), old, new)
    people = len(new.decisions)
    if not people:
        return Uncompared(why_not="no person is in both tables of predictions")
    paired = count_paired_predictions(contract, old, new, "the predictions of the base")
    changes = compare_versions(paired, params.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO), params.rules)
    return DecisionComparison(
        people=people,
        only_in_base=everybody.base - people,
        only_in_head=everybody.head - people,
        decisions=DECISION_KINDS,
        flips=tuple(
            tuple(int(((old.decisions == a) & (new.decisions == b)).sum()) for b in DECISION_KINDS)
            for a in DECISION_KINDS
        ),
        flipped=int((old.decisions != new.decisions).sum()),
        level=changes.level,
        blocks=changes.blocks,
        findings=changes.findings,
    )


def _match_people(ids: list[str], old: Predictions, new: Predictions) -> tuple[Predictions, Predictions]:
    if not ids:
        return old, new
    index = [predictions.people[ids].astype(str).agg("\0".join, axis=1) for predictions in (old, new)]
    _, first, second = np.intersect1d(index[0], index[1], return_indices=True)
    return _select_rows(old, first), _select_rows(new, second)


def _select_rows(predictions: Predictions, at: Any) -> Predictions:
    people = predictions.people.iloc[at].reset_index(drop=True)
    return Predictions(
        people, predictions.folds[at], predictions.favourable[at], predictions.scores[at], predictions.decisions[at]
    )
