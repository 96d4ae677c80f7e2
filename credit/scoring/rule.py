"""The rule of the service: a few numbers in a JSON file, no estimator and no scikit-learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field

from credit.contract import Contract
from credit.contract.frozen_model import FrozenModel
from credit.contract.rule import ApprovedSide
from credit.scoring.policy import Policy
from credit.scoring.reason_words import GivenReason, ReasonSide, code_reason
from credit.scoring.row_encoder import ApplicationRow, encode_rows, is_missing


class FallbackRule(FrozenModel):
    """The shares that ThresholdRule learned among the people who pass and among those who fail, and its policy.

    `column` is the name of the score. Shares are of favourable labels among the training rows. Scores are rounded to
    float32, the type of ONNX: a person has the same number whether the rule is the champion or stands in for one.
    """

    column: str
    threshold: float
    approve: ApprovedSide = "at_least"  # bundles of format 1 know no other
    share_failed: float = Field(validation_alias=AliasChoices("share_failed", "share_below"))
    share_passed: float
    policy: Policy
    words: str
    words_if_missing: str

    @property
    def score_of_unknown(self) -> float:
        """The score of a person of whom the rule's column is not known: between the two shares."""
        return _round_score((self.share_failed + self.share_passed) / 2)

    def score(self, contract: Contract, rows: Sequence[ApplicationRow]) -> NDArray[np.float64]:
        """Score each row by the share of people like it with a favourable label; shape (n,)."""
        values = encode_rows(contract, [self.column], rows)[:, 0]
        passed, failed = _round_score(self.share_passed), _round_score(self.share_failed)
        known = np.where(passes_threshold(values, self.threshold, self.approve), passed, failed)
        return np.where(np.isnan(values), self.score_of_unknown, known)

    def list_reasons(self, score: float, value: Any) -> tuple[GivenReason, ...]:
        """List the reasons for a person with this score who was not approved."""
        if is_missing(value):
            return (GivenReason(code_reason(self.column, "missing"), self.words_if_missing),)
        return (GivenReason(self._code_failure(value), self.words),) if score < _round_score(self.share_passed) else ()

    def _code_failure(self, value: Any) -> str:
        """Code the reason of a value that fails, as a model that reads the column does."""
        side: ReasonSide = "too_low" if self.approve == "at_least" else "too_high"
        return code_reason(self.column, "" if isinstance(value, bool) else side)


def _round_score(score: float) -> float:
    return float(np.float32(score))


def passes_threshold(values: NDArray[np.float32], threshold: float, approve: ApprovedSide) -> NDArray[np.bool_]:
    """Tell which values, shape (n,), lie on the approved side of a threshold, or on it; NaN passes none.

    Both are compared as float32, the type of ONNX: a score of 0.7 passes a threshold of 0.7 from either side.
    """
    limit = np.float32(threshold)
    return values >= limit if approve == "at_least" else values <= limit
