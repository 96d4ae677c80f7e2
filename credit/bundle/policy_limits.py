"""The file `fairness_limits.json` of a bundle: the limits of the policy that its candidate was judged by."""

from typing import ClassVar

from credit.reports.base import Number, Report, ReportPart


class RatioLimit(ReportPart):
    """The limit of an adverse impact ratio, and where it comes from."""

    at_least: Number
    source: str


class PolicyLimits(Report):
    """The file `fairness_limits.json` of a bundle: by what its live decisions are judged, as the candidate was."""

    NAME: ClassVar[str] = "fairness_limits.json"

    policy: str
    adverse_impact_ratio: RatioLimit | None
    """None: the policy has none."""
