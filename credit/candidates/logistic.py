"""Logistic regression on scaled values."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from credit.common.candidate_definition import BuildContext, CandidateDefinition
from credit.common.params import Params

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class LogisticParams(Params):
    """The block `train.logistic`: hyperparameters of scikit-learn's LogisticRegression."""

    C: float = Field(gt=0)
    class_weight: Literal["balanced"] | None


def build(hyperparameters: LogisticParams, context: BuildContext) -> "Pipeline":
    """Build the pipeline: medians for missing values, scaling, regression; weights with the signs of the contract."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from credit.training.fair_regression.fair_logistic import FairLogistic

    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    if any(context.directions):  # without a penalty it is the same regression, and can keep to signs
        options = hyperparameters.model_dump()
        return make_pipeline(imputer, StandardScaler(), FairLogistic(**options, signs=context.directions))
    # newton-cholesky converges to the optimum itself, so that another processor finds the same coefficients
    model = LogisticRegression(
        C=hyperparameters.C, class_weight=hyperparameters.class_weight, solver="newton-cholesky", tol=1e-8
    )
    return make_pipeline(imputer, StandardScaler(), model)


CANDIDATE = CandidateDefinition(
    label="logistic regression",
    description="A weight for each feature, the same for everybody; the weighted sum, turned into a probability, "
    "is the score.",
    hyperparameters=LogisticParams,
    build=build,
    grid={"C": [0.001, 0.01, 0.1, 1, 10]},
    fit_in_float64=True,
)
