"""Search for a less discriminatory alternative: other cut-offs and regularisation, quality against equal treatment.

The question that a lender will be asked: was there a way to decide that served as well and treated people more
alike? `reports/alternatives.json` has every point that was tried, the frontier, and the fairest one within a loss of
quality that params tolerate. Nothing here decides: a point that looks good is set in params and judged like any other.
"""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.common.candidate_names import NAMES, Name
from credit.common.files import read_json, rounded, write_json
from credit.common.params import arguments, read_params
from credit.contract import Contract, load_contract
from credit.data.tables import open_table, read_frame
from credit.evaluation.metrics import UnitValues
from credit.evaluation.predictions import Predictions, in_folds, read_predictions
from credit.fairness.counts import count
from credit.fairness.inputs import codes_in, groups_in
from credit.fairness.policies import Fairness, Rules
from credit.fairness.verdicts import lowest_ratio
from credit.training.alternatives import (
    FindAlternatives,
    Judge,
    Point,
    auc,
    command,
    fairest,
    scores_of,
    sweep,
    told,
    variants,
    with_frontier,
    worth,
)
from credit.training.cross_fitting import Fold, folds_in
from credit.training.train import Train

MODELS: tuple[Name, ...] = ("logistic", "random_forest")
"""Candidates that have something to regularise; the rule has one threshold, the lender's own."""


def judge_of(contract: Contract, people: Predictions, rules: Rules, values: UnitValues) -> Judge:
    """What decisions about these people are worth, and how the group that they treat worst fares."""
    groups, codes = groups_in(contract), codes_in(contract, people.people)

    def judge(scores: NDArray[np.float64], decisions: NDArray[np.str_]) -> Point:
        counts = count(groups, codes, people.favourable, scores, decisions)
        ratio = lowest_ratio(counts, rules.level, rules.smallest_denominator)
        return worth(people.favourable, decisions, values, ratio)

    return judge


def tried(
    params: FindAlternatives,
    training: Train,
    contract: Contract,
    folds: Sequence[Fold],
    people: Predictions,
    judge: Judge,
) -> Iterator[Point]:
    """Every variant of every model at every share. `people`: the folds' unseen rows, fold after fold."""
    todo = [(name, knobs) for name in MODELS for knobs in variants(name, training.knobs(name), getattr(params, name))]
    scored = scores_of(contract, folds, [knobs for _, knobs in todo], training.cross_validation.seed)
    for (name, knobs), scores in zip(todo, scored, strict=True):
        shown = {key: value for key, value in knobs.model_dump().items() if key in getattr(params, name)}
        quality = auc(people.favourable, scores)
        for share, decisions in sweep(scores, params.approval_shares.values, training.policy.referral_budget):
            which = {"candidate": name, "hyperparameters": shown, "approval_share": share, "mark": None}
            yield which | quality | judge(scores, decisions)


def report(
    params: FindAlternatives, as_trained: Mapping[Name, Point], others: Sequence[Point], champion: str
) -> dict[str, Any]:
    """The content of the report: what was found, in words, and every point, the candidates as they were trained first.

    A point's `mark`: `champion`, `candidate` for the others as trained, `alternative` for the one that is suggested.
    """
    trained = [
        {
            "candidate": name,
            "hyperparameters": {},
            "approval_share": None,
            "mark": "champion" if name == champion else "candidate",
            **figures,
        }
        for name, figures in as_trained.items()
    ]
    points = [*trained, *others]
    baseline = max(trained, key=lambda one: one[params.metric])
    found = fairest(points, baseline, params)
    if found is not None and found["mark"] is None:
        found["mark"] = "alternative"
    return {
        "metric": params.metric,
        "tolerated_loss": params.tolerated_loss,
        "told": told(baseline, found, params, len(points)),
        "try": command(found) if found else None,
        "points": with_frontier(points, params.metric),
    }


def folds_for(
    contract: Contract, args: Namespace, codes: NDArray[np.int64], kept: list[list[str]], training: Train
) -> list[Fold]:
    """The folds that `predict` made; if it made none, one: trained on the training rows, judged on the test rows.

    Of a large table as many training rows are used as for cut-offs: enough to tell one alternative from another.
    """
    if kept:
        return list(folds_in(read_frame(args.accepted, [*contract.features, contract.label]), codes, kept))
    features = read_json(args.features)["kept"]
    columns = [*features, contract.label]
    seen = read_frame(args.train, columns)
    step = -(-len(seen) // training.cross_validation.rows)
    return [Fold(seen[::step], read_frame(args.test, columns), features)]


def main() -> None:
    """Write `reports/alternatives.json`."""
    files = ("contract", "accepted", "train", "test", "features", "predictions", "predicted", "choice", "alternatives")
    args = arguments(__doc__, *files)
    params, training = read_params(FindAlternatives, "find_alternatives"), read_params(Train, "train")
    values, rules = read_params(UnitValues, "evaluate.unit_values"), read_params(Fairness, "fairness").rules
    names = open_table(args.accepted).schema_arrow.names
    contract = load_contract(args.contract).bound_to(names, str(args.accepted))
    candidates = {name: read_predictions(args.predictions / f"{name}.parquet", contract) for name in NAMES}
    predicted = read_json(args.predicted)
    as_trained = {
        name: auc(told.favourable, told.scores) | judge_of(contract, told, rules, values)(told.scores, told.decisions)
        for name, told in candidates.items()
    }
    people = in_folds(candidates[NAMES[0]])
    folds = folds_for(contract, args, candidates[NAMES[0]].folds, predicted["kept_in_folds"], training)
    others = list(tried(params, training, contract, folds, people, judge_of(contract, people, rules, values)))
    content = report(params, as_trained, others, read_json(args.choice)["champion"])
    write_json(
        args.alternatives, rounded({"predictions": predicted["predictions"], "rows": predicted["rows"]} | content)
    )
    print(content["told"])
    if content["try"]:
        print(f"to try it: {content['try']}")
