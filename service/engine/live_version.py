"""The live version: a ledger entry and its loaded bundle. Replaced whole, never changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Self

from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import Bundle
from credit.bundle.final_decision import ApplicationDecider, FinalDecision, fit_anything
from credit.bundle.request_fields import RequestFields
from credit.bundle.rule_causes import NO_MODEL, describe_fallback
from credit.registry.ledger import LedgerEntry
from credit.scoring.derived_columns import DerivedColumns
from credit.scoring.reasons import DecidedBy
from credit.scoring.row_encoder import ApplicationRow
from service.engine.request_types import build_request_parser
from service.engine.requests import RequestParser


@dataclass(frozen=True)
class LiveVersion:
    """A loaded version and the entry by which it is live; without an entry, the bundle whose rule the image carries.

    `requests` takes what clients of any published version send, and `fit` makes it an application to this one.
    `example`: a made-up application. `load_failure`: why the version of the entry is not the one that is loaded, when
    the rule has to stand in for it. `doubt`: why a newer entry may have been followed, for which the rule decides too.
    `challenge`: the number of that for which it decides about a share of the applicants, beside the live version.
    """

    entry: LedgerEntry | None
    bundle: Bundle
    requests: RequestParser
    derivations: DerivedColumns
    example: ApplicationRow
    fit: ApplicationFitter
    load_failure: str | None = None
    doubt: str | None = None
    challenge: int | None = None

    @property
    def number(self) -> int:
        """The number of its ledger entry, 0 without one."""
        return self.entry.number if self.entry else 0

    @property
    def version(self) -> str | None:
        """The version whose bundle is loaded; None when it came with the image."""
        return self.entry.version if self.entry and not self.load_failure else None

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages in which reasons can be given, that of the contract first."""
        return self.bundle.languages

    def build_example(self) -> dict[str, Any]:
        """Build the body of a request for one decision, with every field that the version takes."""
        protected = {name: (column.allowed or [None])[0] for name, column in self.requests.protected.items()}
        return {"application": dict(self.example), "protected": protected}

    @property
    def fallback_reason(self) -> str | None:
        """Why the rule decides every application in place of the champion; None when it does not."""
        if self.entry is None:
            return "no version: neither the store nor the disk has one"
        if self.entry.kind == "fallback":
            return describe_fallback(self.entry.reason)
        return self.load_failure or self.doubt

    @property
    def rule_because(self) -> str | None:
        """Why the rule decides every application, also as this version's champion; None when the model does."""
        return self.fallback_reason or (NO_MODEL if self.bundle.model.decided_by == "rule" else None)

    @property
    def decides(self) -> DecidedBy:
        """The model or the rule, whichever decides when nothing goes wrong."""
        return "model" if self.rule_because is None else "rule"

    def accept_others(self, others: Sequence[RequestFields], largest_batch: int) -> Self:
        """Accept what clients of other versions send, too."""
        requests = build_request_parser(self.bundle, largest_batch, others)
        fit = ApplicationFitter(self.bundle, requests.optional, requests.contested)
        return replace(self, requests=requests, fit=fit)

    def accept_anything(self) -> Self:
        """Fit whatever is in the log: it was accepted when it was asked, beside versions that are not known now."""
        return replace(self, fit=fit_anything(self.bundle))

    def decide(
        self, row: ApplicationRow, note_failure: Callable[[Self, Exception | None], None] | None = None
    ) -> FinalDecision:
        """Decide by the champion, or by the rule where the model fails; `note_failure` hears why.

        Raises CreditError when the contract refuses a value.
        """
        note = None if note_failure is None else partial(note_failure, self)
        return self._decider.decide(row, self.fallback_reason, note)

    @cached_property
    def can_decide_together(self) -> bool:
        """Tell whether one call of the model may decide several applications."""
        return self.bundle.model.is_row_wise and self.fallback_reason is None

    def decide_together(self, rows: Sequence[ApplicationRow]) -> list[FinalDecision] | None:
        """Decide several by one call of the champion, as `decide` would; None where that has to decide them."""
        return self._decider.decide_together(rows)

    def decide_by_rule(self, row: ApplicationRow, because: str) -> FinalDecision:
        """Decide by the rule, which reads the score only; where the application has none that it knows, refer it."""
        return self._decider.decide_by_rule(row, because)

    @cached_property
    def _decider(self) -> ApplicationDecider:
        return ApplicationDecider(self.bundle, self.derivations, self.fit)
