"""Search for a less discriminatory alternative: other thresholds and regularisation, quality against equal treatment.

The question that a lender will be asked: was there a way to decide that served as well and treated people more
alike? `reports/alternatives.json` has every point that was tried, the frontier, and the fairest one within a loss of
quality that params tolerate. Nothing here decides: a point that looks good is set in params and judged like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.candidate_names import CANDIDATE_NAMES, CandidateName
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.contract.groups import list_group_labels
from credit.data.tables import open_table, read_frame
from credit.evaluation.metrics import UnitValues
from credit.evaluation.predictions import Predictions, read_predictions, sort_by_fold
from credit.fairness.counts import count_people
from credit.fairness.figures import find_lowest_ratio
from credit.fairness.inputs import encode_groups, list_attribute_groups
from credit.fairness.policies import Fairness, VerdictRules
from credit.reports.alternatives import AlternativesReport, Point, PointFigures
from credit.reports.choice import Choice
from credit.reports.features import FeaturesReport
from credit.reports.figures import GroupLabels
from credit.reports.predictions import PredictionsReport
from credit.training.alternatives import (
    Evaluator,
    FindAlternativesParams,
    describe_search,
    expand_grid,
    find_baseline,
    find_fairest,
    format_command,
    mark_frontier,
    measure_auc,
    measure_decisions,
    score_variants,
    sweep_thresholds,
)
from credit.training.cross_fitting import CrossFittingFold, split_folds
from credit.training.train import TrainParams

TUNABLE_CANDIDATES: tuple[CandidateName, ...] = ("logistic", "random_forest")
"""Candidates that have something to regularise; the rule has one threshold, the lender's own."""


def make_evaluator(contract: Contract, people: Predictions, rules: VerdictRules, values: UnitValues) -> Evaluator:
    """Make the function that measures decisions about these people: their worth, and the group that fares worst."""
    groups, codes = list_attribute_groups(contract), encode_groups(contract, people.people)

    def evaluate(scores: NDArray[np.float64], decisions: NDArray[np.str_], auc: float | None) -> PointFigures:
        counts = count_people(groups, codes, people.favourable, scores, decisions)
        ratio = find_lowest_ratio(counts, rules)
        return measure_decisions(people.favourable, decisions, auc, values, ratio)

    return evaluate


def try_variants(
    params: FindAlternativesParams,
    training: TrainParams,
    contract: Contract,
    folds: Sequence[CrossFittingFold],
    people: Predictions,
    judge: Evaluator,
) -> Iterator[Point]:
    """Try every variant of every model at every share. `people`: the folds' unseen rows, fold after fold."""
    todo = [
        (name, hyperparameters)
        for name in TUNABLE_CANDIDATES
        for hyperparameters in expand_grid(name, training.find_hyperparameters(name), getattr(params, name))
    ]
    scored = score_variants(
        contract, folds, [hyperparameters for _, hyperparameters in todo], training.cross_validation.seed
    )
    for (name, hyperparameters), scores in zip(todo, scored, strict=True):
        shown = {key: value for key, value in hyperparameters.model_dump().items() if key in getattr(params, name)}
        auc = measure_auc(people.favourable, scores)
        for share, decisions in sweep_thresholds(
            scores, params.approval_shares.values, training.policy.referral_budget
        ):
            yield Point(
                candidate=name,
                hyperparameters=shown,
                approval_share=share,
                mark=None,
                on_frontier=False,
                **dict(judge(scores, decisions, auc)),
            )


def build_alternatives_report(
    params: FindAlternativesParams,
    predicted: PredictionsReport,
    as_trained: Mapping[CandidateName, PointFigures],
    others: Sequence[Point],
    champion: str,
    labels: GroupLabels,
) -> AlternativesReport:
    """Report the search: its finding in words, and every point, the candidates as trained first.

    A point's `mark`: `champion`, `candidate` for the others as trained, `alternative` for the one that is suggested.
    """
    trained = [
        Point(
            candidate=name,
            hyperparameters={},
            approval_share=None,
            mark="champion" if name == champion else "candidate",
            on_frontier=False,
            **dict(figures),
        )
        for name, figures in as_trained.items()
    ]
    points = [*trained, *others]
    baseline = find_baseline(trained, params.metric)
    found = find_fairest(points, baseline, params)
    suggested = [
        one.model_copy(update={"mark": "alternative"}) if one is found and one.mark is None else one for one in points
    ]
    return AlternativesReport(
        predictions=predicted.predictions,
        rows=predicted.rows,
        metric=params.metric,
        tolerated_loss=params.tolerated_loss,
        finding=describe_search(baseline, found, params, len(points), labels),
        command=format_command(found) if found else None,
        points=mark_frontier(suggested, params.metric),
    )


class FoldInputs(NamedTuple):
    """The files that folds are read from."""

    accepted: Path
    train: Path
    test: Path
    features: Path


def read_folds(
    contract: Contract,
    files: FoldInputs,
    codes: NDArray[np.int64],
    kept: Sequence[Sequence[str]],
    training: TrainParams,
) -> list[CrossFittingFold]:
    """Read the folds that `predict` made; without any, make one: training rows to learn from, test rows to judge.

    Of a large table as many training rows are used as for thresholds: enough to tell one alternative from another.
    """
    if kept:
        return list(split_folds(read_frame(files.accepted, [*contract.candidate_columns, contract.label]), codes, kept))
    features = FeaturesReport.read(files.features).kept
    columns = [*features, contract.label]
    seen = read_frame(files.train, columns)
    step = -(-len(seen) // training.cross_validation.rows)
    return [CrossFittingFold(seen[::step], read_frame(files.test, columns), features)]


@make_stage(__doc__)
def run(
    contract_file: Path,
    accepted_file: Path,
    train_file: Path,
    test_file: Path,
    features_file: Path,
    predictions_folder: Path,
    predicted_file: Path,
    choice_file: Path,
    alternatives_file: Path,
) -> None:
    """Write `reports/alternatives.json`."""
    params, training = read_params(FindAlternativesParams, "find_alternatives"), read_params(TrainParams, "train")
    values, rules = read_params(UnitValues, "evaluate.unit_values"), read_params(Fairness, "fairness").rules
    names = open_table(accepted_file).schema_arrow.names
    contract = load_contract(contract_file).bind(names, str(accepted_file))
    candidates = {name: read_predictions(predictions_folder / f"{name}.parquet", contract) for name in CANDIDATE_NAMES}
    predicted = PredictionsReport.read(predicted_file)
    as_trained = {
        name: make_evaluator(contract, judged, rules, values)(
            judged.scores, judged.decisions, measure_auc(judged.favourable, judged.scores)
        )
        for name, judged in candidates.items()
    }
    people = sort_by_fold(candidates[CANDIDATE_NAMES[0]])
    files = FoldInputs(accepted_file, train_file, test_file, features_file)
    folds = read_folds(contract, files, candidates[CANDIDATE_NAMES[0]].folds, predicted.kept_in_folds, training)
    others = list(
        try_variants(params, training, contract, folds, people, make_evaluator(contract, people, rules, values))
    )
    champion, labels = Choice.read(choice_file).champion, list_group_labels(contract)
    report = build_alternatives_report(params, predicted, as_trained, others, champion, labels)
    report.round_floats().write(alternatives_file)
    print(report.finding)
    if report.command:
        print(f"to try it: {report.command}")
