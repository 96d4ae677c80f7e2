"""Make the decisions of a version again, by the version that is live now."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from credit.bundle.bundle import Bundle
from credit.bundle.rule_causes import describe_fallback
from credit.common.errors import CreditError
from credit.decision_log.shadows.logged_decider import LoggedDecider
from credit.registry import versions
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.scoring.model import Decision
from credit.scoring.policy import DECISION_KINDS
from credit.scoring.row_encoder import ApplicationRow
from release.oncall.service_reports import LoggedDecision


class AffectedDecision(NamedTuple):
    """A logged decision and the one that would be made now; None: it cannot be made, and `why_not` says why.

    `rule_because`: why the rule would make it.
    """

    logged: LoggedDecision
    now: Decision | None
    rule_because: str | None
    why_not: str | None

    @property
    def has_changed(self) -> bool:
        """Tell whether the applicant would now get another decision."""
        return self.now is not None and self.now.decision != self.logged.decision


class Redecision(NamedTuple):
    """The decision that would be made of an application; None: none can be, and `why_not` says why."""

    decision: Decision | None
    rule_because: str | None
    why_not: str | None


class LiveDecider:
    """The version that is live by an entry, or the rule beside it; decides as the service does."""

    def __init__(self, bundle: Bundle, entry: LedgerEntry) -> None:
        self._decider = LoggedDecider(bundle)
        self._fallback_reason = describe_fallback(entry.reason) if entry.kind == "fallback" else None

    def decide_again(self, decisions: Iterable[LoggedDecision]) -> list[AffectedDecision]:
        """Decide the logged applications anew, each as if it came today."""
        return [self._decide(one) for one in decisions]

    def decide_inputs(self, inputs: ApplicationRow) -> Redecision:
        """Decide an application as it is logged, as if it came today."""
        try:
            decided = self._decider.decide(inputs, self._fallback_reason)
        except CreditError as error:
            return Redecision(None, None, "; ".join(str(problem) for problem in error.problems))
        return Redecision(decided.decision, decided.rule_because, None)

    def read_values(self, inputs: ApplicationRow) -> ApplicationRow:
        """Read the values of a logged application as the model gets them, derived columns included.

        Raises CreditError when nothing can be derived from them.
        """
        return self._decider.read_values(inputs)

    def _decide(self, logged: LoggedDecision) -> AffectedDecision:
        if logged.inputs is None:
            return AffectedDecision(logged, None, None, "its inputs were erased")
        return AffectedDecision(logged, *self.decide_inputs(logged.inputs))


def load_decider(store: Store, entry: LedgerEntry) -> LiveDecider:
    """Load who decides by an entry. Raises CreditError when the store has not that version, or it is not intact."""
    record = versions.require_version(store, entry.version, entry.digest)
    return LiveDecider(versions.load_stored_bundle(store, record), entry)


def count_changes(affected: Sequence[AffectedDecision]) -> list[list[int]]:
    """Count decisions by kind, a row each, and by the kind they would have now; those that cannot be made come last."""
    counts = Counter((one.logged.decision, one.now.decision if one.now else None) for one in affected)
    return [[counts[was, now] for now in (*DECISION_KINDS, None)] for was in DECISION_KINDS]
