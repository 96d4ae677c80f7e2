"""The reports `reports/fairness/<candidate>.json`, and `fairness.json` of a bundle: each group beside its reference."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from credit.reports.base import Count, Flag, Number, OpenInterval, Report, ReportPart, Share
from credit.reports.figures import GroupFigures, GroupLabels, group_key, label_group
from credit.reports.predictions import JudgedOn

Verdict = Literal["fail", "unequal", "insufficient", "not assessable", "pass", "reported"]
"""The worst first. `fail`: all of the interval is beyond the limit; `unequal`: the figure is, and it is no chance;
`insufficient`: the data cannot tell; `not assessable`: too few people, or no such figure; `reported`: no limit."""


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
    primary: Flag
    """Whether the verdict on the candidate rests on it; if not, it is reported."""
    blocks: Flag
    not_assessable: tuple[str, ...]
    """Groups without a verdict on some figure."""


class UsedWaiver(ReportPart):
    """A waiver that names a finding."""

    file: str
    used: Flag
    """Whether the finding would block without it. A `fail` is lifted only where a second person signed."""
    who: str
    second: str | None = None
    """In the report only where a second person signed."""
    why: str
    until: date
    """The last day on which it is valid."""

    @property
    def signatures(self) -> str:
        """Who signs, in words."""
        return self.who if self.second is None else f"{self.who} and {self.second}"


class JudgedFigure(ReportPart):
    """One figure of one group that has a limit."""

    attribute: str
    group: str
    measure: str
    value: Number | None
    """None: there is no such figure, as of nobody."""
    interval: OpenInterval | None
    """None where there is no value."""
    people: Count
    """How many people of the group the figure is about."""


class PairFinding(JudgedFigure):
    """One figure of one group against its limit. Of a pair of attributes that does not gate, this is all there is."""

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
    power: Share | None = None
    """Where the figure is beyond the limit and undecided: how likely the planned unequal treatment would be found."""
    more_people_to_decide: Count | None = None
    """How many more people of the group make that as likely as planned; None: no number would do."""
    waiver: UsedWaiver | None = None
    """In the report only where there is one."""

    def describe_more_people(self) -> str:
        """Describe how many more people would decide it, or make a pass likely; empty where the report does not say."""
        if self.power is not None:
            return self._describe_power()
        if "more_people_at_observed_rates" not in self.model_fields_set:
            return ""
        more = self.more_people_at_observed_rates
        if more is None:
            return "at the rates observed, no number of further people would make a pass likely"
        return f"{more:,} more people of the group would make a pass 80% likely at the rates observed"

    def _describe_power(self) -> str:
        told = f"unequal treatment as it is planned for would be found among so many people with {self.power:.0%}"
        if self.more_people_to_decide is None:
            return f"{told}, and no number of further people would do"
        if self.more_people_to_decide == 0:
            return f"{told}, so what there is, if anything, is probably milder"
        return f"{told}; {self.more_people_to_decide:,} more people of the group would decide it"


class Obligation(JudgedFigure):
    """A figure beyond its limit that the data did not decide: live monitoring follows it until they do."""

    at_least: Number | None
    at_most: Number | None
    planned_ratio: Share
    """Of the group's rate to its reference's: the unequal treatment that `power` is about."""
    power: Share | None
    """How likely it would have been found; None for a figure that compares no rates."""
    more_people_to_decide: Count | None


class WorstCase(ReportPart):
    """The worst finding about an attribute if everybody undisclosed were of `group`."""

    group: str
    verdict: Verdict
    measure: str
    of_group: str
    """The group of the finding."""
    value: Number | None


class DetectedGroup(ReportPart):
    """How likely unequal treatment of one group would be found."""

    attribute: str
    group: str
    people: Count
    found: Share


class OperatingCharacteristics(ReportPart):
    """How often the policy in force is wrong about tables like this one."""

    tables: Count
    """How many were drawn."""
    ratio: Share
    """Of a group's approvals to its reference's: what `detected` is about."""
    fair_blocked: Share
    """Of the tables in which everybody is treated alike."""
    detected: tuple[DetectedGroup, ...]


class Undisclosed(ReportPart):
    """How many people do not disclose an attribute, and what follows."""

    attribute: str
    share: Share | None
    """Of the rows; None of no rows."""
    warn: Flag
    reason: str
    worst_case: WorstCase | None
    """None where everybody discloses, or nothing gates."""


class ChangeFinding(ReportPart):
    """How the figures of one group change from the version in production to a candidate, on the same people."""

    attribute: str
    group: str
    people: Count
    adverse_impact_ratio: Number | None
    """The candidate's; None of the reference, and where nobody of it is approved."""
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
    """A candidate against the version in production, by `credit.fairness.versions.comparison.compare_versions`."""

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
    obligations: tuple[Obligation, ...]
    """Of the primary attributes."""
    undisclosed: tuple[Undisclosed, ...]
    """One entry per attribute."""
    labels: GroupLabels = Field(default_factory=dict)
    """By attribute and code of a group: what people read in place of the code. In the report only where there is one.
    """

    @property
    def unsigned_failures(self) -> list[Finding]:
        """The findings with verdict `fail` that no waiver with two signatures lifts."""
        return [finding for finding in self.findings if finding.verdict == "fail" and finding.blocks]

    def name_group(self, attribute: str, group: str) -> str:
        """Name a group for people: by its label where it has one."""
        return label_group(self.labels, attribute, group)


class FairnessReport(FairnessVerdict, JudgedPeople, Report):
    """How one candidate treats each group: the verdict, the findings that it rests on, and every figure."""

    FOLDER: ClassVar[str] = "reports/fairness"

    operating_characteristics: OperatingCharacteristics | None
    """None where nothing gates, or nothing that compares rates."""
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
