"""Figures by name, as `roc_auc` or `adverse_impact_ratio:race=Black`, of the candidates of a revision or a hybrid."""

from collections.abc import Iterator

from credit.common.errors import CreditError, Problem
from credit.common.formatting import PERCENT_METRICS, format_group, format_number, format_percent, spell_out
from credit.reports.base import Number, ReportPart, Snapshot
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.figures import (
    ADVERSE_IMPACT_RATIO,
    FAIRNESS_METRICS,
    PAIR_SEPARATOR,
    group_key,
    name_group_figure,
    split_group_key,
)
from credit.reports.metrics import Metrics

_ALIASES = {"approval_rate": "selection_rate"}
"""The name on the test rows, and the name of the same rate of a group."""

WATCHED = ("roc_auc", "expected_value", "approval_rate")
"""The figures that are looked at where none is named, beside the ratios of groups."""


class ChampionFigures(ReportPart):
    """The figures of every candidate by name, and who goes forward."""

    champion: str
    candidates: dict[str, dict[str, Number | None]]
    judged: dict[str, tuple[str, ...]]
    """By candidate, the ratios of groups that get a verdict: of a few people it would be anything."""

    def get_value(self, name: str, candidate: str | None) -> float | None:
        """Get a figure of a candidate, or of the champion; None where there is none."""
        return self.candidates.get(candidate or self.champion, {}).get(name)


def read_champion_figures(snapshot: Snapshot) -> ChampionFigures:
    """Read the figures from the reports. Raises CreditError when one of them is missing or of another shape."""
    choice = Choice.read_at(snapshot, Choice.PATH)
    metrics = Metrics.read_at(snapshot, Metrics.PATH)
    if choice is None or metrics is None:
        missing = Choice.PATH if choice is None else Metrics.PATH
        raise CreditError(
            Problem(f"{missing} at {snapshot.name}", "no such file", fix="run dvc repro and commit reports")
        )
    found: dict[str, dict[str, float | None]] = {}
    verdicts: dict[str, tuple[str, ...]] = {}
    for name, figures in metrics.candidates.items():
        judged = FairnessReport.read_at(snapshot, FairnessReport.locate(name))
        own = {figure: figures.get_value(figure) for figure in type(figures).list_names()}
        found[name] = own | (_list_group_figures(judged) if judged else {})
        verdicts[name] = tuple(_list_judged_ratios(judged) if judged else ())
    return ChampionFigures(champion=choice.champion, candidates=found, judged=verdicts)


def _list_group_figures(report: FairnessReport) -> dict[str, float | None]:
    """List the figures of the groups of single attributes."""
    return {
        name_group_figure(measure, key): figures.get_value(measure)
        for key, figures in report.groups.items()
        if PAIR_SEPARATOR not in split_group_key(key)[0]
        for measure in FAIRNESS_METRICS
    }


def _list_judged_ratios(report: FairnessReport) -> Iterator[str]:
    for one in report.findings:
        if one.measure == ADVERSE_IMPACT_RATIO and PAIR_SEPARATOR not in one.attribute:
            yield name_group_figure(one.measure, group_key(one.attribute, one.group))


def find_figure(text: str, known: set[str]) -> str:
    """Find the figure that somebody typed. Raises CreditError with those that there are."""
    measure, colon, group = text.strip().partition(":")
    name = f"{_ALIASES.get(measure, measure)}:{group.strip()}" if colon else measure
    if name in known:
        return name
    measures = sorted({one.partition(":")[0] for one in known if bool(colon) == (":" in one)})
    groups = sorted({one.partition(":")[2] for one in known if ":" in one})
    expected = f"one of {', '.join(measures)}" + (f", of {', '.join(groups)}" if colon else "")
    raise CreditError(Problem(f"--of {text}", "no such figure", expected))


def list_watched(side: ChampionFigures, candidate: str) -> list[str]:
    """List the figures that are looked at where none is named: those of quality, and the ratio of each judged group.

    Where the policy judges no ratio, that of every group.
    """
    figures = side.candidates.get(candidate, {})
    ratios = [one for one in figures if one.startswith(f"{ADVERSE_IMPACT_RATIO}:")]
    return [*(side.judged.get(candidate) or ratios), *WATCHED]


def describe_figure(name: str) -> str:
    """Describe a figure within a sentence: `the adverse impact ratio of Black (race)`."""
    measure, colon, group = name.partition(":")
    attribute, _, value = group.partition("=")
    return f"{spell_out(measure)} of {format_group(attribute, value)}" if colon else spell_out(measure)


def format_value(name: str, value: float | None) -> str:
    """Format a figure: a rate in percent, any other with three digits."""
    return format_percent(value) if name.partition(":")[0] in PERCENT_METRICS else format_number(value)


def format_change(name: str, value: float) -> str:
    """Format a change of a figure with its sign: points of a rate, else three digits. 0 is 0."""
    share = name.partition(":")[0] in PERCENT_METRICS
    text = format_number(100 * value, 1) if share else format_number(value)
    unit = " points" if share else ""
    if not value:
        return "0"
    return f"+{text}{unit}" if value > 0 else f"{text}{unit}"
