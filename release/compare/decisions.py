"""Decisions that change: the champions of two revisions on the same people, one by one."""

from pathlib import Path
from typing import Any

import numpy as np

from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.evaluation.intervals import compute_roc_auc, roc_auc_change_interval
from credit.evaluation.predictions import Predictions, read_predictions
from credit.fairness.counts import encode_number
from credit.fairness.policies import Fairness
from credit.fairness.versions.comparison import compare_versions, count_paired_predictions
from credit.reports.base import Count, Flag, Number, OpenInterval, ReportPart, Share
from credit.reports.fairness import VersionComparison
from credit.reports.figures import ADVERSE_IMPACT_RATIO
from credit.scoring.policy import DECISION_KINDS
from release.compare.same_people import RowPairs, Uncompared, match_judged_people
from release.compare.sides import Sides
from release.repository.revision import Revision


class QualityChange(ReportPart):
    """The area under the ROC curve of both champions on the same people, of whom both have a score."""

    people: Count
    base: Share
    head: Share
    change: Number
    interval: OpenInterval
    """The 95% interval of the change."""
    beyond_noise: Flag
    """0 lies outside that interval."""


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

    roc_auc: QualityChange | None
    """None: there are not both classes of the label among them."""

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
            return _compare_prediction_files(old, new, revisions)
    except CreditError as error:
        return Uncompared(why_not=str(error).partition("\n")[0])


def _compare_prediction_files(
    old_file: Path, new_file: Path, revisions: Sides[Revision]
) -> DecisionComparison | Uncompared:
    head = revisions.head
    with head.extract_file(head.contract_path) as contract_file, head.extract_file("params.yaml") as params_file:
        contract = load_contract(contract_file)
        params = read_params(Fairness, "fairness", params_file)
    old, new = read_predictions(old_file, contract), read_predictions(new_file, contract)
    pairs = None
    if not contract.find_by_role("id"):
        pairs = match_judged_people(revisions, Sides(len(old.decisions), len(new.decisions)))
    return compare_predictions(contract, params, old, new, pairs)


def compare_predictions(
    contract: Contract, params: Fairness, old: Predictions, new: Predictions, pairs: RowPairs | None = None
) -> DecisionComparison | Uncompared:
    """Compare two tables of predictions, joined on the id where the contract has one, else by `pairs` of their rows.

    Without either they are compared row by row.
    """
    everybody = Sides(old, new).map(lambda table: len(table.decisions))
    if pairs is None:
        old, new = _match_people(list(contract.find_by_role("id")), old, new)
    else:
        old, new = _select_rows(old, pairs.base), _select_rows(new, pairs.head)
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
        roc_auc=_compare_quality(old, new),
    )


def _compare_quality(old: Predictions, new: Predictions) -> QualityChange | None:
    """Compare how well both sides rank the same people."""
    known = np.isfinite(old.scores) & np.isfinite(new.scores)
    label, before, after = new.favourable[known], old.scores[known], new.scores[known]
    if label.all() or not label.any():
        return None
    base, head = compute_roc_auc(label, before), compute_roc_auc(label, after)
    low, high = roc_auc_change_interval(label, before, after)
    return QualityChange(
        people=len(label),
        base=base,
        head=head,
        change=head - base,
        interval=(encode_number(low), encode_number(high)),
        beyond_noise=not low <= 0 <= high,
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
