"""A model that decides: encode, score, apply the thresholds, give the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.scoring.onnx import ScoreFunction, score_each_row
from credit.scoring.policy import DecisionKind, Policy
from credit.scoring.reason_baseline import ReasonBaseline, ReasonRules, encode_baseline
from credit.scoring.reason_words import GivenReason, Reasons, word_ranked
from credit.scoring.reasons import DecidedBy, RankedFeature, rank_features
from credit.scoring.row_encoder import ApplicationRow, RowEncoder


class Decision(NamedTuple):
    """The decision about one application. `score`: probability of the favourable label; `reasons`: at most four.

    `reason_codes`: of each reason, for programs.
    """

    decision: DecisionKind
    score: float
    reasons: tuple[str, ...]
    decided_by: DecidedBy
    reason_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """Scores, thresholds and reasons; immutable, so that many threads can use it at once."""

    contract: Contract
    policy: Policy
    reasons: Reasons
    rules: ReasonRules
    score: ScoreFunction
    decided_by: DecidedBy
    is_row_wise: bool = False
    """Whether one call scores many rows to the same bits as one call for each."""

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the model reads, in the order of its columns."""
        return tuple(self.reasons)

    def decide(self, rows: Sequence[ApplicationRow]) -> list[Decision]:
        """Decide on each row of typed values. An equal row gets an equal decision, whoever else is in `rows`.

        Raises CreditError with every value that the contract does not allow.
        """
        matrix = self.encoder(rows)
        scores = self.score(matrix) if self.is_row_wise else score_each_row(self.score, matrix)
        outcomes = [self.policy.decide_one(score) for score in scores.tolist()]
        adverse = [i for i, outcome in enumerate(outcomes) if outcome != "approve"]
        reasons: list[tuple[GivenReason, ...]] = [()] * len(rows)
        if adverse:  # for nobody it takes longer than the score of somebody
            for i, ranked in zip(adverse, self.rank_features(matrix[adverse]), strict=True):
                reasons[i] = word_ranked(self.reasons, ranked, rows[i], self.rules.smallest_share)
        return refer_unexplained(outcomes, scores, reasons, self.decided_by)

    def rank_features(self, matrix: NDArray[np.float32]) -> list[list[RankedFeature]]:
        """Rank the features that count against each row of the design matrix, the largest rise first."""
        return rank_features(self.score, matrix, self.baseline)

    @cached_property
    def encoder(self) -> RowEncoder:
        """The encoder of rows as the design matrix."""
        return RowEncoder(self.contract, self.features)

    @cached_property
    def baseline(self) -> ReasonBaseline:
        """The values that applicants are measured against for their reasons."""
        return encode_baseline(self.contract, {name: one.typical for name, one in self.reasons.items()}, self.rules)


def refer_unexplained(
    outcomes: Sequence[DecisionKind],
    scores: NDArray[np.float64],
    reasons: Sequence[tuple[GivenReason, ...]],
    by: DecidedBy,
) -> list[Decision]:
    """Refer a denial that no single feature explains, since a denial must be explained (12 CFR 1002.9).

    An analyst gets it without a reason, and gives their own where they deny.
    """
    return [
        Decision(
            "refer" if outcome == "deny" and not given else outcome,
            score,
            tuple(one.words for one in given),
            by,
            tuple(one.code for one in given),
        )
        for outcome, score, given in zip(outcomes, scores.tolist(), reasons, strict=True)
    ]
