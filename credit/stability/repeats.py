"""Repeat the judgement and the choice in each partition, and summarise what moves."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from pydantic import Field

from credit.choice.champion import ChooseParams, choose_champion
from credit.common.params import Params
from credit.contract import Contract
from credit.evaluation.metrics import UnitValues, compute_metrics
from credit.evaluation.partitions import PartitionScores
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import PeopleCounts, count_predictions
from credit.fairness.figures import compute_group_metrics
from credit.fairness.findings import judge_fairness
from credit.fairness.policies import Fairness
from credit.fairness.waivers import Waiver
from credit.reports.choice import CandidateStability, FindingStability, SeedStability, ShippedDifference, Spread
from credit.reports.fairness import FairnessVerdict, Finding
from credit.reports.figures import FAIRNESS_METRICS, group_key, name_group_figure
from credit.reports.metrics import CandidateMetrics


class StabilityParams(Params):
    """The block `stability`. least_agreement: the share of partitions that should have the same champion."""

    least_agreement: float = Field(gt=0, le=1)


class Gates(NamedTuple):
    """What each partition is judged and chosen by."""

    fairness: Fairness
    choose: ChooseParams
    values: UnitValues
    waivers: Mapping[str, Waiver]


class JudgedCandidate(NamedTuple):
    """A candidate in one partition. `groups`: every figure of the groups of single attributes, under its name."""

    metrics: CandidateMetrics
    groups: dict[str, float | None]
    verdict: FairnessVerdict


class Repeat(NamedTuple):
    """One partition: figures and verdict of each candidate, and who goes forward."""

    judged: Mapping[str, JudgedCandidate]
    champion: str


def replace_scores(predictions: Predictions, scored: PartitionScores) -> Predictions:
    """Put the scores of another partition in place of those of `predict`; the people stay."""
    return predictions._replace(folds=scored.folds, scores=scored.scores, decisions=scored.decisions)


def repeat_choices(
    contract: Contract,
    first: Mapping[str, Predictions],
    further: Mapping[str, Mapping[int, PartitionScores]],
    gates: Gates,
) -> list[Repeat]:
    """Judge every candidate in the first partition and by the scores of each further one, and choose among them.

    A candidate whose scores and decisions are those of the first, as the rule's always are, is judged there alone.
    """
    judged = {name: judge_candidate(contract, name, one, gates) for name, one in first.items()}
    repeats = [choose_again(judged, gates)]
    for number in next(iter(further.values())):
        own = {name: replace_scores(first[name], scored[number]) for name, scored in further.items()}
        again = {
            name: judged[name] if _is_decided_alike(one, first[name]) else judge_candidate(contract, name, one, gates)
            for name, one in own.items()
        }
        repeats.append(choose_again(again, gates))
    return repeats


def _is_decided_alike(one: Predictions, other: Predictions) -> bool:
    return np.array_equal(one.scores, other.scores, equal_nan=True) and np.array_equal(one.decisions, other.decisions)


def judge_candidate(contract: Contract, name: str, predictions: Predictions, gates: Gates) -> JudgedCandidate:
    """Judge a candidate by its predictions of one partition."""
    fairness, today = gates.fairness, date.today()
    counts = count_predictions(contract, predictions)
    return JudgedCandidate(
        compute_metrics(predictions.favourable, predictions.scores, predictions.decisions, gates.values),
        dict(_list_group_figures(counts)),
        judge_fairness(counts, fairness.chosen_policy, fairness.rules, name, gates.waivers, today, tells_pairs=False),
    )


def choose_again(judged: Mapping[str, JudgedCandidate], gates: Gates) -> Repeat:
    """Choose among the candidates as they are judged in one partition."""
    metrics = {name: one.metrics for name, one in judged.items()}
    verdicts = {name: one.verdict for name, one in judged.items()}
    return Repeat(judged, choose_champion(gates.choose, metrics, verdicts).champion)


def _list_group_figures(counts: PeopleCounts) -> Iterator[tuple[str, float | None]]:
    """List every figure of the groups of single attributes."""
    for key in counts.attributes:
        for group, figures in compute_group_metrics(counts, key, level=0.95).groups.items():
            for measure in FAIRNESS_METRICS:
                yield name_group_figure(measure, group_key(key[0], group)), figures.get_value(measure)


def summarise_candidate(
    name: str, repeats: Sequence[Repeat], seeds: SeedStability | None, shipped: ShippedDifference
) -> CandidateStability:
    """Summarise one candidate over the partitions."""
    judged = [one.judged[name] for one in repeats]
    metrics, verdicts = [one.metrics for one in judged], [one.verdict for one in judged]
    lowest = [one.lowest_adverse_impact_ratio for one in verdicts]
    return CandidateStability(
        champion=sum(one.champion == name for one in repeats),
        blocked=sum(one.blocks for one in verdicts),
        verdicts=dict(Counter(one.verdict for one in verdicts)),
        roc_auc=measure_spread([one.roc_auc for one in metrics]),
        expected_value=measure_spread([one.expected_value for one in metrics]),
        seeds=seeds,
        worst_group_ratio=measure_spread([one.value if one else None for one in lowest]),
        worst_groups=dict(Counter(one.key for one in lowest if one)),
        findings=tuple(_summarise_findings(verdicts)),
        deviations=_measure_deviations([one.groups for one in judged]),
        shipped=shipped,
    )


def _summarise_findings(verdicts: Sequence[FairnessVerdict]) -> list[FindingStability]:
    """Summarise each finding that gets a verdict, by its place: the same groups and limits are judged each time."""
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for verdict in verdicts:
        for one in verdict.findings:
            found.setdefault((one.attribute, one.group, one.measure), []).append(one)
    return [
        FindingStability(
            attribute=attribute,
            group=group,
            measure=measure,
            value=measure_spread([one.value for one in of]),
            verdicts=dict(Counter(one.verdict for one in of)),
            blocks=sum(one.blocks for one in of),
        )
        for (attribute, group, measure), of in found.items()
        if any(one.verdict != "reported" for one in of)
    ]


def _measure_deviations(partitions: Sequence[Mapping[str, float | None]]) -> dict[str, float]:
    """Measure the deviation of each figure of a group that every partition has."""
    values = {figure: [one[figure] for one in partitions] for figure in partitions[0]}
    spreads = {figure: measure_spread(own) for figure, own in values.items() if None not in own}
    return {figure: spread.deviation for figure, spread in spreads.items() if spread}


def measure_spread(values: Sequence[float | None]) -> Spread | None:
    """Measure the spread of the values that there are; None where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return Spread(lowest=min(known), mean=float(np.mean(known)), highest=max(known), deviation=deviation)
