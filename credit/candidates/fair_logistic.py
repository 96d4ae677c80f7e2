"""Logistic regression that is penalised for unequal mean scores of groups; they are read in training only."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from credit.common.candidate_definition import BuildContext, CandidateDefinition
from credit.common.params import Params

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class FairLogisticParams(Params):
    """The block `train.fair_logistic`. strength: of the penalty on gaps; 0 is plain logistic regression."""

    C: float = Field(gt=0)
    strength: float = Field(ge=0)
    class_weight: Literal["balanced"] | None


def build(hyperparameters: FairLogisticParams, context: BuildContext) -> "Pipeline":
    """Build the pipeline: medians for missing values, scaling, penalised regression with the signs of the contract."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from credit.training.fair_regression.fair_logistic import FairLogistic

    signs = context.directions if any(context.directions) else None
    model = FairLogistic(hyperparameters.C, hyperparameters.strength, hyperparameters.class_weight, signs=signs)
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), model)


CANDIDATE = CandidateDefinition(
    label="fair logistic regression",
    description="A logistic regression whose weights were chosen so that groups have more equal mean scores. Its "
    "training read who belongs to which group; its scores read the features alone, the same for everybody.",
    hyperparameters=FairLogisticParams,
    build=build,
    grid={"C": [0.01, 0.1], "strength": [1, 2, 4, 8]},
    kept_in_search=("strength",),
    fit_in_float64=True,
    reads_groups=True,
)
