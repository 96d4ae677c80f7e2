"""Choose the champion: the best candidate that passes every gate of quality and equal treatment; else the rule.

`reports/choice.json` says who goes forward, and of every other candidate why it does not. The best and the fairest
candidate are side by side in it, so that a reader sees what each costs in terms of the other.
"""

from collections.abc import Mapping
from pathlib import Path

from credit.common.candidate_names import CANDIDATE_NAMES, HEURISTIC, CandidateName
from credit.common.cli import make_stage
from credit.common.params import Params, read_params
from credit.evaluation.gates import QualityGates, judge_quality
from credit.reports.choice import COMPARISON_METRICS, Choice, ChoiceCandidate, Standout
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics, Metrics, RankingMetric


class ChooseParams(Params):
    """The block `choose`."""

    metric: RankingMetric
    gates: QualityGates


def choose_champion(
    params: ChooseParams, metrics: Mapping[str, CandidateMetrics], fairness: Mapping[str, FairnessReport]
) -> Choice:
    """Choose the champion; list each candidate's figure and the reasons against it. Both reports are by candidate.

    A candidate without the figure that decides is out, as one that fails a gate. The rule goes forward when no
    other may, gates or not: it decided before there was a model.
    """
    candidates, values = {}, {}
    for name in CANDIDATE_NAMES:
        against = [finding.reason for finding in judge_quality(name, metrics, params.gates, None) if not finding.passes]
        against += [finding.reason for finding in fairness[name].findings if finding.blocks]
        value = metrics[name].get_value(params.metric)
        if value is None:
            against.append(f"{params.metric} is missing.")
        if metrics[name].approval_rate == 0:
            against.append("it approves nobody, so nothing about approvals can be judged.")
        candidates[name] = ChoiceCandidate(**{params.metric: value}, passes=not against, against=tuple(against))
        if value is not None and not against:
            values[name] = value
    return Choice(
        champion=max(values, key=values.__getitem__, default=HEURISTIC),
        why=f"the best {params.metric} of those that pass every gate" if values else "no candidate passes every gate",
        metric=params.metric,
        candidates={str(name): one for name, one in candidates.items()},
        side_by_side=compare_standouts(params.metric, metrics, fairness),
    )


def compare_standouts(
    metric: RankingMetric, metrics: Mapping[str, CandidateMetrics], fairness: Mapping[str, FairnessReport]
) -> tuple[Standout, ...]:
    """Compare the best candidate by `metric` with the fairest, of the highest lowest ratio; often not the same."""
    ratios = {name: fairness[name].lowest_adverse_impact_ratio for name in CANDIDATE_NAMES}
    values = {name: value for name in CANDIDATE_NAMES if (value := metrics[name].get_value(metric)) is not None}
    lowest = {name: ratio.value for name, ratio in ratios.items() if ratio}
    stand_out: dict[CandidateName, list[str]] = {}
    if values:
        stand_out.setdefault(max(values, key=values.__getitem__), []).append(f"the best {metric}")
    if lowest:
        fairest = max(lowest, key=lowest.__getitem__)
        stand_out.setdefault(fairest, []).append("the best worst-group ratio")
    return tuple(
        Standout(
            candidate=name,
            stands_out=tuple(by),
            lowest_adverse_impact_ratio=lowest.get(name),
            group=ratio.key if (ratio := ratios[name]) else None,
            verdict=fairness[name].verdict,
            **{figure: metrics[name].get_value(figure) for figure in dict.fromkeys((metric, *COMPARISON_METRICS))},
        )
        for name, by in stand_out.items()
    )


@make_stage(__doc__)
def run(metrics_file: Path, fairness_folder: Path, choice_file: Path) -> None:
    """Write `reports/choice.json`."""
    params = read_params(ChooseParams, "choose")
    fairness: dict[str, FairnessReport] = {
        name: FairnessReport.read(fairness_folder / f"{name}.json") for name in CANDIDATE_NAMES
    }
    choice = choose_champion(params, Metrics.read(metrics_file).candidates, fairness).round_floats()
    choice.write(choice_file)
    print(f"champion: {choice.champion}, {choice.why}")
    for name, candidate in choice.candidates.items():
        for reason in candidate.against:
            print(f"  against {name}: {reason}")
    for one in choice.side_by_side:
        lowest = fairness[one.candidate].lowest_adverse_impact_ratio
        group = lowest and fairness[one.candidate].name_group(lowest.attribute, lowest.group)
        whom = f"{one.lowest_adverse_impact_ratio} for {lowest.attribute}: {group}" if lowest else "none"
        figures = f"{params.metric} {one.get_value(params.metric)}, worst-group ratio {whom}"
        print(f"  {' and '.join(one.stands_out)}: {one.candidate} ({figures})")
