"""Ten applications decided again by the version, each with the notice that its applicant would get."""

from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from credit.bundle.bundle import load_bundle
from credit.bundle.examples import EXAMPLE_TOLERANCE, EXAMPLES_FILE, Example
from credit.common.files import read_json
from credit.scoring.model import Decision

SHOWN = 10
_OUTCOMES = {"deny": "We cannot approve your application.", "refer": "A person will look at your application."}


class ReplayedDecision(NamedTuple):
    """A made-up application of the bundle: its score when the bundle was made, and the decision now."""

    number: int
    application: dict[str, Any]
    recorded_score: float
    decision: Decision

    @property
    def is_same(self) -> bool:
        """Whether the version scores as it did."""
        return abs(self.decision.score - self.recorded_score) <= EXAMPLE_TOLERANCE

    def dump(self) -> dict[str, Any]:
        """Convert to JSON's types."""
        decided = self.decision._asdict() | {"score": round(self.decision.score, 4)}
        recorded = {"recorded_score": round(self.recorded_score, 4), "same": self.is_same}
        return {"example": self.number, "application": self.application} | decided | recorded


def replay_decisions(folder: Path) -> list[ReplayedDecision]:
    """Decide examples of a bundle again, as many of each outcome as there are, in turn, up to ten."""
    made = TypeAdapter(list[Example]).validate_python(read_json(folder / EXAMPLES_FILE))
    decided = load_bundle(folder).decide([one.row for one in made])
    every = [
        ReplayedDecision(number, dict(one.row), one.score, decision)
        for number, (one, decision) in enumerate(zip(made, decided, strict=True))
    ]
    kinds = [[one for one in every if one.decision.decision == kind] for kind in ("deny", "refer", "approve")]
    turns = [one for several in zip_longest(*kinds) for one in several if one is not None]
    return sorted(turns[:SHOWN], key=lambda one: one.number)


def word_notices(version: str, decisions: list[ReplayedDecision]) -> str:
    """Word the notice of each decision that is no approval: the outcome and its reasons."""
    lines = [f"# Notices, as {version} gives their reasons", ""]
    lines += [
        "The applications are made up; the reasons are the version's. Your letter puts its own words around them.",
        "",
    ]
    for one in decisions:
        if one.decision.decision in _OUTCOMES:
            lines += [f"## Example {one.number}", "", _OUTCOMES[one.decision.decision], ""]
            coded = zip(one.decision.reasons, one.decision.reason_codes, strict=True)
            lines += [*(f"- {reason} (`{code}`)" for reason, code in coded), ""]
    return "\n".join(lines)
