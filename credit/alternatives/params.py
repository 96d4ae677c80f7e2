"""The block `find_alternatives` of params.yaml: the models and thresholds to search, which are its budget."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from credit.common.invalid_values import make_value_error
from credit.common.params import Params
from credit.reports.alternatives import QualityFigure
from credit.training.search import GridParams

PositiveNumbers = list[Annotated[float, Field(gt=0)]]


class ApprovalShares(Params):
    """Approval shares to try."""

    lowest: float = Field(gt=0, lt=1)
    highest: float = Field(gt=0, lt=1)
    step: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _are_some(self) -> Self:
        if self.lowest > self.highest:
            raise make_value_error(f"lowest {self.lowest:g}, highest {self.highest:g}", "lowest <= highest")
        return self

    @property
    def values(self) -> list[float]:
        """All of them, in order."""
        count = int((self.highest - self.lowest) / self.step + 1e-9) + 1
        return [round(self.lowest + i * self.step, 6) for i in range(count)]


class FeatureChoice(Params):
    """Another selection of features: the keys of `select_features` that are given, the others as there."""

    max_features: int | None = Field(default=None, ge=1)
    max_proxy: float | None = Field(default=None, ge=0.5, le=1)
    keep_places: bool | None = None

    def items(self) -> Iterable[tuple[str, float]]:
        """List the keys that are given with their values."""
        given: dict[str, float] = self.model_dump(exclude_none=True)
        return given.items()


class FindAlternativesParams(GridParams):
    """The block `find_alternatives`. `tolerated_loss`: of the metric, in its own unit.

    seeds: partitions into folds, over which figures are averaged; a table that is judged on its test rows has one.
    people: the most that points are measured about, a sample by hash of more: enough to tell one point from another.
    read_protected: whether training may read protected attributes. blends: shares of the forest's scores, the rest the
    fair regression's. select_features: other selections of features, each its own keys of that block.
    """

    metric: QualityFigure
    tolerated_loss: float = Field(ge=0)
    seeds: int = Field(ge=1)
    people: int = Field(default=100_000, ge=10_000)
    read_protected: bool
    approval_shares: ApprovalShares
    reweighed_logistic: PositiveNumbers
    select_features: list[FeatureChoice]
    blends: list[Annotated[float, Field(gt=0, lt=1)]]
