"""The search for a less discriminatory alternative: its frontier of quality against equal treatment, in words."""

from collections.abc import Sequence
from typing import NamedTuple

from credit.common.candidate_definition import label_candidate
from credit.common.formatting import format_number, format_percent, join_words, spell_out
from credit.report.alternatives.picture import LegendEntry, PlottedPoint, draw_frontier, place_points
from credit.report.alternatives.table import AlternativeRow, build_alternatives_table, describe_alternative, label_mark
from credit.report.candidates import spell_out_standout
from credit.report.forest import list_limit_values
from credit.report.results import Results
from credit.report.svg import Picture
from credit.reports.alternatives import AlternativesReport, Point
from credit.reports.figures import ADVERSE_IMPACT_RATIO


class StandoutTile(NamedTuple):
    """A candidate that is the best by a figure, measured on the people of the search."""

    words: str
    stands_out: str
    ratio: str
    auc: str
    quality: str
    approval: str
    verdict: str


class TriedEntry(NamedTuple):
    """The shapes of the points without a mark, and the candidates that they belong to."""

    shapes: tuple[str, ...]
    words: str


class Frontier(NamedTuple):
    """The search: its finding in words, the picture (None where there is no point to draw), and the table."""

    description: str
    command: str
    point_count: int
    metric: str
    tolerated: str
    limit: str
    picture: Picture | None
    keys: tuple[LegendEntry, ...]
    tried: TriedEntry
    budget: str
    populations: str
    """On whom this was measured, where it was not the test rows."""
    points: tuple[AlternativeRow, ...]
    standouts: tuple[StandoutTile, ...]


def describe_frontier(results: Results) -> Frontier:
    """Describe the search from `reports/alternatives.json`."""
    report = results.alternatives
    limit = results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    plotted = place_points(report)
    keys = _build_legend(plotted, results.choice.incumbent)
    return Frontier(
        report.finding,
        report.command or "",
        len(report.points),
        spell_out(report.metric),
        format_number(report.tolerated_loss),
        str(limit or ""),
        draw_frontier(report, plotted, list_limit_values(limit), keys) if plotted else None,
        keys,
        _describe_tried(plotted),
        describe_budget(report),
        describe_populations(results),
        build_alternatives_table(results),
        _describe_standouts(results),
    )


def describe_populations(results: Results) -> str:
    """Describe on whom the search was measured, and where the test rows rank the candidates otherwise."""
    report = results.alternatives
    tested = next(iter(results.metrics.values())).rows
    if report.predictions == "test rows":
        return ""
    told = (
        f"These figures are about {report.rows:,} people {report.predictions}, by models of the folds; the quality of "
        f"the candidates above is about {tested:,} test rows, by the models that are packaged."
    )
    values = {name: point.get_value(report.metric) for name, point in _list_trained(report).items()}
    by_folds = {name: round(value, 3) for name, value in values.items() if value is not None}
    tested_values = {name: results.metrics[name].get_value(report.metric) for name in by_folds}
    by_test = {name: round(value, 3) for name, value in tested_values.items() if value is not None}
    orders = [sorted(by, key=lambda name: -by[name]) for by in (by_test, by_folds)]
    if len(by_test) < len(by_folds) or orders[0] == orders[1]:
        return told
    first, second = (
        join_words([f"{label_candidate(name)} {format_number(by[name])}" for name in order])
        for by, order in zip((by_test, by_folds), orders, strict=True)
    )
    return (
        f"{told} They rank the candidates differently by {spell_out(report.metric)}: {first} on the test rows, "
        f"{second} here, where more people are counted."
    )


def _list_trained(report: AlternativesReport) -> dict[str, Point]:
    return {point.candidate: point for point in report.points if point.mark in ("champion", "candidate")}


def _describe_standouts(results: Results) -> tuple[StandoutTile, ...]:
    report, choice = results.alternatives, results.choice
    trained = _list_trained(report)
    elsewhere = {} if report.predictions == "test rows" else {f"the best {choice.metric}": " on the test rows"}
    return tuple(
        StandoutTile(
            label_candidate(item.candidate),
            " and ".join(spell_out_standout(text) + elsewhere.get(text, "") for text in item.stands_out),
            format_number(point.adverse_impact_ratio),
            format_number(point.roc_auc),
            format_number(point.get_value(report.metric)),
            format_percent(point.approval_rate),
            item.verdict,
        )
        for item in choice.side_by_side
        if (point := trained.get(item.candidate))
    )


def describe_budget(report: AlternativesReport) -> str:
    """Describe the searched models, how figures were averaged, and whether training read protected attributes."""
    families = ", ".join(f"{of.models} of {label_candidate(name)}" for name, of in report.searched.items())
    averaged = f"Figures are means over {report.partitions} partitions into folds." if report.partitions > 1 else ""
    reads = (
        "Training of some read protected attributes; no score does."
        if report.reads_protected
        else "No training read a protected attribute, so none of the models that do were searched."
    )
    return " ".join(one for one in (f"Models: {families}." if families else "", averaged, reads) if one)


def _describe_tried(plotted: Sequence[PlottedPoint]) -> TriedEntry:
    shapes = {one.point.candidate: one.shape for one in plotted if not one.point.mark}
    return TriedEntry(tuple(shapes.values()), ", ".join(map(label_candidate, shapes)))


def _build_legend(plotted: Sequence[PlottedPoint], incumbent: str) -> tuple[LegendEntry, ...]:
    marked = [(one, one.point.mark) for one in plotted if one.point.mark]
    return tuple(
        LegendEntry(
            chr(ord("A") + place),
            f"marked {mark}",
            one.shape,
            f"{describe_alternative(one.point)}, {label_mark(one.point, incumbent)}: "
            f"{format_number(one.quality)} at ratio {format_number(one.ratio)}",
        )
        for place, (one, mark) in enumerate(marked)
    )
