"""Leaks: single features that guess the label nearly always, as facts do that are known only after the decision."""

from collections.abc import Sequence

from credit.common.errors import Problem
from credit.contract import Contract
from credit.selection.selection import CandidateFeature


def find_suspects(measured: Sequence[CandidateFeature], max_auc: float | None) -> list[CandidateFeature]:
    """Find the features that guess the label better than `max_auc`; none where there is no such limit.

    The estimate decides, however small the table: a false alarm costs a line in the contract, a leak that is missed
    costs the model. A feature whose true AUC is .85 is beyond .95 by chance in 10% of tables of 21 rows, 0.3% of 70.
    """
    return [] if max_auc is None else [one for one in measured if one.guess > max_auc]


def describe_leaks(
    contract: Contract, suspects: Sequence[CandidateFeature], max_auc: float, rows: int, file: str
) -> list[Problem]:
    """Describe each suspect for which nobody vouches in the contract; `rows`: on how many it was measured."""
    fix = "if it is known only after the decision, make it ignored; if before, add `known_at_decision: true` to it"
    return [
        Problem(
            f"{file}: {one.name}",
            f"an AUC of {one.guess:.3f} with which it alone guesses {contract.label} ({rows:,} training rows)",
            f"at most {max_auc:g} (select_features.max_auc)",
            fix,
        )
        for one in suspects
        if not contract.columns[one.name].known_at_decision
    ]
