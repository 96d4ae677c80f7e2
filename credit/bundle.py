"""A bundle in use: a verified version that decides, with the model or with the rule, and says why.

Needs onnxruntime, numpy and pydantic; neither scikit-learn nor pandas, and no pickle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from credit.columns import Part
from credit.contract import Contract, load_contract
from credit.design_matrix import design_columns
from credit.encoder import Row, encode
from credit.errors import CreditError, Problem, problems_of
from credit.files import read_json
from credit.heuristic import Rule
from credit.manifest import Manifest, verified
from credit.onnx_session import OnnxModel, Score, load_onnx, score_alone
from credit.policy import Decision as Outcome
from credit.policy import Policy
from credit.reasons import Told, in_words, rises_of

T = TypeVar("T")


class Decision(NamedTuple):
    """What is decided about one application. `score`: probability of the favourable label; `reasons`: at most four."""

    decision: Outcome
    score: float
    reasons: tuple[str, ...]
    decided_by: Literal["model", "rule"]


class Features(Part):
    """What the model reads, in the order of its columns: the content of features.json."""

    features: tuple[str, ...]
    design_columns: tuple[str, ...]


@dataclass(frozen=True)
class Bundle:
    """A loaded version. Nothing in it changes, so that many threads can use it at once."""

    manifest: Manifest
    contract: Contract
    policy: Policy
    reasons: dict[str, Told]
    rule: Rule
    score: Score

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the model reads."""
        return tuple(self.reasons)

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """A decision on each row of typed values. An equal row gets an equal decision, whoever else is in `rows`.

        Raises CreditError with every value that the contract does not allow.
        """
        matrix = encode(self.contract, self.features, rows)
        scores = score_alone(self.score, matrix)
        outcomes: list[Outcome] = self.policy.decide(scores).tolist()
        by: Literal["model", "rule"] = "rule" if self.manifest.candidate == "heuristic" else "model"
        reasons = self._reasons(matrix, outcomes, rows)
        return [_decision(*one, by) for one in zip(outcomes, scores, reasons, strict=True)]

    def decide_by_rule(self, rows: Sequence[Row]) -> list[Decision]:
        """The rule's decision on each row; of a row it reads the score only. Works when the model does not."""
        scores = self.rule.scores(self.contract, rows)
        outcomes: list[Outcome] = self.rule.policy.decide(scores).tolist()
        reasons = [
            () if outcome == "approve" else self.rule.reasons(score, row[self.rule.column])
            for outcome, score, row in zip(outcomes, scores, rows, strict=True)
        ]
        return [_decision(*one, "rule") for one in zip(outcomes, scores, reasons, strict=True)]

    def _reasons(
        self, matrix: NDArray[np.float32], outcomes: Sequence[Outcome], rows: Sequence[Row]
    ) -> list[tuple[str, ...]]:
        reasons: list[tuple[str, ...]] = [()] * len(rows)
        adverse = [i for i, outcome in enumerate(outcomes) if outcome != "approve"]
        if adverse:
            risen = rises_of(self.score, self.contract, self.reasons, matrix[adverse])
            for place, of in zip(adverse, risen, strict=True):
                reasons[place] = in_words(self.reasons, of, rows[place])
        return reasons


def _decision(outcome: Outcome, score: float, reasons: tuple[str, ...], by: Literal["model", "rule"]) -> Decision:
    """A denial must be explained (12 CFR 1002.9): where no single feature explains it, a person looks at it."""
    unexplained = outcome == "deny" and not reasons
    return Decision("refer" if unexplained else outcome, float(score), reasons, by)


def load_bundle(folder: Path) -> Bundle:
    """A bundle of which every hash was verified before anything else was read.

    Raises CreditError with one problem for each file that is changed, missing, a link or not in the manifest, and for
    a bundle that newer code has written.
    """
    manifest = verified(folder)
    features = _parsed(Features, folder / "features.json")
    contract = bound_contract(folder / "contract.yaml", features.features)
    model = load_onnx((folder / "model.onnx").read_bytes())
    reasons = _parsed(dict[str, Told], folder / "reasons.json")
    _check(folder, contract, features, model, reasons)
    return Bundle(
        manifest=manifest,
        contract=contract,
        policy=_parsed(Policy, folder / "policy.json"),
        reasons=reasons,
        rule=_parsed(Rule, folder / "heuristic.json"),
        score=model.score,
    )


def bound_contract(path: Path, features: Sequence[str]) -> Contract:
    """The contract of a file, with the features that belong to one of its families."""
    contract = load_contract(path)
    return contract.bound_to(dict.fromkeys([*contract.columns, *features]), str(path))


def _parsed(kind: type[T], path: Path) -> T:
    try:
        return TypeAdapter(kind).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(problems_of(error, str(path))) from None


def _check(folder: Path, contract: Contract, features: Features, model: OnnxModel, reasons: dict[str, Any]) -> None:
    """Hashes prove that files are the packaged ones; this proves that they fit together."""
    columns = design_columns(contract, features.features)
    found = (tuple(columns), model.width, tuple(reasons))
    expected = (features.design_columns, len(columns), features.features)
    if found != expected:
        file = str(folder / "features.json")
        raise CreditError(Problem(file, "features of another contract, model or reasons", "those of this bundle"))
