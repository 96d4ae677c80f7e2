"""The reports `reports/fairness/<candidate>.json`, and `fairness.json` of a bundle: each group beside its reference."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from credit.reports.base import Count, Flag, Number, OpenInterval, Report, ReportPart, Share
from credit.reports.figures import GroupFigures, GroupLabels, group_key, label_group
from credit.reports.predictions import JudgedOn

Verdict = Literal["fail", "insufficient", "not assessable", "pass", "reported"]
"""The worst first. `insufficient`: the data cannot tell; `not assessable`: too few people, or no such figure;
`reported`: the figure has no limit."""


class LowestRatio(ReportPart):
    """The lowest adverse impact ratio of all groups that are large enough to judge, and whose it is."""

    value: Number
    """1 parity, 0 nobody of the group is approved; above 1 where every group fares better than its reference."""
    interval: OpenInterval
    attribute: str
    group: str
    people: Count

    @property
    def key(self) -> str:
        """The group as the reports name it: `race: Black`."""
        return group_key(self.attribute, self.group)


class AttributeVerdict(ReportPart):
    """The verdict on one attribute, or pair of attributes, from all findings about it."""

    verdict: Verdict
    blocks: Flag
    not_assessable: tuple[str, ...]
    """Groups without a verdict on some figure."""


class UsedWaiver(ReportPart):
    """A waiver that names a finding."""

    file: str
    used: Flag
    """Whether the finding would block without it. A waiver lifts `insufficient`, never `fail`."""
    who: str
    why: str
    until: date
    """The last day on which it is valid."""


class PairFinding(ReportPart):
    """One figure of one group against its limit. Of a pair of attributes that does not gate, this is all there is."""

    attribute: str
    group: str
    measure: str
    value: Number | None
    """None: there is no such figure, as of nobody."""
    interval: OpenInterval | None
    """None where there is no value."""
    people: Count
    """How many people of the group the figure is about."""
    verdict: Verdict
    warn: Flag
    blocks: Flag
    reason: str


class Finding(PairFinding):
    """A finding that counts towards a verdict.

    Both numbers of further people are in the report only where more people would help to decide.
    """

    more_people_at_observed_rates: Count | None = None
    """How many more people of the group make a pass 80% likely if the rates stay; None: no number would do."""
    more_people_at_equal_rates: Count | None = None
    """The same if the group's rate were that of its reference."""
    waiver: UsedWaiver | None = None
    """In the report only where there is one."""

    @property
    def has_more_people(self) -> bool:
        """Tell whether the report says how many more people it would take."""
        return "more_people_at_observed_rates" in self.model_fields_set

    def describe_more_people(self) -> str:
        """Describe how many more people would make a pass likely; empty where the report does not say."""
        if not self.has_more_people:
            return ""
        more = self.more_people_at_observed_rates
        if more is None:
            return "at the rates observed, no number of further people would make a pass likely"
        return f"{more:,} more people of the group would make a pass 80% likely at the rates observed"


class Undisclosed(ReportPart):
    """How many people do not disclose an attribute, and what follows."""

    attribute: str
    share: Share | None
    """Of the rows; None of no rows."""
    warn: Flag
    reason: str


class ChangeFinding(ReportPart):
    """How the figures of one group change from the version in production to a candidate, on the same people."""

    attribute: str
    group: str
    people: Count
    adverse_impact_ratio_change: Number | None
    """0 no change, below 0 worse for the group; None where a version has no ratio, and of the reference."""
    adverse_impact_ratio_change_interval: OpenInterval | None
    true_positive_rate_change: Number | None
    true_positive_rate_change_interval: OpenInterval | None
    flips: dict[str, Count]
    """How many people each pair of decisions that differ is about, as `approve_to_deny`."""
    blocks: Flag
    reason: str


class VersionComparison(ReportPart):
    """A candidate against the version in production, by `credit.fairness.version_comparison.compare_versions`."""

    level: Share
    """Of the intervals, two-sided."""
    blocks: Flag
    findings: tuple[ChangeFinding, ...]


class JudgedPeople(ReportPart):
    """By which policy, and on whom."""

    policy: str
    predictions: JudgedOn
    rows: Count


class FairnessVerdict(ReportPart):
    """What a policy says of one candidate: the content of `credit.fairness.findings.judge_fairness`."""

    candidate: str
    verdict: Verdict
    """The worst of all attributes; `reported` where nothing has a limit."""
    blocks: Flag
    level: Share
    """Of the intervals in `findings`, `pairs` and `lowest_adverse_impact_ratio`, two-sided."""
    lowest_adverse_impact_ratio: LowestRatio | None
    """None: no group, or no reference, is large enough."""
    attributes: dict[str, AttributeVerdict]
    """By attribute; by pair of attributes too where these gate."""
    verdicts: dict[Verdict, Count]
    """How many findings have each verdict; a verdict that none has is left out."""
    findings: tuple[Finding, ...]
    pairs: tuple[PairFinding, ...]
    """Pairs of attributes where these do not gate."""
    undisclosed: tuple[Undisclosed, ...]
    """One entry per attribute."""
    labels: GroupLabels = Field(default_factory=dict)
    """By attribute and code of a group: what people read in place of the code. In the report only where there is one.
    """

    def name_group(self, attribute: str, group: str) -> str:
        """Name a group for people: by its label where it has one."""
        return label_group(self.labels, attribute, group)


class FairnessReport(FairnessVerdict, JudgedPeople, Report):
    """How one candidate treats each group: the verdict, the findings that it rests on, and every figure."""

    FOLDER: ClassVar[str] = "reports/fairness"

    figures_level: Share
    """Of the intervals in `groups`, two-sided."""
    groups: dict[str, GroupFigures]

    @classmethod
    def locate(cls, candidate: str) -> str:
        """Name the file of a candidate."""
        return f"{cls.FOLDER}/{candidate}.json"

    def select_groups(self, attribute: str) -> dict[str, GroupFigures]:
        """Get the figures of an attribute's groups by the group's own name, the reference first."""
        start = group_key(attribute, "")
        return {name.removeprefix(start): of for name, of in self.groups.items() if name.startswith(start)}
