"""Make the decisions of a version again, by the version that is live now."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from credit.bundle.bundle import Bundle, load_bundle
from credit.bundle.examples import check_examples
from credit.bundle.rule_causes import describe_fallback
from credit.common.errors import CreditError
from credit.decision_log.shadows.logged_decider import LoggedDecider
from credit.registry import versions
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.scoring.model import Decision
from credit.scoring.policy import DECISION_KINDS
from credit.scoring.row_encoder import ApplicationRow
from release.oncall.patience import collect_answers
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
    """The version that is live by an entry, or the rule beside it; decides as the service does, and waits for ever."""

    def __init__(self, bundle: Bundle, entry: LedgerEntry) -> None:
        self._decider = LoggedDecider(bundle)
        self._fallback_reason = describe_fallback(entry.reason) if entry.kind == "fallback" else None

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


def load_decider(store: Store, entry: LedgerEntry) -> LiveDecider:
    """Load who decides by an entry. Raises CreditError when the store has not that version, or it is not intact.

    Raises UnansweredError when its model hangs at its own examples.
    """
    record = versions.require_version(store, entry.version, entry.digest)
    with versions.fetch_temporarily(store, record) as folder:
        return load_from_folder(folder, entry)


def load_from_folder(folder: Path, entry: LedgerEntry) -> LiveDecider:
    """Load who decides by an entry from the folder of its bundle, as `load_decider` does."""

    def load() -> Iterator[LiveDecider]:
        bundle = load_bundle(folder)
        check_examples(bundle, folder)
        yield LiveDecider(bundle, entry)

    return collect_answers(_name_decider(entry), load(), 1)[0]


def decide_all(decider: LiveDecider, entry: LedgerEntry, applications: Sequence[ApplicationRow]) -> list[Redecision]:
    """Decide applications as they are logged by who decides by an entry. Raises UnansweredError where it hangs."""
    return collect_answers(_name_decider(entry), map(decider.decide_inputs, applications), len(applications))


def decide_again(
    decider: LiveDecider, entry: LedgerEntry, decisions: Sequence[LoggedDecision]
) -> list[AffectedDecision]:
    """Decide logged applications anew, each as if it came today. Raises UnansweredError as `decide_all` does."""
    made = iter(decide_all(decider, entry, [one.inputs for one in decisions if one.inputs is not None]))
    erased = Redecision(None, None, "its inputs were erased")
    return [AffectedDecision(one, *(erased if one.inputs is None else next(made))) for one in decisions]


def _name_decider(entry: LedgerEntry) -> str:
    """Name who decides by an entry: the rule beside a model that hangs answers."""
    return f"{'the rule of ' if entry.kind == 'fallback' else ''}{entry.version} ({entry.digest[:12]})"


def count_changes(affected: Sequence[AffectedDecision]) -> list[list[int]]:
    """Count decisions by kind, a row each, and by the kind they would have now; those that cannot be made come last."""
    counts = Counter((one.logged.decision, one.now.decision if one.now else None) for one in affected)
    return [[counts[was, now] for now in (*DECISION_KINDS, None)] for was in DECISION_KINDS]
