"""The stability of the verdict: a row for each candidate, from `reports/stability.json`."""

from typing import NamedTuple

from credit.common.candidate_definition import label_candidate
from credit.common.candidate_names import HEURISTIC
from credit.common.formatting import DASH, format_number, format_percent
from credit.report.results import Results
from credit.reports.choice import CandidateStability, SeedStability, ShippedDifference, Spread, StabilityReport
from credit.reports.figures import split_group_key


class StabilityRow(NamedTuple):
    """One candidate over the partitions, and its shipped model beside the models of the folds."""

    words: str
    champion: str
    ratio: str
    whose: str
    verdicts: str
    blocked: str
    value: str
    seeds: str
    """AUC and expected value of the test rows, by other seeds."""
    otherwise: str
    """Test rows that the shipped model decides otherwise, and the group where they are most."""
    thresholds: str


class StabilitySummary(NamedTuple):
    """The partitions: `warning` is empty where the champion is the same often enough."""

    partitions: int
    warning: str
    rows: tuple[StabilityRow, ...]


def describe_stability(results: Results) -> StabilitySummary | None:
    """Describe the stability; None where it was not measured, or the shipped models themselves are judged."""
    report = results.stability
    if report is None or not report.candidates:
        return None
    return StabilitySummary(
        report.partitions,
        _describe_warning(report, results.choice.champion),
        tuple(_build_row(name, one, report.partitions, results) for name, one in report.candidates.items()),
    )


def _describe_warning(report: StabilityReport, chosen: str) -> str:
    assert report.champion is not None  # noqa: S101 - a report with candidates has one
    warnings = []
    if not report.stands:
        warnings.append(
            f"The {label_candidate(report.champion)} goes forward in {report.agreement} of {report.partitions} "
            f"partitions, fewer than {format_percent(report.least_agreement, 0)}: the choice is a matter of chance."
        )
    if report.champion != chosen:
        warnings.append(
            f"By figures out of fold the {label_candidate(report.champion)} goes forward in most partitions; by the "
            f"test rows it is the {label_candidate(chosen)}."
        )
    return " ".join(warnings)


def _build_row(name: str, one: CandidateStability, partitions: int, results: Results) -> StabilityRow:
    shipped = one.shipped
    large = {key: of for key, of in shipped.groups.items() if of.people >= 10 and of.share}
    most = max(large, key=lambda key: large[key].share, default=None)
    whom = f", {format_percent(large[most].share)} of {results.name_group(*split_group_key(most))}" if most else ""
    return StabilityRow(
        label_candidate(name),
        f"{one.champion} of {partitions}",
        _format_spread(one.worst_group_ratio),
        ", ".join(results.name_group(*split_group_key(key)) for key in one.worst_groups) or DASH,
        ", ".join(f"{verdict} {times}" for verdict, times in one.verdicts.items()),
        f"{one.blocked} of {partitions}",
        _format_spread(one.expected_value),
        _format_seeds(one.seeds),
        format_percent(shipped.share) + whom,
        _format_thresholds(name, shipped),
    )


def _format_seeds(seeds: SeedStability | None) -> str:
    """Format what other seeds make of the figures of the test rows; an older report knows of AUC alone."""
    if seeds is None or seeds.expected_value is None:
        return _format_spread(seeds.roc_auc if seeds else None)
    return f"{_format_spread(seeds.roc_auc)}; {_format_spread(seeds.expected_value)}"


def _format_thresholds(name: str, shipped: ShippedDifference) -> str:
    """Format the shipped threshold beside those of the folds; the rule is scored without any."""
    own = format_number(shipped.approve_from)
    return own if name == HEURISTIC else f"{own}; in folds {_format_spread(shipped.approve_from_in_folds)}"


def _format_spread(spread: Spread | None) -> str:
    if spread is None:
        return DASH
    return f"{format_number(spread.lowest)} to {format_number(spread.highest)}"
