"""Choose the champion: the best candidate that passes every gate of quality and equal treatment, else the incumbent."""

from collections.abc import Collection, Mapping

from pydantic import Field

from credit.common.errors import Problem, raise_if_any
from credit.common.params import Params
from credit.evaluation.gates import QualityGates, judge_quality
from credit.reports.choice import COMPARISON_METRICS, Choice, ChoiceCandidate, Standout
from credit.reports.fairness import FairnessVerdict
from credit.reports.metrics import CandidateMetrics, RankingMetric


class ChooseParams(Params):
    """The block `choose`."""

    metric: RankingMetric
    incumbent: str
    noninferiority_margin: float = Field(ge=0)
    gates: QualityGates


def choose_champion(
    params: ChooseParams, metrics: Mapping[str, CandidateMetrics], fairness: Mapping[str, FairnessVerdict]
) -> Choice:
    """Choose the champion; list each candidate's figure and the reasons against it. Both reports are by candidate.

    A candidate without the figure that decides is out, as one that fails a gate. The incumbent goes forward when no
    other may, gates or not. `better` is empty: `credit.choice.incumbent` fills it, which needs the people.
    """
    raise_if_any(find_incumbent_problems(params, metrics))
    candidates, values = {}, {}
    for name in metrics:
        against = [finding.reason for finding in judge_quality(name, metrics, params.gates, None) if not finding.passes]
        against += [finding.reason for finding in fairness[name].findings if finding.blocks]
        value = metrics[name].get_value(params.metric)
        if value is None:
            against.append(f"{params.metric} is missing.")
        if metrics[name].approval_rate == 0:
            against.append("it approves nobody, so nothing about approvals can be judged.")
        candidates[name] = ChoiceCandidate(
            **{params.metric: value}, eligible=not against, verdict=fairness[name].verdict, against=tuple(against)
        )
        if value is not None and not against:
            values[name] = value
    return Choice(
        champion=max(values, key=values.__getitem__, default=params.incumbent),
        why=(
            f"the best {params.metric} of those that pass every gate"
            if values
            else "the incumbent: no candidate passes every gate"
        ),
        metric=params.metric,
        candidates=candidates,
        side_by_side=compare_standouts(params.metric, metrics, fairness),
        incumbent=params.incumbent,
        better=(),
    )


def find_incumbent_problems(params: ChooseParams, candidates: Collection[str]) -> list[Problem]:
    """Find out whether the incumbent is none of the candidates."""
    if params.incumbent in candidates:
        return []
    where, fix = "params.yaml: choose.incumbent", "name what is live, or heuristic, the rule"
    return [Problem(where, repr(params.incumbent), f"one of {', '.join(candidates)}", fix)]


def compare_standouts(
    metric: RankingMetric, metrics: Mapping[str, CandidateMetrics], fairness: Mapping[str, FairnessVerdict]
) -> tuple[Standout, ...]:
    """Compare the best candidate by `metric` with the fairest, of the highest lowest ratio; often not the same."""
    ratios = {name: fairness[name].lowest_adverse_impact_ratio for name in metrics}
    values = {name: value for name in metrics if (value := metrics[name].get_value(metric)) is not None}
    lowest = {name: ratio.value for name, ratio in ratios.items() if ratio}
    stand_out: dict[str, list[str]] = {}
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
