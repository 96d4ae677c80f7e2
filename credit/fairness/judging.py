"""From files of predictions to count tables: what the stage, the command line and whoever compares versions judge."""

from credit.contract import Contract
from credit.errors import CreditError, Problem
from credit.fairness.counts import Counts, count
from credit.fairness.paired import PairedCounts, count_paired
from credit.fairness.rows import codes_in, groups_in
from credit.predictions import Predictions


def counted(contract: Contract, told: Predictions) -> Counts:
    """Everybody by group, label and decision."""
    return count(groups_in(contract), codes_in(contract, told.people), told.favourable, told.scores, told.decisions)


def counted_paired(contract: Contract, production: Predictions, candidate: Predictions, file: str) -> PairedCounts:
    """The same people by group, label and the decisions of both versions. `file`: where production's came from.

    Raises CreditError when they are not the same people in the same order.
    """
    own, other = candidate.people, production.people
    alike = len(own) == len(other) and (candidate.favourable == production.favourable).all() and own.equals(other)
    if not alike:
        found = f"predictions about {len(other):,} other people"
        raise CreditError(Problem(file, found, f"the same {len(own):,} in the same order", "run both on one table"))
    codes = codes_in(contract, own)
    return count_paired(groups_in(contract), codes, candidate.favourable, production.decisions, candidate.decisions)
