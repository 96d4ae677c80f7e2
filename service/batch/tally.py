"""Count what the rows of a file of applications became."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from credit.bundle.final_decision import FinalDecision
from credit.common.errors import Problem


@dataclass
class ScoringTally:
    """Counts of rows by result.

    `ignored`: columns of the file that the version does not need. `broken`: rows by column and by the values that the
    contract expects of it; `folded`: decided rows by column and by the level that the one of the file counts as.
    """

    ignored: tuple[str, ...] = ()
    rows: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)
    folded: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add_rows(self, good: Iterable[FinalDecision], bad: Iterable[Sequence[Problem]]) -> None:
        """Add decided and rejected rows to the counts."""
        for decision, because in good:
            self.rows += 1
            self.decisions[decision.decision] += 1
            self.by_rule.update([because] if because else [])
        for problems in bad:
            self.rows += 1
            self.broken.update({(problem.where, problem.expected) for problem in problems})

    def add(self, other: "ScoringTally") -> None:
        """Add the counts of further rows."""
        self.rows += other.rows
        self.decisions.update(other.decisions)
        self.by_rule.update(other.by_rule)
        self.broken.update(other.broken)
        self.folded.update(other.folded)

    @property
    def decided(self) -> int:
        """The number of rows with a decision."""
        return self.decisions.total()
