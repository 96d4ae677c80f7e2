"""Figures of every group, the pairs of groups in short, and the gaps in the recorded outcomes."""

from collections import Counter
from typing import NamedTuple

from credit.common.candidate_definition import label_candidate
from credit.common.formatting import (
    DASH,
    MetricText,
    format_interval,
    format_metric,
    format_number,
    spell_out,
)
from credit.report.forest import get_drawable
from credit.report.results import Results
from credit.reports.fairness import FairnessReport
from credit.reports.figures import ADVERSE_IMPACT_RATIO, PAIR_SEPARATOR, GroupFigures


class GroupsTable(NamedTuple):
    """One candidate's figures by the groups of one attribute: a row per figure, a cell per group."""

    candidate: str
    groups: tuple[str, ...]
    rows: dict[str, tuple[MetricText, ...]]


class AttributeTables(NamedTuple):
    """A protected attribute: its description, and its tables, one per candidate."""

    name: str
    description: str
    reference: str
    tables: tuple[GroupsTable, ...]


class PairsSummary(NamedTuple):
    """One candidate's pairs of groups: the count of each verdict, the lowest ratio and its pair, objections.

    The lowest is of groups that are large enough to be judged, as it is of single attributes.
    """

    candidate: str
    verdicts: dict[str, int]
    lowest: MetricText
    whom: str
    against: tuple[str, ...]


class OutcomeGap(NamedTuple):
    """The group with the lowest share of favourable outcomes beside its reference's, whatever the candidates decide."""

    attribute: str
    group: str
    reference: str
    rate: MetricText
    reference_rate: MetricText
    ratio: float


def build_groups_tables(results: Results) -> tuple[AttributeTables, ...]:
    """Build the tables of every protected attribute of the contract."""
    return tuple(
        AttributeTables(
            spell_out(name),
            column.description,
            results.label_group(name, column.reference or ""),
            tuple(
                _build_groups_table(candidate, _select_labelled_groups(results, judged, name))
                for candidate, judged in results.judged.items()
            ),
        )
        for name, column in results.contract.protected.items()
    )


def _select_labelled_groups(results: Results, judged: FairnessReport, attribute: str) -> dict[str, GroupFigures]:
    return {results.label_group(attribute, group): of for group, of in judged.select_groups(attribute).items()}


def _build_groups_table(candidate: str, groups: dict[str, GroupFigures]) -> GroupsTable:
    names = GroupFigures.list_names() if groups else ()
    rows = {spell_out(name): tuple(format_metric(of, name) for of in groups.values()) for name in names}
    return GroupsTable(label_candidate(candidate), tuple(groups), rows)


def summarise_pairs(results: Results) -> tuple[PairsSummary, ...]:
    """Summarise every candidate's pairs."""
    return tuple(_summarise_candidate_pairs(name, judged, results) for name, judged in results.judged.items())


def _summarise_candidate_pairs(name: str, judged: FairnessReport, results: Results) -> PairsSummary:
    least = results.fairness.rules.smallest_denominator
    items = [item for item in (*judged.findings, *judged.pairs) if PAIR_SEPARATOR in item.attribute]
    gated = [item for item in items if item.verdict != "reported"]
    ratios = [
        (*figure, item)
        for item in items
        if item.measure == ADVERSE_IMPACT_RATIO and item.people >= least and (figure := get_drawable(item))
    ]
    lowest, whom = MetricText(DASH), DASH
    if ratios:
        value, interval, item = min(ratios, key=lambda ratio: ratio[0])
        lowest = MetricText(format_number(value), format_interval(interval))
        whom = f"{results.name_group(item.attribute, item.group)}, {item.people:,} people"
    verdicts = dict(Counter(str(item.verdict) for item in gated))
    against = tuple(item.reason for item in gated if item.verdict in ("fail", "unequal"))
    return PairsSummary(label_candidate(name), verdicts, lowest, whom, against)


def find_lowest_outcome(results: Results) -> OutcomeGap | None:
    """Find where the recorded outcomes differ most, among groups that are large enough to be judged."""
    judged = next(iter(results.judged.values()))
    least = results.fairness.rules.smallest_denominator
    found = []
    for attribute, column in results.contract.protected.items():
        name = column.reference or ""
        groups = judged.select_groups(attribute)
        reference = groups.pop(name, None)
        if reference is None or reference.people < least or not reference.base_rate:
            continue
        for group, of in groups.items():
            if of.people >= least and of.base_rate is not None:
                rates = format_metric(of, "base_rate"), format_metric(reference, "base_rate")
                own, beside = (results.label_group(attribute, one) for one in (group, name))
                found.append(OutcomeGap(attribute, own, beside, *rates, of.base_rate / reference.base_rate))
    return min(found, key=lambda outcome: outcome.ratio, default=None)
