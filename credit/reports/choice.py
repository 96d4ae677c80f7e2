"""The reports `reports/choice.json`: which candidate goes forward, and the reasons against every other; and
`reports/stability.json`: how champion, ratios and verdicts move with the seed of the folds.
"""

from typing import ClassVar

from credit.common.errors import Problem
from credit.reports.base import Count, Flag, Number, Report, ReportPart, Share
from credit.reports.fairness import Verdict
from credit.reports.figures import Figures
from credit.reports.metrics import RankingMetric


class ChoiceCandidate(Figures):
    """One candidate. Of the figures only the one that decides is in the report, under its own name; None: missing."""

    average_precision: Share | None = None
    ks: Share | None = None
    accuracy: Share | None = None
    roc_auc: Share | None = None
    expected_value: Number | None = None
    eligible: Flag
    """Whether no gate, of quality or of equal treatment, stands against it. That is not a pass: see `verdict`."""
    verdict: Verdict
    """Of equal treatment."""
    against: tuple[str, ...]
    """A sentence per gate that it fails; empty where it is eligible."""


COMPARISON_METRICS = ("roc_auc", "expected_value", "approval_rate", "bad_rate")
"""Figures of a candidate that stand side by side, beside the one that decides."""


class Standout(Figures):
    """A candidate that is the best by the figure that decides, or treats groups most alike; often two candidates.

    The figure that decides is in the report beside the four that always are.
    """

    candidate: str
    stands_out: tuple[str, ...]
    """By what, in words; one or two."""
    average_precision: Share | None = None
    ks: Share | None = None
    accuracy: Share | None = None
    roc_auc: Share | None
    expected_value: Number | None
    approval_rate: Share | None
    bad_rate: Share | None
    lowest_adverse_impact_ratio: Number | None
    """1 parity, 0 nobody of the group is approved; None where no group is large enough to compare."""
    group: str | None
    """Whose ratio that is, as `race: Black`."""
    verdict: Verdict


class BetterCandidate(ReportPart):
    """A candidate that is better than the incumbent in quality and in its worst-group ratio, about the same people."""

    candidate: str
    quality_change: Number
    """Of the figure that decides, the incumbent's subtracted."""
    quality_change_interval: tuple[Number, Number]
    """At the level of the verdicts, paired."""
    worst_group_ratio: Number
    incumbent_worst_group_ratio: Number
    waivers: tuple[str, ...]
    """A draft of each waiver, a YAML file, that would let it go; none where it may go without, or a quality gate
    stands against it, which no waiver lifts."""


class Choice(Report):
    """The champion, why it goes forward, and every candidate by name.

    When no candidate is eligible, the incumbent goes forward: its own `eligible` is then false.
    """

    PATH: ClassVar[str] = "reports/choice.json"

    champion: str
    why: str
    metric: RankingMetric
    """The figure that decides among those that pass."""
    candidates: dict[str, ChoiceCandidate]
    side_by_side: tuple[Standout, ...]
    incumbent: str
    """What is live, the rule where nothing is."""
    better: tuple[BetterCandidate, ...]
    """Candidates that leave no reason for the incumbent but the gates."""

    @property
    def chosen(self) -> ChoiceCandidate:
        """The champion's figure, and whether it is eligible."""
        return self.candidates[self.champion]

    def find_contradictions(self, where: str) -> list[Problem]:
        """Find a champion or incumbent who is no candidate, and candidates without the figure that decides."""
        named = {"champion": self.champion, "incumbent": self.incumbent}
        problems = [
            Problem(f"{where}: {key}", repr(name), f"one of {list(self.candidates)}", "run dvc repro choose")
            for key, name in named.items()
            if name not in self.candidates
        ]
        problems += [
            Problem(f"{where}: candidates.{name}.{self.metric}", "nothing", "a value")
            for name, one in self.candidates.items()
            if self.metric not in one.model_fields_set
        ]
        return problems


class Spread(ReportPart):
    """One figure over the partitions in which there is one."""

    lowest: Number
    mean: Number
    highest: Number
    deviation: Number
    """The standard deviation; 0 for a single partition."""


class FindingStability(ReportPart):
    """One figure that gets a verdict: its spread, and in how many partitions it has each verdict, or blocks."""

    attribute: str
    group: str
    measure: str
    value: Spread | None
    """None where no partition has one."""
    verdicts: dict[Verdict, Count]
    blocks: Count


class GroupDifference(ReportPart):
    """People of one group whom the shipped model decides otherwise."""

    people: Count
    share: Share


class ShippedDifference(ReportPart):
    """The shipped candidate beside the models of the folds, about the test rows, which neither has seen."""

    rows: Count
    share: Share
    """Of the rows, decided otherwise."""
    groups: dict[str, GroupDifference]
    """By `race: Black`."""
    approve_from: Number | None
    """The threshold of the shipped candidate; None: it approves nobody."""
    approve_from_in_folds: Spread | None
    """The lowest approved score of each fold, of the folds of `predict`; None where none approves anybody."""
    approved: Share
    approved_in_folds: Share


class SeedStability(ReportPart):
    """The shipped candidate trained again on the same rows with other seeds, its thresholds set anew."""

    fits: Count
    """How often, itself included."""
    roc_auc: Spread
    """On the test rows."""
    expected_value: Spread | None = None
    """On the test rows; None in an older report."""
    deviations: dict[str, Number] | None = None
    """The standard deviation of every figure of the test rows that each fit has; None in an older report."""


class CandidateStability(ReportPart):
    """One candidate over the partitions."""

    champion: Count
    """In how many partitions it goes forward."""
    blocked: Count
    """In how many the gates of equal treatment block it."""
    verdicts: dict[Verdict, Count]
    roc_auc: Spread | None
    expected_value: Spread | None
    seeds: SeedStability | None = None
    """None where nothing was trained again: there is one partition, or the report is older."""
    worst_group_ratio: Spread | None
    worst_groups: dict[str, Count]
    """Whose ratio that is, and in how many partitions."""
    findings: tuple[FindingStability, ...]
    deviations: dict[str, Number] | None = None
    """The standard deviation over the partitions of every figure of a group of a single attribute, by names such as
    `selection_rate:race=Black`, where each partition has it; None in an older report."""
    shipped: ShippedDifference


class StabilityReport(Report):
    """The partitions, their champions, and each candidate. With one partition nothing can move."""

    PATH: ClassVar[str] = "reports/stability.json"

    partitions: Count
    least_agreement: Share
    champion: str | None
    """The most frequent champion of the partitions, by figures out of fold; None where test rows are judged."""
    agreement: Count
    """In how many partitions that is the champion."""
    stands: Flag
    """Whether that is at least `least_agreement` of them; true where there are no further partitions."""
    finding: str
    candidates: dict[str, CandidateStability]
    """Empty where test rows are judged: by the shipped candidates themselves."""
