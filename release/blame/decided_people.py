"""Whose decisions flip between two hybrids, by group: the predictions of both, taken from DVC's cache."""

from pathlib import Path

import numpy as np

from credit.common.errors import CreditError, Problem
from credit.common.params import parse_block
from credit.contract import Contract, load_contract
from credit.evaluation.predictions import Predictions, read_predictions
from credit.fairness.policies import Fairness
from release.blame.hybrids.workshop import Outcome
from release.compare.decisions import DecisionComparison, compare_predictions
from release.compare.same_people import RowPairs, Uncompared, match_rows
from release.compare.sides import Sides
from release.repository.revision import Revision


class DecidedPeople:
    """Compares the people of hybrids. `cache`: DVC's, of files by their MD5."""

    def __init__(self, cache: Path, sides: Sides[Revision], candidate: str | None) -> None:
        self._cache, self._candidate = cache, candidate
        self._fairness = parse_block(sides.head.params, Fairness, "fairness", Path("params.yaml"))
        with sides.head.extract_file(sides.head.contract_path) as file:
            self.contract: Contract = load_contract(file)

    def compare(self, before: Outcome, after: Outcome) -> DecisionComparison | Uncompared:
        """Compare the decisions of two hybrids about the people whom both judge, in the groups that the second knows.

        A label or a group that the data correct is no flip.
        """
        try:
            outcomes = Sides(before, after)
            old, new = (read_predictions(file, self.contract) for file in outcomes.map(self._find_predictions))
            pairs = self._match(outcomes, Sides(old, new))
            known = (
                new.people.iloc[pairs.head].reset_index(drop=True),
                new.folds[pairs.head],
                new.favourable[pairs.head],
            )
            aligned = Sides(
                Predictions(*known, old.scores[pairs.base], old.decisions[pairs.base]),
                Predictions(*known, new.scores[pairs.head], new.decisions[pairs.head]),
            )
            return compare_predictions(self.contract, self._fairness, *aligned, _number_pairs(len(pairs.head)))
        except CreditError as error:
            return Uncompared(why_not=str(error).partition("\n")[0])

    def _find_predictions(self, outcome: Outcome) -> Path:
        name = self._candidate or outcome.figures.champion
        return self.find_file(outcome, f"data/predictions/{name}.parquet")

    def find_file(self, outcome: Outcome, path: str) -> Path:
        """Find an output of a hybrid in the cache. Raises CreditError when it has none of this path."""
        digest = outcome.outputs.get(path)
        if digest is None:
            raise CreditError(Problem(path, "is no output of this hybrid", "an output of the pipeline"))
        return self._cache / "files" / "md5" / digest[:2] / digest[2:]

    def _match(self, outcomes: Sides[Outcome], predictions: Sides[Predictions]) -> RowPairs:
        """Match people by their id, else by the columns of the table that was judged."""
        if ids := list(self.contract.find_by_role("id")):
            base, head = (one.people[ids].astype(str).agg("\0".join, axis=1) for one in predictions)
            _, first, second = np.intersect1d(base, head, return_indices=True)
            return RowPairs(first.astype(np.int64), second.astype(np.int64))
        tables = outcomes.map(lambda one: self.find_file(one, one.judged_table))
        if not tables.has_changed:
            return _number_pairs(len(predictions.head.decisions))
        return match_rows(Sides(self.contract, self.contract), tables)


def _number_pairs(rows: int) -> RowPairs:
    """Pair the rows of two tables by their order."""
    return RowPairs(np.arange(rows), np.arange(rows))
