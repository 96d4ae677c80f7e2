"""Choose the champion: the best candidate that passes every gate of quality and equal treatment; else the rule.

`reports/choice.json` says who goes forward, and of every other candidate why it does not. The best and the fairest
candidate stand side by side in it, so that a reader sees what one costs in the coin of the other.
"""

from collections.abc import Mapping
from typing import Any

from credit.common.candidate_names import CANDIDATE_NAMES, CandidateName
from credit.common.errors import CreditError, Problem
from credit.common.files import read_json, round_floats, write_json
from credit.common.params import Params, parse_arguments, read_params
from credit.evaluation.gates import QualityGates, RankingMetric, judge_quality

HEURISTIC = "heuristic"
COMPARISON_METRICS = ("roc_auc", "expected_value", "approval_rate", "bad_rate")
"""Figures of `reports/metrics.json` that stand side by side, beside the one that decides."""

CandidateReports = Mapping[str, Mapping[str, Any]]
"""A report of each candidate, by name."""


class ChooseParams(Params):
    """The block `choose_champion`."""

    metric: RankingMetric
    gates: QualityGates


def choose_champion(params: ChooseParams, metrics: CandidateReports, fairness: CandidateReports) -> dict[str, Any]:
    """The content of the report: the champion, and each candidate's figure and what is in its way.

    A candidate without the figure that decides is out, as one that fails a gate. The rule goes forward when nobody
    else may, gates or not: it is what decided before there was a model.
    """
    for name, figures in metrics.items():
        if params.metric not in figures:
            where = "params.yaml: choose.metric"
            raise CreditError(Problem(where, params.metric, f"a figure of {name} in reports/metrics.json"))
    candidates = {}
    for name in CANDIDATE_NAMES:
        quality = judge_quality(name, metrics, params.gates, None)
        against = [finding["reason"] for finding in quality["findings"] if not finding["passes"]]
        against += [finding["reason"] for finding in fairness[name]["findings"] if finding["blocks"]]
        value = metrics[name][params.metric]
        if value is None:
            against.append(f"{params.metric} is missing.")
        if metrics[name]["approval_rate"] == 0:
            against.append("it approves nobody, so nothing about approvals can be judged.")
        candidates[name] = {params.metric: value, "passes": not against, "against": against}
    passing = [name for name in CANDIDATE_NAMES if candidates[name]["passes"]]
    champion = max(passing, key=lambda name: candidates[name][params.metric], default=HEURISTIC)
    why = f"the best {params.metric} of those that pass every gate" if passing else "no candidate passes every gate"
    return {
        "champion": champion,
        "why": why,
        "metric": params.metric,
        "candidates": candidates,
        "side_by_side": side_by_side(params.metric, metrics, fairness),
    }


def side_by_side(metric: str, metrics: CandidateReports, fairness: CandidateReports) -> list[dict[str, Any]]:
    """The best candidate by `metric` and the fairest, the one with the highest of the lowest ratios; often not one."""
    ratios = {name: fairness[name]["lowest_adverse_impact_ratio"] for name in CANDIDATE_NAMES}
    values = {name: metrics[name][metric] for name in CANDIDATE_NAMES if metrics[name][metric] is not None}
    lowest = {name: ratio["value"] for name, ratio in ratios.items() if ratio}
    stand_out: dict[CandidateName, list[str]] = {}
    if values:
        stand_out.setdefault(max(values, key=values.__getitem__), []).append(f"the best {metric}")
    if lowest:
        fairest = max(lowest, key=lowest.__getitem__)
        stand_out.setdefault(fairest, []).append("the highest lowest adverse impact ratio")
    return [
        {
            "candidate": name,
            "stands_out": by,
            **{figure: metrics[name].get(figure) for figure in dict.fromkeys((metric, *COMPARISON_METRICS))},
            "lowest_adverse_impact_ratio": (ratios[name] or {}).get("value"),
            "group": "{attribute}: {group}".format(**ratios[name]) if ratios[name] else None,
            "verdict": fairness[name]["verdict"],
        }
        for name, by in stand_out.items()
    ]


def main() -> None:
    """Write `reports/choice.json`."""
    args = parse_arguments(__doc__, "metrics", "fairness", "choice")
    params = read_params(ChooseParams, "choose")
    fairness: dict[str, Any] = {name: read_json(args.fairness / f"{name}.json") for name in CANDIDATE_NAMES}
    choice = round_floats(choose_champion(params, read_json(args.metrics), fairness))
    write_json(args.choice, choice)
    print(f"champion: {choice['champion']}, {choice['why']}")
    for name, told in choice["candidates"].items():
        for reason in told["against"]:
            print(f"  against {name}: {reason}")
    for told in choice["side_by_side"]:
        whom = f"{told['lowest_adverse_impact_ratio']} for {told['group']}" if told["group"] else "none"
        figures = f"{params.metric} {told[params.metric]}, lowest adverse impact ratio {whom}"
        print(f"  {' and '.join(told['stands_out'])}: {told['candidate']} ({figures})")
