"""Decide one application by a version as it is live: by its model, or by its rule where the model cannot."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import Bundle
from credit.bundle.rule_causes import NO_MODEL, NO_SCORE, describe_failure
from credit.common.errors import CreditError
from credit.scoring.derived_columns import DerivedColumns
from credit.scoring.model import Decision
from credit.scoring.row_encoder import ApplicationRow

NoteFailure = Callable[[Exception | None], None]
"""Hears why a model failed; None: it gave no score."""


class FinalDecision(NamedTuple):
    """A decision; when the rule made it, why."""

    decision: Decision
    rule_because: str | None


class ApplicationDecider(NamedTuple):
    """A bundle, with what computes its derived columns and fits to it applications that were sent for other versions.

    The service decides by it, and so does whoever asks what the service would say.
    """

    bundle: Bundle
    derivations: DerivedColumns
    fit: ApplicationFitter

    def decide(
        self, row: ApplicationRow, fallback_reason: str | None = None, note_failure: NoteFailure | None = None
    ) -> FinalDecision:
        """Decide by the champion, or by the rule where the model fails or `fallback_reason` says so.

        Raises CreditError when the contract refuses a value.
        """
        if fallback_reason is not None:
            return self.decide_by_rule(row, fallback_reason)
        fitted = self.fit(row)
        if fitted.because is not None:
            return self.decide_by_rule(row, fitted.because)
        try:
            (decision,) = self.bundle.decide([self.derivations.add(fitted.row)])
        except CreditError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a model does, somebody is waiting for an answer
            if note_failure is not None:
                note_failure(error)
            return self.decide_by_rule(row, describe_failure(error))
        if not 0 <= decision.score <= 1:
            if note_failure is not None:
                note_failure(None)
            return self.decide_by_rule(row, NO_SCORE)
        return _attribute(decision)

    def decide_together(self, rows: Sequence[ApplicationRow]) -> list[FinalDecision] | None:
        """Decide several by one call of the model; None where one has to be decided by itself, or all had better be.

        The decisions are those of `decide`, to the bit, where the model `is_row_wise`.
        """
        fitted = [self.fit(row) for row in rows]
        if any(one.because is not None for one in fitted):
            return None
        try:
            decisions = self.bundle.decide([self.derivations.add(one.row) for one in fitted])
        except Exception:  # noqa: BLE001 - `decide` finds whose it is, and what becomes of them
            return None
        if len(decisions) != len(rows) or not all(0 <= one.score <= 1 for one in decisions):
            return None
        return [_attribute(one) for one in decisions]

    def decide_by_rule(self, row: ApplicationRow, because: str) -> FinalDecision:
        """Decide by the rule, which reads the score only; where the application has none that it knows, refer it."""
        fitted = self.fit(row)
        if not fitted.is_ruled:
            return FinalDecision(self.bundle.refer_unread(), because)
        return FinalDecision(self.bundle.decide_by_rule([self.derivations.add(fitted.row)])[0], because)


def _attribute(decision: Decision) -> FinalDecision:
    return FinalDecision(decision, NO_MODEL if decision.decided_by == "rule" else None)


def build_derivations(bundle: Bundle) -> DerivedColumns:
    """Build what computes the derived columns that the model and the rule read."""
    return DerivedColumns(bundle.contract, [*bundle.model.features, bundle.rule.column])


def fit_anything(bundle: Bundle) -> ApplicationFitter:
    """Fit whatever is in the log: it was accepted when it was asked, beside versions that are not known now."""
    return ApplicationFitter(bundle, bundle.inputs, bundle.inputs)
