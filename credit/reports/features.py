"""The report `reports/features.json`: which columns the models see, which they do not, and why.

`features.json` of a bundle names those of its model alone.
"""

from typing import ClassVar, Literal

from pydantic import ConfigDict

from credit.reports.base import Report, ReportFile, ReportPart, Share

KEPT = "kept"
"""The verdict on a feature that the models see."""


class FeatureVerdict(ReportPart):
    """One candidate feature, measured by itself on the training rows."""

    feature: str
    verdict: str
    """`kept`, or why it was dropped."""
    auc: Share
    """How well it guesses the label, cross-fitted: 0.5 no better than chance, 1 certain."""
    missing: Share
    proxy: dict[str, Share]
    """By protected attribute: how well it guesses the group that it guesses best, as `auc`."""
    about: Literal["place"] | None = None
    """What the contract says that it is about beside the applicant: a place, and so who lives there."""

    @property
    def is_kept(self) -> bool:
        """Tell whether the models see the feature."""
        return self.verdict == KEPT


class KeptFeatures(ReportFile, ReportPart):
    """The one key that distinguishes two versions: read alone, whatever else the code of an older one wrote."""

    model_config = ConfigDict(extra="ignore")

    kept: tuple[str, ...]


class BundleFeatures(Report):
    """The file `features.json` of a bundle: the columns of its model, in the order of the model."""

    NAME: ClassVar[str] = "features.json"

    features: tuple[str, ...]
    """As the contract names them."""
    design_columns: tuple[str, ...]
    """As the model reads them, a category's values apart."""


class FeaturesReport(Report):
    """Every candidate feature in the order of the contract, a line each."""

    PATH: ClassVar[str] = "reports/features.json"

    label: str
    kept: tuple[str, ...]
    all_together_guess: dict[str, dict[str, Share]]
    """By protected attribute and group: how well all kept features together guess the group (AUC); groups of too few
    people have no figure."""
    features: tuple[FeatureVerdict, ...]
