"""Make the decisions of a version again, by the version that is live now."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from credit.bundle.bundle import Bundle
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry import versions
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.scoring.derived_columns import DerivedColumns
from credit.scoring.model import Decision
from credit.scoring.policy import DECISION_KINDS
from credit.scoring.row_encoder import ApplicationRow
from release.oncall.service_reports import LoggedDecision

_BATCH_ROWS = 1_000
"""Applications that are scored together; an equal one gets an equal decision whoever else is among them."""


class AffectedDecision(NamedTuple):
    """A logged decision and the one that would be made now; None: it cannot be made, and `why_not` says why."""

    logged: LoggedDecision
    now: Decision | None
    why_not: str | None

    @property
    def has_changed(self) -> bool:
        """Tell whether the applicant would now get another decision."""
        return self.now is not None and self.now.decision != self.logged.decision


class LiveDecider:
    """The version that is live by an entry, or the rule beside it."""

    def __init__(self, store: Store, entry: LedgerEntry) -> None:
        record = versions.require_version(store, entry.version, entry.digest)
        self._bundle: Bundle = versions.load_stored_bundle(store, record)
        self._by_rule = entry.kind == "fallback"
        self._derived = DerivedColumns(self._bundle.contract, [*self._bundle.model.features, self._bundle.rule.column])

    def decide_again(self, decisions: Sequence[LoggedDecision]) -> list[AffectedDecision]:
        """Decide the logged applications anew, each as if it came today."""
        decided = []
        for start in range(0, len(decisions), _BATCH_ROWS):
            decided += self._decide_batch(decisions[start : start + _BATCH_ROWS])
        return decided

    def _decide_batch(self, batch: Sequence[LoggedDecision]) -> list[AffectedDecision]:
        """Decide a batch at once; where the contract refuses something in it, one by one."""
        try:
            decided = self._decide([one.inputs for one in batch])
        except CreditError:
            return [self._decide_one(one) for one in batch]
        return [AffectedDecision(one, now, None) for one, now in zip(batch, decided, strict=True)]

    def _decide_one(self, logged: LoggedDecision) -> AffectedDecision:
        try:
            return AffectedDecision(logged, self._decide([logged.inputs])[0], None)
        except CreditError as error:
            return AffectedDecision(logged, None, "; ".join(str(problem) for problem in error.problems))

    def _decide(self, rows: Iterable[ApplicationRow | None]) -> list[Decision]:
        whole = [self._derived.add(self._check_inputs(row)) for row in rows]
        return self._bundle.decide_by_rule(whole) if self._by_rule else self._bundle.decide(whole)

    def _check_inputs(self, row: ApplicationRow | None) -> ApplicationRow:
        """Check what a service checks before it decides: every input is there, and none is a code for missing."""
        if row is None:
            raise CreditError(Problem("its inputs", "they were erased"))
        contract, problems, whole = self._bundle.contract, [], dict(row)
        for name in self._bundle.inputs:
            column, value = contract.columns[name], row.get(name)
            if name not in row:
                problems.append(Problem(name, "nothing", f"a value of type {column.type}"))
            elif value in column.missing_codes:
                problems.append(Problem(name, f"{value}, a code for missing", f"a value of type {column.type}"))
            elif column.type == "integer" and type(value) is float and value.is_integer():
                whole[name] = int(value)
        raise_if_any(problems)
        return whole


def count_changes(affected: Sequence[AffectedDecision]) -> list[list[int]]:
    """Count decisions by kind, a row each, and by the kind they would have now; those that cannot be made come last."""
    counts = Counter((one.logged.decision, one.now.decision if one.now else None) for one in affected)
    return [[counts[was, now] for now in (*DECISION_KINDS, None)] for was in DECISION_KINDS]
