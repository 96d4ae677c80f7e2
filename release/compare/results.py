"""The results of two revisions: quality, gates and equal treatment, base beside head."""

from credit.reports.base import Count, Flag, Number, OpenInterval, ReportPart, Share
from credit.reports.fairness import FairnessReport, LowestRatio, Verdict
from credit.reports.figures import ADVERSE_IMPACT_RATIO, name_group_figure, split_group_key
from credit.reports.metrics import CandidateMetrics
from release.compare.seed_band import compute_band, read_spread
from release.compare.sides import Sides
from release.repository.reports import RevisionReports

SHOWN_METRICS = (
    "roc_auc", "ks", "brier", "calibration_error", "approval_rate", "referral_rate", "bad_rate", "expected_value",
)  # fmt: skip
"""Figures of reports/metrics.json, in the order in which they are shown."""


class MetricChange(ReportPart):
    """A figure on the test rows; None: there is no such figure."""

    candidate: str = ""
    """Whose figure it is; left out where it is the champion's of each side."""
    figure: str
    base: Number | None
    head: Number | None
    change: Number | None
    interval: OpenInterval | None
    """The 95% interval of the head."""
    seed_band: Number | None
    """How far the figure moves by the seeds alone; None where the reports do not say."""
    beyond_noise: Flag | None
    """The figure of the base lies outside that interval and, if known, beyond the seed band; None: not judged, as other
    people may be measured."""


class CandidateComparison(ReportPart):
    """A candidate; None: the side has no such candidate, or no such figure."""

    candidate: str
    eligible: Sides[Flag | None]
    """Whether no gate, of quality or of equal treatment, stands against it."""
    verdict: Sides[Verdict | None]
    roc_auc: Sides[Share | None]
    lowest_ratio: Sides[LowestRatio | None]
    lowest_group: Sides[str | None]
    """Whose ratio that is, in words."""


class GroupComparison(ReportPart):
    """A group of a single attribute; None: the side has no such group, or no such figure."""

    attribute: str
    group: str
    words: str
    """The group as people read it."""
    people: Count | None
    """In the reports of the head."""
    selection_rate: Sides[Share | None]
    ratio: Sides[Number | None]
    """The adverse impact ratio: 1 parity, 0 nobody of the group is approved."""
    intervals: Sides[OpenInterval | None]
    """Of the ratio."""
    verdicts: Sides[Verdict | None]
    """On the ratio."""
    seed_band: Number | None
    """How far the ratio moves by the seeds alone; None where the reports do not say, as of test rows."""

    @property
    def is_beyond_seeds(self) -> bool:
        """Tell whether the ratio is known to have moved by more than the seeds do."""
        before, after = self.ratio
        if self.seed_band is None or before is None or after is None:
            return False
        return abs(after - before) > self.seed_band

    @property
    def has_changed(self) -> bool:
        """Tell whether the ratio or its verdict changed."""
        return self.ratio.has_changed or self.verdicts.has_changed


def compare_metrics(reports: Sides[RevisionReports], same_people: bool) -> tuple[MetricChange, ...]:
    """Compare metrics: a row per candidate and figure, each candidate beside itself.

    `same_people`: whether both sides are measured on the same test rows; else no change is called more than noise.
    """
    names = dict.fromkeys([*reports.head.metrics, *reports.base.metrics])
    rows = ((name, row) for name in names for row in compare_candidate_metrics(reports, Sides(name, name), same_people))
    return tuple(row.model_copy(update={"candidate": name}) for name, row in rows)


def compare_candidate_metrics(
    reports: Sides[RevisionReports], names: Sides[str | None], same_people: bool
) -> tuple[MetricChange, ...]:
    """Compare a candidate of each side, a row per figure; `same_people` as in `compare_metrics`."""
    old, new = (side.metrics.get(name or "") for side, name in zip(reports, names, strict=True))
    bands = {figure: _find_seed_band(reports, names, figure, len(SHOWN_METRICS)) for figure in SHOWN_METRICS}
    return tuple(_compare_figure(figure, old, new, bands[figure], same_people) for figure in SHOWN_METRICS)


def _compare_figure(
    figure: str, old: CandidateMetrics | None, new: CandidateMetrics | None, band: float | None, same_people: bool
) -> MetricChange:
    then, now = (of.get_value(figure) if of else None for of in (old, new))
    interval = new.get_interval(figure) if new else None
    low, high = interval or (None, None)
    outside = then is not None and ((low is not None and then < low) or (high is not None and then > high))
    change = None if then is None or now is None else now - then
    beyond = outside and change is not None and abs(change) > (band or 0)
    return MetricChange(
        figure=figure,
        base=then,
        head=now,
        change=change,
        interval=interval,
        seed_band=band,
        beyond_noise=beyond if same_people else None,
    )


def compare_candidates(reports: Sides[RevisionReports]) -> tuple[CandidateComparison, ...]:
    """Compare the candidates of both sides, a row each."""
    base, head = reports.map(lambda side: side.choice.candidates if side.choice else {})
    return tuple(_compare_candidate(reports, name) for name in dict.fromkeys([*head, *base]))


def _compare_candidate(reports: Sides[RevisionReports], name: str) -> CandidateComparison:
    gated = reports.map(lambda side: side.choice.candidates.get(name) if side.choice else None)
    fairness = reports.map(lambda side: side.fairness.get(name))
    metrics = reports.map(lambda side: side.metrics.get(name))
    return CandidateComparison(
        candidate=name,
        eligible=gated.map(lambda one: one.eligible if one else None),
        verdict=fairness.map(lambda report: report.verdict if report else None),
        roc_auc=metrics.map(lambda figures: figures.roc_auc if figures else None),
        lowest_ratio=fairness.map(lambda report: report.lowest_adverse_impact_ratio if report else None),
        lowest_group=fairness.map(_name_lowest_group),
    )


def _name_lowest_group(report: FairnessReport | None) -> str | None:
    lowest = report.lowest_adverse_impact_ratio if report else None
    return f"{lowest.attribute} {report.name_group(lowest.attribute, lowest.group)}" if report and lowest else None


def compare_fairness(reports: Sides[RevisionReports], names: Sides[str | None]) -> tuple[GroupComparison, ...]:
    """Compare the fairness of a candidate of each side, a row per group of a single attribute."""
    judged = Sides(*(side.fairness.get(name or "") for side, name in zip(reports, names, strict=True)))
    known = [report for report in (judged.head, judged.base) if report]
    attributes = known[0].attributes if known else {}
    keys = dict.fromkeys(key for report in known for key in report.groups)
    own = [key for key in keys if split_group_key(key)[0] in attributes]
    ratios = {key: name_group_figure(ADVERSE_IMPACT_RATIO, key) for key in own}
    bands = {key: _find_seed_band(reports, names, ratio, len(own)) for key, ratio in ratios.items()}
    return tuple(_compare_group(judged, key, band) for key, band in bands.items())


def _find_seed_band(
    reports: Sides[RevisionReports], names: Sides[str | None], figure: str, figures: int
) -> float | None:
    """Find how far the seeds move a figure; `figures`: of how many it is one."""
    found = [read_spread(side.stability, name or "", figure) for side, name in zip(reports, names, strict=True)]
    known = [one for one in found if one]
    return compute_band(known, figures) if len(known) == len(found) else None


def _compare_group(judged: Sides[FairnessReport | None], key: str, seed_band: float | None) -> GroupComparison:
    attribute, group = split_group_key(key)
    figures = judged.map(lambda report: report.groups.get(key) if report else None)
    return GroupComparison(
        attribute=attribute,
        group=group,
        words=next(report for report in reversed(judged) if report).name_group(attribute, group),
        people=figures.head.people if figures.head else None,
        selection_rate=figures.map(lambda of: of.selection_rate if of else None),
        ratio=figures.map(lambda of: of.adverse_impact_ratio if of else None),
        intervals=figures.map(lambda of: of.adverse_impact_ratio_interval if of else None),
        verdicts=judged.map(lambda report: _find_ratio_verdict(report, attribute, group)),
        seed_band=seed_band,
    )


def _find_ratio_verdict(report: FairnessReport | None, attribute: str, group: str) -> Verdict | None:
    wanted = (attribute, group, ADVERSE_IMPACT_RATIO)
    findings = report.findings if report else ()
    return next((one.verdict for one in findings if (one.attribute, one.group, one.measure) == wanted), None)
