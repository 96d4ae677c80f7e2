"""The sections of the comment, each from one part of the comparison; empty where there is nothing to report."""

from collections.abc import Mapping
from typing import Any

from credit.reports.fairness import LowestRatio
from release.compare.comparison import Comparison
from release.compare.data_and_params import DataComparison
from release.compare.decisions import DecisionComparison
from release.compare.features import FeatureComparison
from release.compare.markdown import (
    NO_VALUE,
    escape,
    format_champion,
    format_count,
    format_details,
    format_interval_cell,
    format_number_cell,
    format_sides,
    format_signed,
    format_table,
)
from release.compare.results import MetricChange
from release.compare.same_people import Uncompared
from release.compare.sides import Sides


def render_candidates(comparison: Comparison) -> str:
    """Render the result of each candidate, and why some are out."""
    head = comparison.head
    rows = []
    for row in comparison.candidates:
        name = escape(row.candidate)
        rows.append(
            [
                f"**{name}**" if row.candidate == head.champion else name,
                format_sides(row.eligible.map(_format_eligible)),
                format_sides(row.verdict.map(lambda verdict: verdict or NO_VALUE)),
                format_sides(Sides(*map(_format_lowest_ratio, row.lowest_ratio, row.lowest_group))),
                format_sides(row.roc_auc.map(format_number_cell)),
            ]
        )
    why = [f"- {escape(name)}: {escape(one)}" for name, all_ in head.against.items() for one in all_]
    more = format_details("Failed gates", "\n".join(why)) if why else ""
    heads = ["candidate", "eligible", "fairness", "worst-group ratio", "roc auc"]
    return format_table(heads, rows, 3) + (f"\n\n{more}" if more else "")


def _format_eligible(eligible: bool | None) -> str:
    return NO_VALUE if eligible is None else "yes" if eligible else "no"


def _format_lowest_ratio(ratio: LowestRatio | None, whose: str | None) -> str:
    return f"{format_number_cell(ratio.value)} {escape(whose)}" if ratio else NO_VALUE


def render_decisions(people: DecisionComparison | Uncompared) -> str:
    """Render how many decisions flip, and from which to which."""
    if isinstance(people, Uncompared):
        return f"**Decisions** could not be compared person by person: {escape(people.why_not)}"
    total, flipped, names = people.people, people.flipped, people.decisions
    alone = [("base", people.only_in_base), ("head", people.only_in_head)]
    left = "".join(f" {count:,} more are only in the table of the {side}." for side, count in alone if count)
    if not flipped:
        return f"**Decisions**: all {total:,} people are decided as before.{left}"
    rows = [
        [f"was {name}", *(f"{count:,}" if i != j else f"_{count:,}_" for j, count in enumerate(line))]
        for i, (name, line) in enumerate(zip(names, people.flips, strict=True))
    ]
    head = f"**Decisions**: {flipped:,} of {total:,} people ({flipped / total:.1%}) are decided differently.{left}"
    return f"{head}\n\n" + format_table(["", *(f"now {name}" for name in names)], rows)


def render_metrics(comparison: Comparison) -> str:
    """Render the quality of the champions of both sides with intervals, so that noise is recognised as noise."""
    base, head = comparison.base.champion, comparison.head.champion
    who = format_champion(head) if base in (None, head) else f"{format_champion(base)} → {format_champion(head)}"
    shown = f"**Quality** of the champion, {who}, on the test rows\n\n"
    shown += format_table(METRIC_HEADERS, [_format_metric(row) for row in comparison.champion_metrics])
    shown += _render_common_quality(comparison.people)
    rows = [[escape(row.candidate), *_format_metric(row)] for row in comparison.metrics]
    return f"{shown}\n\n" + format_details("Every candidate", format_table(["candidate", *METRIC_HEADERS], rows, 2))


def _render_common_quality(people: DecisionComparison | Uncompared) -> str:
    """Render the quality on the people of both tables, which is comparable whoever the test rows are."""
    if isinstance(people, Uncompared) or people.roc_auc is None or not people.roc_auc.change:
        return ""
    one = people.roc_auc
    low, high = one.interval
    noise = "beyond noise" if one.beyond_noise else "may be noise"
    return (
        f"\n\nOn the {one.people:,} people of both: roc auc {format_number_cell(one.base)} → "
        f"{format_number_cell(one.head)}, {format_signed(one.change)} "
        f"({format_signed(low)} to {format_signed(high)}), {noise}."
    )


def list_other_people(comparison: Comparison) -> list[str]:
    """List what is to be known when figures of the test rows are of other people on the two sides; a sentence each."""
    measured = comparison.measured
    if measured is None:
        return []
    if isinstance(measured, Uncompared):
        return [
            f"whether the same people are measured is not known, so no change is judged: {escape(measured.why_not)}"
        ]
    if measured.are_the_same:
        return []
    why = "rows came or went, or are split differently"
    if not measured.by_id:
        contract = escape(comparison.data.contract.head)
        why = (
            f"without an id, a hash of the whole row deals people: one more column deals them anew; give {contract} a "
        )
        why += "column of role id"
    return [
        f"other people are measured: {measured.common:,} of {measured.base:,} test people of the base are among the "
        f"{measured.head:,} of the head; figures on the test rows cannot be compared, see those on the people of both. "
        f"{why[:1].upper()}{why[1:]}"
    ]


METRIC_HEADERS = ("", "base", "head", "change", "95% interval of head", "noise?")


def _format_metric(row: MetricChange) -> list[str]:
    judged = bool(row.interval and row.change)
    noise = "**no, beyond it**" if row.beyond_noise else "may be"
    if row.beyond_noise is None:
        noise = "not judged"
    elif row.seed_band:
        noise += f", seed band ±{row.seed_band:.3f}"
    return [
        row.figure.replace("_", " "),
        format_number_cell(row.base),
        format_number_cell(row.head),
        format_signed(row.change),
        format_interval_cell(row.interval),
        noise if judged else "",
    ]


def render_features(changes: FeatureComparison) -> str:
    """Render features added and dropped, with reasons, and those that now guess a protected attribute."""
    if not changes.has_changes:
        return ""
    lines = [f"- added {', '.join(map(escape, changes.added))}"] if changes.added else []
    for reason in dict.fromkeys(changes.dropped.values()):
        gone = ", ".join(escape(one) for one, why in changes.dropped.items() if why == reason)
        lines.append(f"- dropped {gone}: {escape(reason)}")
    lines += [
        f"- ⚠️ {escape(one.feature)} is a new proxy: it predicts {escape(one.attribute)} "
        f"with an AUC of {format_number_cell(one.auc)}"
        for one in changes.new_proxies
    ]
    lines += [
        f"- ⚠️ {escape(one)} is about a place, and so about who lives there: a proxy by what it is"
        for one in changes.new_places
    ]
    return "\n".join([f"**Features**: {changes.kept} kept", *lines])


def render_data(changes: DataComparison) -> str:
    """Render the changes of the data that the models learned from."""
    counts = ", ".join(f"{name} {format_sides(both.map(format_count))}" for name, both in changes.counts.items())
    changed = ", ".join(map(escape, changes.changed))
    what = f"changed: {changed}" if changed else "the same data"
    contracts = format_sides(changes.contract.map(lambda path: escape(path.rpartition("/")[2])))
    contract = f"**the contract changed** ({contracts})" if changes.contract_changed else f"contract {contracts}"
    return f"**Data**: {what}; {contract}; {counts}"


def render_params(params: Mapping[str, Sides[Any]]) -> str:
    """Render the changed parameters."""
    rows = [[escape(name), escape(old), escape(new)] for name, (old, new) in params.items()]
    return f"**Parameters**\n\n{format_table(['', 'base', 'head'], rows)}" if rows else ""
