"""The reports `reports/provenance/<dataset>.json`: where the raw bytes of a bundled dataset came from.

Data of one's own has no such report: `dvc add`, `dvc import-url` and `dvc import-db` say where it came from.
"""

from typing import ClassVar

from pydantic import ConfigDict, Field, JsonValue

from credit.common.errors import Problem
from credit.reports.base import Count, Number, Report, ReportPart, Sha256, Share


class ExpectedFigures(ReportPart):
    """The figures of a correct measurement of everybody in a generated dataset; None: a rate of nobody."""

    share: Share
    """Of all rows."""
    favourable_rate: Share | None
    """Of the label as the file has it."""
    really_repaid_rate: Share | None
    """Before label bias."""
    selection_rate: Share | None
    """Approved by the rule."""
    referral_rate: Share | None
    """Rows without a score, which the rule refers."""
    true_positive_rate: Share | None
    """Approved by the rule among the favourable labels."""


class ExpectedGroup(ExpectedFigures):
    """The same of one group, beside its reference."""

    adverse_impact_ratio: Number | None
    """1 parity, 0 nobody of the group is approved."""
    true_positive_rate_gap: Number | None
    """0 parity, below 0 where the group's rate is lower."""


class ExpectedGroups(ExpectedGroup):
    """The same, and the figures if every race had the risks of the reference."""

    at_equal_risk: ExpectedGroup


class ExpectedMeasurement(ReportPart):
    """The expected figures of a generated dataset. `groups`: every other key, as `race: Black`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    __pydantic_extra__: dict[str, ExpectedGroups] = Field(init=False)

    threshold: Count = Field(alias="threshold of the rule")
    """Points of the credit score from which the rule approves."""
    everybody: ExpectedFigures

    @property
    def groups(self) -> dict[str, ExpectedGroups]:
        """The expected figures by group."""
        return dict(self.__pydantic_extra__)


class Provenance(Report):
    """The raw file, and either the package that it is part of or the generator that made it."""

    model_config = ConfigDict(populate_by_name=True)
    FOLDER: ClassVar[str] = "reports/provenance"

    sha256: Sha256
    bytes: Count
    package: str | None = None
    """Name and version of the Python package; with `file`, its path in there."""
    file: str | None = None
    generator: str | None = None
    """The generator; with `settings`, and `expected`."""
    settings: dict[str, JsonValue] | None = Field(default=None, alias="knobs")
    expected: ExpectedMeasurement | None = None

    @classmethod
    def locate(cls, dataset: str) -> str:
        """Name the file of a dataset."""
        return f"{cls.FOLDER}/{dataset}.json"

    def find_contradictions(self, where: str) -> list[Problem]:
        """Find an origin that is incomplete or given twice."""
        given = self.dump().keys() - {"sha256", "bytes"}
        if given in ({"package", "file"}, {"generator", "knobs", "expected"}):
            return []
        expected = "package and file, or generator, knobs and expected"
        return [Problem(where, " and ".join(sorted(given)) or "no origin", expected)]
