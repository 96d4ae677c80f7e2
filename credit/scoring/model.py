"""A model that decides: encode, score, apply the cut-offs, give the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.scoring.onnx import Score, score_alone
from credit.scoring.policy import Decision as Outcome
from credit.scoring.policy import Policy
from credit.scoring.reasons import Bar, Reasons, bar_of, in_words, rises
from credit.scoring.row_encoder import Encoder, Row

By = Literal["model", "rule"]


class Decision(NamedTuple):
    """What is decided about one application. `score`: probability of the favourable label; `reasons`: at most four."""

    decision: Outcome
    score: float
    reasons: tuple[str, ...]
    decided_by: By


@dataclass(frozen=True)
class Model:
    """Scores, cut-offs and reasons. Nothing in it changes, so that many threads can use it at once."""

    contract: Contract
    policy: Policy
    reasons: Reasons
    score: Score
    decided_by: By

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the model reads, in the order of its columns."""
        return tuple(self.reasons)

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """A decision on each row of typed values. An equal row gets an equal decision, whoever else is in `rows`.

        Raises CreditError with every value that the contract does not allow.
        """
        matrix = self.encoder(rows)
        scores = score_alone(self.score, matrix)
        outcomes = [self.policy.outcome(score) for score in scores.tolist()]
        adverse = [i for i, outcome in enumerate(outcomes) if outcome != "approve"]
        reasons: list[tuple[str, ...]] = [()] * len(rows)
        for i, risen in zip(adverse, self.rises(matrix[adverse]), strict=True):
            reasons[i] = in_words(self.reasons, risen, rows[i])
        return decisions(outcomes, scores, reasons, self.decided_by)

    def rises(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """By how much each score would rise with one feature at its typical value; shape (rows, features)."""
        return rises(self.score, matrix, self._bar)

    @cached_property
    def encoder(self) -> Encoder:
        """From rows to the design matrix."""
        return Encoder(self.contract, self.features)

    @cached_property
    def _bar(self) -> Bar:
        return bar_of(self.contract, self.reasons)


def decisions(
    outcomes: Sequence[Outcome], scores: NDArray[np.float64], reasons: Sequence[tuple[str, ...]], by: By
) -> list[Decision]:
    """A denial must be explained (12 CFR 1002.9): where no single feature explains it, a person looks at it."""
    return [
        Decision("refer" if outcome == "deny" and not said else outcome, score, said, by)
        for outcome, score, said in zip(outcomes, scores.tolist(), reasons, strict=True)
    ]
