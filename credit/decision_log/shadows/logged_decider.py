"""Decide applications as they are in the log, by a bundle that need not be the one that they were sent for."""

from credit.bundle.application_fit import FieldVariant
from credit.bundle.bundle import Bundle
from credit.bundle.final_decision import (
    ApplicationDecider,
    FinalDecision,
    NoteFailure,
    build_derivations,
    fit_anything,
)
from credit.scoring.row_encoder import ApplicationRow


class LoggedDecider:
    """A bundle that decides logged applications as the service would, if the bundle were live."""

    def __init__(self, bundle: Bundle) -> None:
        self._decider = ApplicationDecider(bundle, build_derivations(bundle), fit_anything(bundle))
        self._types = {name: FieldVariant(bundle.contract.columns[name]) for name in bundle.inputs}

    def decide(
        self, inputs: ApplicationRow, fallback_reason: str | None = None, note_failure: NoteFailure | None = None
    ) -> FinalDecision:
        """Decide an application as if it came today. Raises CreditError when the contract refuses a value."""
        return self._decider.decide(self._parse_row(inputs), fallback_reason, note_failure)

    def read_values(self, inputs: ApplicationRow) -> ApplicationRow:
        """Read the values of an application as the model gets them, derived columns included.

        Raises CreditError when nothing can be derived from them.
        """
        return self._decider.derivations.add(self._decider.fit(self._parse_row(inputs)).row)

    def _parse_row(self, inputs: ApplicationRow) -> ApplicationRow:
        """Parse what this version knows of an application as its own requests are parsed: 3.0 is a whole number."""
        known = {name: self._types[name] for name in inputs if name in self._types}
        return {**inputs, **{name: of.parse(inputs[name]) for name, of in known.items() if of.accepts(inputs[name])}}
