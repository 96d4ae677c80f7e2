"""A random forest."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from credit.common.candidate_definition import BuildContext, CandidateDefinition
from credit.common.params import Params

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class RandomForestParams(Params):
    """The block `train.random_forest`: hyperparameters of scikit-learn's RandomForestClassifier.

    `max_samples`: rows per tree at the most. `keep_directions`: grow no tree that goes against a direction of the
    contract. scikit-learn bounds all scores below a split by the middle of its two sides, more than a direction asks
    for: it costs .02 of AUC on the default data.
    """

    n_estimators: int = Field(ge=1)
    max_depth: int | None = Field(ge=1)
    min_samples_leaf: int = Field(ge=1)
    max_features: Literal["sqrt", "log2"] | Annotated[float, Field(gt=0, le=1)] | None
    max_samples: int = Field(ge=1)
    class_weight: Literal["balanced"] | None
    keep_directions: bool = False


def build(hyperparameters: RandomForestParams, context: BuildContext) -> "Pipeline":
    """Build the pipeline: medians for missing values, then the trees."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    from credit.training.forest import Forest

    options = hyperparameters.model_dump(exclude={"keep_directions"}) | {
        "max_samples": hyperparameters.max_samples if hyperparameters.max_samples < context.rows else None
    }
    if hyperparameters.keep_directions and any(context.directions):
        options["monotonic_cst"] = list(context.directions)
    # no scaler: on scaled values ONNX and scikit-learn round differently at the cuts of the trees
    model = Forest(**options, random_state=context.seed, n_jobs=1)
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("simpleimputer", imputer), ("randomforestclassifier", model)])  # as it is when stored


CANDIDATE = CandidateDefinition(
    label="random forest",
    description="Many decision trees, each grown on other rows and asking other questions; the score is the mean of "
    "their answers.",
    hyperparameters=RandomForestParams,
    build=build,
    grid={"min_samples_leaf": [2, 5, 10, 20], "max_features": ["sqrt", 0.5]},
    trusted_types=("sklearn.tree._tree.Tree",),
)
