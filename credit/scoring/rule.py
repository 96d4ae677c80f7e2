"""The rule of the service: five numbers in a JSON file, no estimator and no scikit-learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.columns import FrozenModel
from credit.scoring.policy import Policy
from credit.scoring.row_encoder import ApplicationRow, encode_rows, is_missing


class FallbackRule(FrozenModel):
    """The shares that ThresholdRule learned below the threshold, from it on and without a score, and its policy.

    `column` is the name of the score. Shares are of favourable labels among the training rows.
    """

    column: str
    threshold: float
    share_below: float
    share_passed: float
    policy: Policy
    words: str
    words_if_missing: str

    def score(self, contract: Contract, rows: Sequence[ApplicationRow]) -> NDArray[np.float64]:
        """Score each row by the share of people like it with a favourable label; shape (n,)."""
        values = encode_rows(contract, [self.column], rows)[:, 0]
        known = np.where(values >= np.float32(self.threshold), self.share_passed, self.share_below)
        return np.where(np.isnan(values), (self.share_below + self.share_passed) / 2, known)

    def list_reasons(self, score: float, value: Any) -> tuple[str, ...]:
        """List the reasons for a person with this score who was not approved."""
        if is_missing(value):
            return (self.words_if_missing,)
        return (self.words,) if score < self.share_passed else ()
