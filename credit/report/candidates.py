"""Candidates in one line each: figures, gates, and the reasons against them."""

from typing import NamedTuple

from credit.common.candidate_definition import label_candidate, list_definitions, load_definition
from credit.common.formatting import (
    DASH,
    MetricText,
    format_interval,
    format_metric,
    format_number,
    spell_out,
)
from credit.evaluation.gates import GateFinding, judge_quality
from credit.report.results import Results
from credit.report.svg import CandidateStyle, style_candidates

CANDIDATE_METRICS = ("roc_auc", "approval_rate", "referral_rate", "bad_rate", "expected_value", "calibration_error")
"""Figures that stand side by side; the others are in `reports/metrics.json`."""


class CandidateSummary(NamedTuple):
    """One candidate. `ratio`: the lowest adverse impact ratio; `whom`: of which group, and how many people it has."""

    name: str
    words: str
    description: str
    style: CandidateStyle
    champion: bool
    eligible: bool
    verdict: str
    stands_out: str
    figures: dict[str, MetricText]
    ratio: MetricText
    whom: str
    gates: tuple[GateFinding, ...]
    against: tuple[str, ...]


def describe_candidates(results: Results) -> tuple[CandidateSummary, ...]:
    """Describe every candidate, in the order of the reports."""
    return tuple(_describe_candidate(name, results) for name in results.choice.candidates)


def _describe_candidate(name: str, results: Results) -> CandidateSummary:
    verdict, judged = results.choice.candidates[name], results.judged[name]
    lowest = judged.lowest_adverse_impact_ratio
    people = f", {lowest.people:,} people" if lowest else ""
    stands_out = {item.candidate: item.stands_out for item in results.choice.side_by_side}
    return CandidateSummary(
        name=name,
        words=label_candidate(name),
        description=load_definition(name).description if name in list_definitions() else "",
        style=style_candidates(results.choice.candidates)[name],
        champion=name == results.choice.champion,
        eligible=verdict.eligible,
        verdict=judged.verdict,
        stands_out=" and ".join(spell_out_standout(text) for text in stands_out.get(name, ())),
        figures={figure: format_metric(results.metrics[name], figure) for figure in CANDIDATE_METRICS},
        ratio=MetricText(format_number(lowest.value), format_interval(lowest.interval)) if lowest else MetricText(DASH),
        whom=(results.name_group(lowest.attribute, lowest.group) if lowest else DASH) + people,
        gates=judge_quality(name, results.metrics, results.gates, None),
        against=verdict.against,
    )


def spell_out_standout(text: str) -> str:
    """Spell out by what a candidate stands out."""
    best, _, figure = text.partition("the best ")
    return f"the best {spell_out(figure)}" if figure and not best else text
