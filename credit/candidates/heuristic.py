"""The rule: one threshold on one score, the contract's. It is the fallback of every model, so it always runs."""

from typing import TYPE_CHECKING, Any, Literal

from credit.common.candidate_definition import BuildContext, CandidateDefinition
from credit.common.params import Params

if TYPE_CHECKING:
    from onnx import ModelProto

    from credit.training.threshold_rule import ThresholdRule


class HeuristicParams(Params):
    """The block `train.heuristic`. `threshold` null: the contract's."""

    threshold: float | None
    from_threshold: Literal["approve", "refer"]


def build(hyperparameters: HeuristicParams, context: BuildContext) -> "ThresholdRule":
    """Build the rule; it decides by the first column, the only one that it is given."""
    from credit.training.threshold_rule import ThresholdRule

    chosen = context.threshold if hyperparameters.threshold is None else hyperparameters.threshold
    assert chosen is not None  # noqa: S101 - ingest refuses a contract without a rule first
    return ThresholdRule(chosen, approve=context.approve)


def make_onnx(rule: Any, _: int) -> "ModelProto":
    """Make the rule's graph, which no converter knows."""
    from credit.training.onnx_export import build_rule_graph

    return build_rule_graph(rule)


CANDIDATE = CandidateDefinition(
    label="rule",
    description="One threshold on one value: whoever is on its good side passes, whoever is not is denied. "
    "Nothing else about a person counts.",
    hyperparameters=HeuristicParams,
    build=build,
    trusted_types=("credit.training.threshold_rule.ThresholdRule",),
    make_onnx=make_onnx,
)
