"""Every figure of every group, the pairs of groups in short, and what the recorded outcomes say by themselves."""

from collections import Counter
from typing import NamedTuple

from credit.common.formatting import (
    DASH,
    MetricText,
    format_group,
    format_interval,
    format_metric,
    format_number,
    spell_out,
)
from credit.fairness.counts import PAIR_SEPARATOR
from credit.report.forest import ADVERSE_IMPACT_RATIO, is_drawable
from credit.report.results import Json, Results


class GroupsTable(NamedTuple):
    """One candidate's figures by the groups of one attribute: a row per figure, a cell per group."""

    candidate: str
    groups: tuple[str, ...]
    rows: dict[str, tuple[MetricText, ...]]


class AttributeTables(NamedTuple):
    """A protected attribute: what it is, and its tables, one per candidate."""

    name: str
    description: str
    reference: str
    tables: tuple[GroupsTable, ...]


class PairsSummary(NamedTuple):
    """One candidate's pairs of groups: how often each verdict, the lowest ratio and whose, and what fails.

    The lowest is of groups that are large enough to be judged, as it is of single attributes.
    """

    candidate: str
    verdicts: dict[str, int]
    lowest: MetricText
    whom: str
    fails: tuple[str, ...]


class OutcomeGap(NamedTuple):
    """The group with the lowest share of favourable outcomes beside its reference's: no candidate is in this."""

    attribute: str
    group: str
    reference: str
    rate: MetricText
    reference_rate: MetricText
    ratio: float


def build_groups_tables(results: Results) -> tuple[AttributeTables, ...]:
    """Every protected attribute of the contract."""
    return tuple(
        AttributeTables(
            spell_out(name),
            column.description,
            column.reference or "",
            tuple(
                _build_groups_table(candidate, name, judged["groups"]) for candidate, judged in results.judged.items()
            ),
        )
        for name, column in results.contract.protected.items()
    )


def _build_groups_table(candidate: str, attribute: str, groups: Json) -> GroupsTable:
    start = f"{attribute}: "
    own = {name.removeprefix(start): of for name, of in groups.items() if name.startswith(start)}
    figures = [key for key in next(iter(own.values()), {}) if not key.endswith("_interval")]
    rows = {spell_out(key): tuple(format_metric(of, key) for of in own.values()) for key in figures}
    return GroupsTable(spell_out(candidate), tuple(own), rows)


def summarise_pairs(results: Results) -> tuple[PairsSummary, ...]:
    """Every candidate's pairs, in short."""
    least = results.fairness.rules.smallest_denominator
    return tuple(_summarise_candidate_pairs(name, judged, least) for name, judged in results.judged.items())


def _summarise_candidate_pairs(name: str, judged: Json, least: int) -> PairsSummary:
    items = [item for item in (*judged["findings"], *judged["pairs"]) if PAIR_SEPARATOR in item["attribute"]]
    gated = [item for item in items if item["verdict"] != "reported"]
    ratios = [
        item
        for item in items
        if item["measure"] == ADVERSE_IMPACT_RATIO and is_drawable(item) and item["people"] >= least
    ]
    lowest = min(ratios, key=lambda item: item["value"], default=None)
    return PairsSummary(
        spell_out(name),
        dict(Counter(item["verdict"] for item in gated)),
        MetricText(format_number(lowest["value"]), format_interval(lowest["interval"])) if lowest else MetricText(DASH),
        f"{format_group(lowest['attribute'], lowest['group'])}, {lowest['people']:,} people" if lowest else DASH,
        tuple(item["reason"] for item in gated if item["verdict"] == "fail"),
    )


def find_lowest_outcome(results: Results) -> OutcomeGap | None:
    """Where the recorded outcomes differ most, among groups that are large enough to be judged."""
    groups = next(iter(results.judged.values()))["groups"]
    least = results.fairness.rules.smallest_denominator
    found = []
    for attribute, column in results.contract.protected.items():
        reference = groups.get(f"{attribute}: {column.reference}", {})
        if reference.get("people", 0) < least or not reference["base_rate"]:
            continue
        for name, of in groups.items():
            group = name.removeprefix(f"{attribute}: ")
            if group not in (name, column.reference) and of["people"] >= least:
                ratio = of["base_rate"] / reference["base_rate"]
                rates = format_metric(of, "base_rate"), format_metric(reference, "base_rate")
                found.append(OutcomeGap(attribute, group, column.reference or "", *rates, ratio))
    return min(found, key=lambda outcome: outcome.ratio, default=None)
